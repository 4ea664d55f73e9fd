"""Drain the ledger: render the claimed messages, send them, and record what happened to each."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import translation

from outbox import message_types, sending
from outbox.message_types import ForgottenMeanwhile, OutdatedMessage, RenderedEmail, UnsubscribedMeanwhile
from outbox.models import Message, State, SuppressionReason
from outbox.services.claims import Claim, claim_bulk, claim_service, recover
from outbox.services.results import ERASED, PAUSES, Outcome, record
from outbox.suppression import count_soft_bounce, stops, suppress, suppressed

log = logging.getLogger(__name__)

BATCH = 50
# This many are marked as on their way at once, so at most this many are uncertain if a worker dies.
GROUP = 10
# Bulk email goes in batches of one group. After so many seconds, what is left of a batch returns to the queue. So a slow mail
# server delays neither a confirmation nor a pause by more than that, and each subscriber is read just before the email goes.
# The next batch is twice as large as what the server has just taken, within these bounds.
SMALLEST_BULK_BATCH, BULK_BATCH, BULK_SECONDS = 25, 100, 0.5
NOT_WRITTEN = "It could not be written; the log says why."


def drain_batch(connection: sending.Connection, now: datetime, *, is_over: Callable[[], bool] = lambda: False) -> int:
    """Claim the next due batch and send it over `connection`. Returns how many rows were claimed, 0 if nothing is due.

    Service email goes before bulk email. `is_over` is asked before each message. Once it is true, the rest of the batch
    returns to the queue. Without a mail server, bulk email waits for the next call with a new connection.
    """
    recover(now)
    batch = claim_service(now, most=BATCH, few=GROUP)
    if batch:
        _send_batch(batch, GROUP, connection, now, is_over)
    elif not connection.has_no_server:
        batch = claim_bulk(now, most=max(SMALLEST_BULK_BATCH, min(BULK_BATCH, 2 * connection.taken)))
        connection.taken = _send_batch(batch, BULK_BATCH, connection, now, is_over)
    return len(batch)


def _send_batch(
    batch: list[Message], group: int, connection: sending.Connection, now: datetime, is_over: Callable[[], bool]
) -> int:
    """Send the batch in groups, and return the rest to the queue if that takes too long. Returns how many were settled."""
    claim = Claim({message.pk for message in batch}, now)
    unwanted = suppressed([message.to for message in batch])
    for start in range(0, len(batch), group):
        if is_over():
            break
        _deliver(batch[start : start + group], unwanted, connection, claim, is_over)
    left = len(claim.left)
    claim.release()
    return len(batch) - left


def _deliver(
    group: list[Message],
    unwanted: dict[str, str],
    connection: sending.Connection,
    claim: Claim,
    is_over: Callable[[], bool],
) -> None:
    """Render the emails, commit that they are on their way, send them, and record each result, whatever happens to one."""
    now = claim.claimed_at
    outcomes, emails = _render_group(group, unwanted, now)
    try:
        claim.renew()
        claim.hand_over([message for message, _email in emails])
        until = time.monotonic() + BULK_SECONDS
        for message, email in emails:
            claim.renew()
            if is_over() or (message.is_bulk and (connection.has_no_server or time.monotonic() > until)):
                break
            if message.pk in claim.left:
                outcomes.append(_hand_over(message, email, connection, now))
    finally:
        record(outcomes, claim)


def _render_group(
    group: list[Message], unwanted: dict[str, str], now: datetime
) -> tuple[list[Outcome], list[tuple[Message, RenderedEmail]]]:
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
        messages = {one.pk: one.data for one in group if one.message_type == message_type and one.to}
        try:
            loaded |= zip(messages, message_types.load(message_type, list(messages.values())), strict=True)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("What a group of messages (%s) needs could not be read at once.", message_type)
    return loaded


def _render(
    message: Message, loaded: dict[int, Any], unwanted: dict[str, str], now: datetime
) -> RenderedEmail | Outcome:
    """Render the email, or say why it is not sent. Raises only if the database is unreachable, which no message causes."""
    try:
        return _refusal(message, unwanted, now) or _write(message, loaded, now)
    except ForgottenMeanwhile as reason:
        Message.objects.filter(pk=message.pk).update(to="", subject="", data={}, as_sent=None)
        return Outcome(message, State.UNSUBSCRIBED, str(reason))
    except UnsubscribedMeanwhile as reason:
        return Outcome(message, State.UNSUBSCRIBED, str(reason))
    except OutdatedMessage as reason:
        return Outcome(message, State.EXPIRED, str(reason))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("Message %s could not be rendered.", message.pk)
        return Outcome(message, State.FAILED, NOT_WRITTEN)


def _refusal(message: Message, unwanted: dict[str, str], now: datetime) -> Outcome | None:
    """Return the result of a message that is not sent, so there is nothing to render. Otherwise return None."""
    if not message.to:  # erased while a worker had it, and returned to the queue
        return Outcome(message, State.UNSUBSCRIBED if message.is_bulk else State.EXPIRED, ERASED)
    if message.expires_at <= now:
        return Outcome(message, State.EXPIRED, "Its time had passed.")
    return _suppression(message, unwanted)


def _suppression(message: Message, unwanted: dict[str, str]) -> Outcome | None:
    """Return the result if the address may not get the message."""
    reason = unwanted.get(message.to)
    if reason is None or not stops(reason, message):
        return None
    return Outcome(message, State.SUPPRESSED, f"The address is suppressed: {reason}.")


def _write(message: Message, loaded: dict[int, Any], now: datetime) -> RenderedEmail | Outcome:
    """Return the email in the recipient's language. Raises OutdatedMessage, or whatever a renderer raises."""
    with translation.override(message.language):
        found = (
            loaded[message.pk] if message.pk in loaded else message_types.load(message.message_type, [message.data])[0]
        )
        rendered = message_types.render(message.message_type, found, now)
    return rendered if rendered.only_to in ("", message.to) else _follow(message, rendered)


def _follow(message: Message, rendered: RenderedEmail) -> RenderedEmail | Outcome:
    """Send a bulk email to the address that the person has now. It changed while a worker had the message in hand.

    Raises OutdatedMessage for service email, and if the message was erased meanwhile.
    """
    theirs = Message.objects.filter(pk=message.pk, to=message.to)
    if not message.is_bulk or not theirs.update(to=rendered.only_to):
        raise OutdatedMessage("The person has another address now.")
    message.to = rendered.only_to
    return _suppression(message, suppressed([message.to])) or rendered


def _hand_over(message: Message, email: RenderedEmail, connection: sending.Connection, now: datetime) -> Outcome:
    is_secret = message.message_type in message_types.SECRET
    message.subject = "" if is_secret else email.subject[:300]
    try:
        as_sent = connection.send(message, email)
    except sending.PermanentFailure as error:
        _count_refusal(message, error, now)
        return Outcome(message, State.FAILED, str(error))
    except sending.TemporaryFailure as error:
        given_up = _count_refusal(message, error, now) and not is_secret
        out_of_tries = message.attempts >= len(PAUSES)
        return Outcome(message, State.FAILED if given_up or out_of_tries else State.QUEUED, str(error))
    except sending.UncertainDelivery as error:
        return Outcome(message, State.UNCERTAIN, str(error))
    return Outcome(message, State.SENT, as_sent=None if is_secret else as_sent)


@transaction.atomic
def _count_refusal(message: Message, error: sending.DeliveryFailure, now: datetime) -> bool:
    """Suppress an address that the server refused, at once or after several days. Returns whether it is suppressed.

    Nothing is written about an address that was erased while the server had the email. The row is locked, so that it is not
    erased meanwhile.
    """
    theirs = Message.objects.select_for_update().filter(pk=message.pk, to=message.to)
    if not error.is_address or not theirs.exists():
        return False
    if isinstance(error, sending.TemporaryFailure):
        return count_soft_bounce(message.to, now=now, detail=str(error))
    suppress(message.to, SuppressionReason.HARD_BOUNCE, now=now, detail=str(error))
    return True
