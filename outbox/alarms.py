"""What is wrong with the mail, seen without beat, worker or Redis: `/readyz` asks, and says it in the log too."""

import logging
import time
from datetime import datetime, timedelta

from outbox.models import Heartbeat, Message, State

log = logging.getLogger(__name__)

OVERDUE_AFTER = timedelta(minutes=5)
SILENT_AFTER = timedelta(minutes=3)
_process_began = time.monotonic()


def tick(now: datetime) -> None:
    """Beat's sweep was carried out: beat, broker and worker all live."""
    Heartbeat.objects.update_or_create(name="sweep", defaults={"at": now})


def alarms(now: datetime) -> list[str]:
    """One sentence for each thing that somebody should look at; each is also logged as an error."""
    found = [words for words in (_overdue(now), _silent(now)) if words]
    for words in found:
        log.error("%s", words)
    return found


def _overdue(now: datetime) -> str:
    due = Message.objects.filter(
        state=State.QUEUED, is_bulk=False, not_before__lt=now - OVERDUE_AFTER, expires_at__gt=now
    )
    count = due.count()
    return f"{count} messages are overdue by more than {OVERDUE_AFTER.seconds // 60} minutes." if count else ""


def _silent(now: datetime) -> str:
    pulse = Heartbeat.objects.filter(name="sweep").first()
    if pulse is None:
        has_just_begun = time.monotonic() - _process_began < SILENT_AFTER.total_seconds()
        return "" if has_just_begun else "Beat's sweep was never seen."
    silence = now - pulse.at
    return f"Beat's sweep was last seen {int(silence.total_seconds())} seconds ago." if silence > SILENT_AFTER else ""
