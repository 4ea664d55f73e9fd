"""Write messages to the ledger, and change or clear what is in it."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet

from outbox import message_types
from outbox.models import BulkSend, BulkSendState, DeliveryReport, Message, State, Suppression
from outbox.services.results import ERASED
from outbox.suppression import hash_of, prune_soft_bounces

log = logging.getLogger(__name__)

BODIES_KEPT_FOR = timedelta(days=30)
REQUEUED_LIFETIME = timedelta(days=2)
NUDGED, NUDGE_HOLDS_SECONDS = "outbox-nudged", 10


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


@transaction.atomic
def requeue(messages: QuerySet[Message], *, now: datetime) -> int:
    """Send failed, uncertain or suppressed messages again, if we still know where to. Returns how many. Uncertain ones may
    arrive twice.

    A bulk send that was finished runs again until they are sent. One that staff stopped stays stopped.
    """
    again = messages.filter(state__in=[State.FAILED, State.UNCERTAIN, State.SUPPRESSED]).exclude(to="")
    again = again.filter(Q(bulk_send=None) | ~Q(bulk_send__state=BulkSendState.STOPPED))
    theirs = BulkSend.objects.filter(pk__in=again.order_by().values("bulk_send"), state=BulkSendState.FINISHED)
    theirs.update(state=BulkSendState.RUNNING, finished_at=None, pause_reason="")
    count = again.update(
        state=State.QUEUED, attempts=0, not_before=now, expires_at=now + REQUEUED_LIFETIME, settled_at=None, reason=""
    )
    transaction.on_commit(nudge)
    return count


def prune(now: datetime) -> int:
    """Delete the copies of emails that are older than BODIES_KEPT_FOR, and old soft bounces. Returns how many copies.

    The record that an email was sent is kept. For an address without an account, only its type and times are.
    """
    prune_soft_bounces(now)
    old = Message.objects.filter(settled_at__lt=now - BODIES_KEPT_FOR)
    count = old.filter(as_sent__isnull=False).update(as_sent=None)
    old.filter(message_type__in=message_types.TO_NO_ACCOUNT).exclude(to="").update(to="", subject="", data={})
    return count


@transaction.atomic
def forget_address(email: str) -> None:
    """Remove the address of a closed account from the ledger. Queued messages are not sent. Of sent ones, type and times
    remain. Bulk email has nothing to do with the account."""
    theirs = Message.objects.filter(to=email, is_bulk=False)
    _erase(theirs, [email], {"state": State.EXPIRED, "reason": "The account was closed."})


def readdress(old: str, new: str) -> None:
    """Send what is queued for a person's old address to the new one. A code for the old address is not sent.

    Warnings to the owner of the old address still go there, because someone may have taken over the account.
    """
    waiting = Message.objects.filter(to=old, state=State.QUEUED, is_bulk=False)
    waiting.filter(message_type__in=message_types.SECRET).update(
        state=State.EXPIRED, reason="The address was changed.", data={}
    )
    waiting.exclude(message_type__in=message_types.OF_THE_ADDRESS).update(to=new)


@transaction.atomic
def forget_bulk(messages: QuerySet[Message], addresses: Collection[str], *, now: datetime) -> None:
    """Remove a subscriber's addresses from these messages, and from the suppressed addresses. Queued messages are not sent.

    What stays says that an email was sent, when, and how it ended, so no figure changes. A message that a worker has in hand
    keeps its state, and gets nothing back when its result is recorded (results.py).
    """
    _erase(messages, addresses, {"state": State.UNSUBSCRIBED, "reason": ERASED, "settled_at": now})


def _erase(messages: QuerySet[Message], addresses: Collection[str], ends_queued: dict[str, Any]) -> None:
    """Erase the messages. They are locked first, so no report can be saved while they are being erased."""
    locked = messages.order_by("pk").select_for_update().values_list("pk", flat=True)
    theirs = Message.objects.filter(pk__in=list(locked))
    theirs.exclude(reason="").update(reason=ERASED)  # a server's reply often quotes the address
    DeliveryReport.objects.filter(message__in=theirs).update(detail="")
    theirs.filter(state=State.QUEUED).update(**ends_queued)
    theirs.update(to="", subject="", data={}, as_sent=None)
    hashes = [hash_of(address) for address in addresses]
    Suppression.objects.filter(address_hash__in=hashes).update(email="", detail="")  # the hash keeps it suppressed


def readdress_bulk(old: str, new: str) -> None:
    """Send the bulk email that is queued for a subscriber's old address to the new one.

    What a worker has in hand goes to one of the two: if it was not sent, it follows when it is rendered again (delivery.py).
    """
    Message.objects.filter(to=old, state=State.QUEUED, is_bulk=True).update(to=new)
