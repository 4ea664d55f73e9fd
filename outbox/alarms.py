"""What is wrong with email. `/readyz` asks, and needs neither beat, worker nor Redis for it. Alarms are also logged."""

import logging
import time
from datetime import datetime, timedelta

from outbox import message_types
from outbox.models import Heartbeat, Message, State

log = logging.getLogger(__name__)

OVERDUE_AFTER = timedelta(minutes=5)
SILENT_AFTER = timedelta(minutes=3)
_process_began = time.monotonic()


def tick(now: datetime) -> None:
    """Record that beat's sweep ran, so beat, broker and worker are alive."""
    Heartbeat.objects.update_or_create(name="sweep", defaults={"at": now})


def alarms(now: datetime) -> list[str]:
    """Return one sentence for each problem that someone should look at, and log it as an error."""
    found = [words for words in (_overdue(now), _silent(now)) if words]
    for words in found:
        log.error("%s", words)
    return found


def _overdue(now: datetime) -> str:
    due = Message.objects.filter(
        state=State.QUEUED, is_bulk=False, not_before__lt=now - OVERDUE_AFTER, expires_at__gt=now
    )
    count = due.exclude(message_type__in=message_types.CAN_WAIT).count()
    return f"{count} messages are overdue by more than {OVERDUE_AFTER.seconds // 60} minutes." if count else ""


def _silent(now: datetime) -> str:
    pulse = Heartbeat.objects.filter(name="sweep").first()
    if pulse is None:
        has_just_begun = time.monotonic() - _process_began < SILENT_AFTER.total_seconds()
        return "" if has_just_begun else "Beat's sweep was never seen."
    silence = now - pulse.at
    return f"Beat's sweep was last seen {int(silence.total_seconds())} seconds ago." if silence > SILENT_AFTER else ""
