"""Many emails that start, pause and stop together. The audience is frozen when a bulk send starts."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from outbox.models import BulkSend, BulkSendState, Heartbeat, Message, PauseReason, State, Suppression
from outbox.sending import TEMPORARY_REASON
from outbox.services.delivery import NOT_WRITTEN
from outbox.services.ledger import nudge
from outbox.signals import paused_after_silence

log = logging.getLogger(__name__)

UNSETTLED = (State.QUEUED, State.SENDING)
STOPPED = "The sending was stopped."
RATE_OVER = timedelta(minutes=1)
# If no worker has run for so long, the server may have been restored from a backup, which does not know what was sent since.
LONG_SILENCE = timedelta(minutes=30)

INSERT = """
    INSERT INTO outbox_message (key, message_type, is_bulk, bulk_send_id, "to", language, data, state, not_before,
        expires_at, attempts, subject, reason, created_at)
    SELECT key, %s, true, %s, "to", language, data, 'queued', %s, %s, 0, '', '', %s FROM ({recipients}) AS recipients
"""


@transaction.atomic
def start_bulk_send(
    key: str, message_type: str, recipients: QuerySet[Any, Any], *, expires_at: datetime, now: datetime
) -> BulkSend:
    """Write one message to each of the recipients, in one statement, and start to send them.

    `recipients` has the columns `key`, `to`, `language` and `data` of the messages. Raises IntegrityError if there is a
    bulk send with this key already, or if a key occurs twice.
    """
    bulk_send = BulkSend.objects.create(key=key, started_at=now)
    sql, parameters = recipients.order_by().values("key", "to", "language", "data").query.sql_with_params()
    with database.cursor() as cursor:
        cursor.execute(INSERT.format(recipients=sql), [message_type, bulk_send.pk, now, expires_at, now, *parameters])
        bulk_send.audience = cursor.rowcount
    bulk_send.save(update_fields=["audience"])
    transaction.on_commit(nudge)
    return bulk_send


def pause_bulk_send(bulk_send: BulkSend) -> bool:
    """Pause a send that is running, within a second (BULK_SECONDS). Returns whether it was running."""
    return _move(bulk_send, BulkSendState.PAUSED, BulkSendState.RUNNING)


@transaction.atomic
def resume_bulk_send(bulk_send: BulkSend, *, expires_at: datetime, now: datetime) -> bool:
    """Go on with a send that is paused. Returns whether it was.

    Messages get the new expiry if less than half the time until then was left: a short pause rewrites nothing.
    """
    if not _move(bulk_send, BulkSendState.RUNNING, BulkSendState.PAUSED):
        return False
    soon = now + (expires_at - now) / 2
    _queued(bulk_send).filter(expires_at__lt=soon).update(expires_at=expires_at)
    transaction.on_commit(nudge)
    return True


@transaction.atomic
def stop_bulk_send(bulk_send: BulkSend, *, now: datetime) -> bool:
    """Stop a send for good. What is queued is not sent. Returns whether it was running or paused.

    A batch that a worker has in hand returns to the queue within a second. `finish_bulk_send` settles it.
    """
    if not _move(bulk_send, BulkSendState.STOPPED, BulkSendState.RUNNING, BulkSendState.PAUSED):
        return False
    _settle_stopped(bulk_send, now)
    return True


@transaction.atomic
def pause_after_silence(now: datetime) -> None:
    """Pause what was being sent if no worker has run for LONG_SILENCE. A worker calls it before it claims anything.

    Staff decide whether it goes on. A send that started during the silence knows what it has sent, and runs.
    """
    pulse, _is_new = Heartbeat.objects.select_for_update().get_or_create(name="worker", defaults={"at": now})
    last = pulse.at
    Heartbeat.objects.filter(name="worker").update(at=now)
    if now - last < LONG_SILENCE:
        return
    unsettled = Message.objects.filter(bulk_send=OuterRef("pk"), state__in=UNSETTLED)
    running = BulkSend.objects.filter(Exists(unsettled), state=BulkSendState.RUNNING, started_at__lte=last)
    bulk_sends = list(running.select_for_update().order_by("pk"))
    paused = BulkSend.objects.filter(pk__in=[one.pk for one in bulk_sends])
    paused.update(state=BulkSendState.PAUSED, pause_reason=PauseReason.SILENCE)
    if bulk_sends:
        log.warning("%s bulk sends are paused, because no worker has run since %s.", len(bulk_sends), last)
        paused_after_silence.send(sender=BulkSend, bulk_sends=bulk_sends, now=now)


@transaction.atomic
def finish_bulk_send(bulk_send: BulkSend, *, now: datetime) -> bool:
    """Record that a send is complete. Returns whether it is: nothing is queued or being sent, and everyone is accounted for.

    If the counts do not add up to the frozen audience, this logs an error and the send stays unfinished.
    """
    locked = BulkSend.objects.select_for_update().get(pk=bulk_send.pk)
    if locked.state == BulkSendState.STOPPED:
        _settle_stopped(locked, now)
    counts = count(locked, now)
    if counts.unsettled:
        return False
    if counts.total != locked.audience:
        log.error("%s has %s messages for an audience of %s.", locked, counts.total, locked.audience)
        return False
    if locked.state != BulkSendState.STOPPED:
        locked.state = BulkSendState.FINISHED
    locked.pause_reason = ""
    locked.finished_at = locked.finished_at or now
    locked.sent = counts.by_state.get(State.SENT, 0)
    locked.save(update_fields=["state", "pause_reason", "finished_at", "sent"])
    return True


@transaction.atomic
def retry_bulk_send(bulk_send: BulkSend, *, expires_at: datetime, now: datetime) -> int:
    """Send again what failed and may safely be sent again (`may_be_retried`). Returns how many messages.

    A second call finds nothing more to send. A send that was stopped stays stopped.
    """
    locked = BulkSend.objects.select_for_update().get(pk=bulk_send.pk)
    if locked.state == BulkSendState.STOPPED:
        return 0
    again = {"state": State.QUEUED, "attempts": 0, "not_before": now, "expires_at": expires_at}
    retried = may_be_retried(locked).update(**again, settled_at=None, reason="")
    if retried:
        BulkSend.objects.filter(pk=locked.pk, state=BulkSendState.FINISHED).update(
            state=BulkSendState.RUNNING, finished_at=None, pause_reason=""
        )
        transaction.on_commit(nudge)
    return retried


def may_be_retried(bulk_send: BulkSend) -> QuerySet[Message]:
    """Return the failed messages that no server has accepted or refused for good.

    Uncertain ones may have arrived. A permanent refusal would come again, and a suppressed address gets nothing.
    """
    failed = Message.objects.filter(bulk_send=bulk_send, state=State.FAILED)
    safe = failed.filter(Q(reason__regex=TEMPORARY_REASON) | Q(reason=NOT_WRITTEN))
    return safe.exclude(to__in=Suppression.objects.values("email"))


@dataclass(frozen=True)
class BulkSendCounts:
    """How many messages of a bulk send are in each state."""

    by_state: dict[str, int]
    per_second: float  # sent, over the last minute

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def unsettled(self) -> int:
        return sum(self.by_state.get(state, 0) for state in UNSETTLED)

    @property
    def settled(self) -> int:
        return self.total - self.unsettled

    @property
    def seconds_left(self) -> int | None:
        """The time until everything is sent at this rate, or None while nothing is being sent."""
        return round(self.unsettled / self.per_second) if self.per_second else None


def count(bulk_send: BulkSend, now: datetime) -> BulkSendCounts:
    """Count the messages by state, in one query."""
    is_recent = Q(state=State.SENT, settled_at__gt=now - RATE_OVER)
    states = (
        Message.objects.filter(bulk_send=bulk_send)
        .order_by()
        .values("state")
        .annotate(n=Count("pk"), recent=Count("pk", filter=is_recent))
    )
    rows = {row["state"]: row for row in states}
    seconds = min(max((now - bulk_send.started_at).total_seconds(), 1), RATE_OVER.total_seconds())
    recent = sum(row["recent"] for row in rows.values())
    return BulkSendCounts({state: row["n"] for state, row in rows.items()}, recent / seconds)


def _queued(bulk_send: BulkSend) -> QuerySet[Message]:
    return Message.objects.filter(bulk_send=bulk_send, state=State.QUEUED)


def _settle_stopped(bulk_send: BulkSend, now: datetime) -> None:
    _queued(bulk_send).update(state=State.EXPIRED, reason=STOPPED, settled_at=now)


def _move(bulk_send: BulkSend, to: BulkSendState, *before: BulkSendState) -> bool:
    moved = BulkSend.objects.filter(pk=bulk_send.pk, state__in=before).update(state=to, pause_reason="")
    bulk_send.refresh_from_db(fields=["state", "pause_reason"])
    return bool(moved)
