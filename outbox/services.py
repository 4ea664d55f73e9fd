"""Write to the ledger and drain it (docs/structure.md, the outbox).

A batch is claimed with FOR UPDATE SKIP LOCKED and committed as "sending". Just before the mail server gets a message,
`handed_over_at` is committed. If a worker dies before that, the row returns to the queue. If it dies after, the message
may have been sent: the row becomes "uncertain" and is not sent again automatically.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, transaction
from django.db import connection as database
from django.db.models import Q, QuerySet
from django.utils import translation
from psycopg2.extras import execute_values

from outbox import message_types, sending
from outbox.message_types import OutdatedMessage, RenderedEmail, UnsubscribedMeanwhile
from outbox.models import Message, State, Suppression, SuppressionReason
from outbox.suppression import count_soft_bounce, hash_of, suppress, suppressed

log = logging.getLogger(__name__)

BATCH, BULK_BATCH = 50, 10
# This many are marked as on their way at once, so at most this many are uncertain if a worker dies.
GROUP = 10
BODIES_KEPT_FOR = timedelta(days=30)
REQUEUED_LIFETIME = timedelta(days=2)
NUDGED, NUDGE_HOLDS_SECONDS = "outbox-nudged", 10
CLAIM_LASTS = timedelta(seconds=settings.OUTBOX_CLAIM_SECONDS)
# The pauses after the first, second, … temporary failure. After the last one the row has failed.
PAUSES = [timedelta(seconds=seconds) for seconds in settings.OUTBOX_PAUSES_SECONDS]


@dataclass(frozen=True)
class Draft:
    """What `write` needs for one message. `data` must be JSON; times are aware."""

    key: str
    message_type: str
    to: str
    language: str
    data: dict[str, Any]
    expires_at: datetime
    not_before: datetime | None = None  # at once, where it is None
    is_bulk: bool = False


def write(drafts: Iterable[Draft], *, now: datetime) -> None:
    """Write rows in the caller's transaction and nudge a worker on commit. A key that already exists is left as it is."""
    rows = [Message(**vars(draft) | {"not_before": draft.not_before or now}) for draft in drafts]
    if rows:
        Message.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.on_commit(nudge)


def was_written(prefix: str, *, since: datetime) -> bool:
    """Whether a message whose key begins with `prefix` was written since then, and was sent or is still to be sent."""
    found = Message.objects.filter(key__startswith=prefix, not_before__gt=since)
    return found.exclude(state=State.EXPIRED).exists()


def nudge() -> None:
    """Ask a worker to drain now, unless one was asked and has not started. So a burst asks once.

    Without Redis the sweep drains ten seconds later, so a failure is only logged.
    """
    if not cache.add(NUDGED, 1, timeout=NUDGE_HOLDS_SECONDS):
        return
    try:
        current_app.send_task("outbox.tasks.drain", expires=10, retry=False)
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the page must not fail
        log.warning("The worker could not be nudged (%s); the sweep will send.", type(error).__name__)


def clear_nudge() -> None:
    """Allow the next nudge. A worker calls it before its first claim, so that no row is missed."""
    cache.delete(NUDGED)


def drain_batch(connection: sending.Connection, now: datetime, *, is_over: Callable[[], bool] = lambda: False) -> int:
    """Claim the next due batch and send it over `connection`. Returns how many rows were claimed, 0 if nothing is due.

    Service email goes before bulk email, and bulk email in small batches, so that a newsletter never delays a
    confirmation. `is_over` is asked before each message. Once it is true, the rest of the batch returns to the queue.
    """
    _recover(now)
    batch = _claim(now, is_bulk=False, most=BATCH) or _claim(now, is_bulk=True, most=BULK_BATCH)
    claim = _Claim({message.pk for message in batch}, now, time.monotonic())
    unwanted = suppressed([message.to for message in batch])
    for start in range(0, len(batch), GROUP):
        if is_over():
            break
        _deliver(batch[start : start + GROUP], unwanted, connection, claim, is_over)
    claim.release()
    return len(batch)


@transaction.atomic
def _claim(now: datetime, *, is_bulk: bool, most: int) -> list[Message]:
    due = Message.objects.filter(state=State.QUEUED, is_bulk=is_bulk, not_before__lte=now).order_by("not_before", "pk")
    batch = list(due.defer("as_sent").select_for_update(skip_locked=True)[:most])
    Message.objects.filter(pk__in=[message.pk for message in batch]).update(
        state=State.SENDING, claimed_at=now, handed_over_at=None
    )
    return batch


@dataclass
class _Claim:
    """The rows that this worker has claimed and not recorded yet.

    A claim lasts for CLAIM_LASTS and is renewed while a slow mail server takes its time. Rows that another worker has
    taken over are dropped: this worker neither sends nor records them. `claimed_at` shows whose a row is.
    """

    left: set[int]
    claimed_at: datetime
    renewed_at: float  # on the monotonic clock

    def _rows(self) -> QuerySet[Message]:
        return Message.objects.filter(pk__in=self.left, state=State.SENDING, claimed_at=self.claimed_at)

    def renew(self) -> None:
        """Extend the claim once a tenth of its time has passed."""
        elapsed = timedelta(seconds=time.monotonic() - self.renewed_at)
        if elapsed < CLAIM_LASTS / 10:
            return
        with transaction.atomic():
            held = self._rows()
            self.left = set(held.select_for_update().values_list("pk", flat=True))
            held.update(claimed_at=self.claimed_at + elapsed)
        self.claimed_at, self.renewed_at = self.claimed_at + elapsed, time.monotonic()

    def hand_over(self, messages: list[Message]) -> None:
        """Commit that these are about to be given to the mail server, as far as they are still this worker's."""
        pks = [message.pk for message in messages]
        if self._rows().filter(pk__in=pks).update(handed_over_at=self.claimed_at) < len(pks):
            self.left = set(self._rows().values_list("pk", flat=True))

    def release(self) -> None:
        """Return to the queue what was neither sent nor recorded. Call it only when nothing is on its way."""
        if self.left:
            self._rows().update(state=State.QUEUED, claimed_at=None, handed_over_at=None)


def _recover(now: datetime) -> None:
    """Return the rows of a dead worker to the queue, or mark them as uncertain if they were handed over."""
    lost = Message.objects.filter(state=State.SENDING, claimed_at__lt=now - CLAIM_LASTS)
    lost.filter(handed_over_at=None).update(state=State.QUEUED)
    uncertain = lost.exclude(handed_over_at=None).update(
        state=State.UNCERTAIN, settled_at=now, reason="The worker stopped while the mail server had it."
    )
    if uncertain:
        Message.objects.filter(state=State.UNCERTAIN, message_type__in=message_types.SECRET).update(data={})
        log.error("%s messages are uncertain: see the outbox in the admin.", uncertain)


@dataclass
class _Outcome:
    """The result of one message. The results of a group are recorded together."""

    message: Message
    state: State
    reason: str = ""
    as_sent: bytes | None = None


def _deliver(
    group: list[Message],
    unwanted: dict[str, str],
    connection: sending.Connection,
    claim: _Claim,
    is_over: Callable[[], bool],
) -> None:
    """Render the emails, commit that they are on their way, send them, and record each result, whatever happens to one."""
    now = claim.claimed_at
    outcomes, emails = _render_group(group, unwanted, now)
    try:
        claim.renew()
        claim.hand_over([message for message, _email in emails])
        for message, email in emails:
            claim.renew()
            if is_over():
                break
            if message.pk in claim.left:
                outcomes.append(_hand_over(message, email, connection, now))
    finally:
        _record(outcomes, claim)


def _render_group(
    group: list[Message], unwanted: dict[str, str], now: datetime
) -> tuple[list[_Outcome], list[tuple[Message, RenderedEmail]]]:
    """Return the results of messages that are not sent, and the rendered emails of the others."""
    outcomes, emails = [], []
    loaded = _load(group)
    for message in group:
        rendered = _render(message, loaded, unwanted, now)
        if isinstance(rendered, RenderedEmail):
            emails.append((message, rendered))
        else:
            outcomes.append(rendered)
    return outcomes, emails


def _load(group: list[Message]) -> dict[int, Any]:
    """Read what the messages need, once for each type. Returns it by message id, without types that failed."""
    loaded: dict[int, Any] = {}
    for message_type in {message.message_type for message in group}:
        messages = {message.pk: message.data for message in group if message.message_type == message_type}
        try:
            loaded |= zip(messages, message_types.load(message_type, list(messages.values())), strict=True)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("What a group of messages (%s) needs could not be read at once.", message_type)
    return loaded


def _render(
    message: Message, loaded: dict[int, Any], unwanted: dict[str, str], now: datetime
) -> RenderedEmail | _Outcome:
    """Render the email, or say why it is not sent. Raises only if the database is unreachable, which no message causes."""
    if message.expires_at <= now:
        return _Outcome(message, State.EXPIRED, "Its time had passed.")
    if not _may_be_sent(message, unwanted):
        return _Outcome(message, State.SUPPRESSED, f"The address is suppressed: {unwanted[message.to]}.")
    try:
        with translation.override(message.language):
            found = (
                loaded[message.pk]
                if message.pk in loaded
                else message_types.load(message.message_type, [message.data])[0]
            )
            return message_types.render(message.message_type, found, now)
    except UnsubscribedMeanwhile as reason:
        return _Outcome(message, State.UNSUBSCRIBED, str(reason))
    except OutdatedMessage as reason:
        return _Outcome(message, State.EXPIRED, str(reason))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("Message %s could not be rendered.", message.pk)
        return _Outcome(message, State.FAILED, "It could not be written; the log says why.")


def _may_be_sent(message: Message, unwanted: dict[str, str]) -> bool:
    """Whether the address may get the message. Soft bounces do not stop sign-in codes, which the owner needs."""
    reason = unwanted.get(message.to)
    return reason is None or (reason == SuppressionReason.SOFT_BOUNCES and message.message_type in message_types.SECRET)


def _hand_over(message: Message, email: RenderedEmail, connection: sending.Connection, now: datetime) -> _Outcome:
    is_secret = message.message_type in message_types.SECRET
    message.subject = "" if is_secret else email.subject[:300]
    try:
        as_sent = connection.send(message, email)
    except sending.PermanentFailure as error:
        if error.is_address:
            suppress(message.to, SuppressionReason.HARD_BOUNCE, now=now, detail=str(error))
        return _Outcome(message, State.FAILED, str(error))
    except sending.TemporaryFailure as error:
        given_up = error.is_address and count_soft_bounce(message.to, now=now, detail=str(error)) and not is_secret
        out_of_tries = message.attempts >= len(PAUSES)
        return _Outcome(message, State.FAILED if given_up or out_of_tries else State.QUEUED, str(error))
    except sending.UncertainDelivery as error:
        return _Outcome(message, State.UNCERTAIN, str(error))
    return _Outcome(message, State.SENT, as_sent=None if is_secret else as_sent)


RECORD = """
    UPDATE outbox_message SET
        state = new.state, reason = new.reason, subject = new.subject, as_sent = new.as_sent, not_before = new.not_before,
        attempts = new.attempts, settled_at = new.settled_at, data = CASE WHEN new.state = 'queued' THEN data ELSE data - 'code' END,
        handed_over_at = CASE WHEN new.state = 'queued' THEN NULL ELSE handed_over_at END
    FROM (VALUES %s) AS new (id, claimed_at, state, reason, subject, as_sent, not_before, attempts, settled_at)
    WHERE outbox_message.id = new.id AND outbox_message.claimed_at = new.claimed_at
        AND outbox_message.state IN ('sending', 'uncertain')
"""
RECORD_ROW = "(%s, %s::timestamptz, %s, %s, %s, %s::bytea, %s::timestamptz, %s, %s::timestamptz)"


def _record(outcomes: list[_Outcome], claim: _Claim) -> None:
    """Record a group in one statement, for rows that are still this worker's or became uncertain meanwhile.

    A one-time code is deleted: the ledger proves that it was sent, not what it was.
    """
    if not outcomes:
        return
    with database.cursor() as cursor:
        execute_values(cursor.cursor, RECORD, [_row(outcome, claim) for outcome in outcomes], template=RECORD_ROW)
    claim.left -= {outcome.message.pk for outcome in outcomes}


def _row(outcome: _Outcome, claim: _Claim) -> tuple[Any, ...]:
    now = claim.claimed_at
    message, again = outcome.message, outcome.state == State.QUEUED
    return (
        message.pk,
        claim.claimed_at,
        outcome.state.value,
        outcome.reason[:300],
        message.subject,
        outcome.as_sent,
        now + PAUSES[message.attempts] if again else message.not_before,
        message.attempts + again,
        None if again else now,
    )


def requeue(messages: QuerySet[Message], *, now: datetime) -> int:
    """Send failed, uncertain or suppressed messages again. Returns how many. Uncertain ones may arrive twice."""
    again = messages.filter(state__in=[State.FAILED, State.UNCERTAIN, State.SUPPRESSED])
    count = again.update(
        state=State.QUEUED, attempts=0, not_before=now, expires_at=now + REQUEUED_LIFETIME, settled_at=None, reason=""
    )
    transaction.on_commit(nudge)
    return count


def prune(now: datetime) -> int:
    """Delete the copies of emails that are older than BODIES_KEPT_FOR. Returns how many.

    The record that an email was sent is kept. For an address without an account, only its type and times are.
    """
    old = Message.objects.filter(settled_at__lt=now - BODIES_KEPT_FOR)
    count = old.filter(as_sent__isnull=False).update(as_sent=None)
    old.filter(message_type__in=message_types.TO_NO_ACCOUNT).exclude(to="").update(to="", subject="", data={})
    return count


def forget_address(email: str) -> None:
    """Remove the address of a closed account from the ledger. Queued messages are not sent. Of sent ones, type and times
    remain. Bulk email has nothing to do with the account."""
    theirs = Message.objects.filter(to=email, is_bulk=False)
    theirs.filter(state=State.QUEUED).update(state=State.EXPIRED, reason="The account was closed.")
    theirs.update(to="", subject="", data={}, as_sent=None)
    Suppression.objects.filter(address_hash=hash_of(email)).update(email="")  # its hash keeps it suppressed


def readdress(old: str, new: str) -> None:
    """Send what is queued for a person's old address to the new one. A code for the old address is not sent.

    Warnings to the owner of the old address still go there, because someone may have taken over the account.
    """
    waiting = Message.objects.filter(to=old, state=State.QUEUED, is_bulk=False)
    waiting.filter(message_type__in=message_types.SECRET).update(
        state=State.EXPIRED, reason="The address was changed.", data={}
    )
    waiting.exclude(message_type__in=message_types.OF_THE_ADDRESS).update(to=new)


def forget_bulk(email: str, also: Collection[str], *, now: datetime) -> None:
    """Remove a subscriber's address from bulk email and from messages of the types `also`. Queued ones are not sent."""
    theirs = Message.objects.filter(Q(is_bulk=True) | Q(message_type__in=also), to=email)
    theirs.filter(state=State.QUEUED).update(
        state=State.UNSUBSCRIBED, settled_at=now, reason="The person asked to be forgotten."
    )
    theirs.update(to="", subject="", data={}, as_sent=None)


def readdress_bulk(old: str, new: str) -> None:
    """Send the bulk email that is queued for a subscriber's old address to the new one."""
    Message.objects.filter(to=old, state=State.QUEUED, is_bulk=True).update(to=new)
