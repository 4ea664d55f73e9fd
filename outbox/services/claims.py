"""Claim messages for a worker, keep the claim while it sends, and recover the messages of a dead worker."""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from outbox import message_types
from outbox.models import BulkSend, BulkSendState, Message, State

log = logging.getLogger(__name__)

CLAIM_LASTS = timedelta(seconds=settings.OUTBOX_CLAIM_SECONDS)


def claim_service(now: datetime, *, most: int, few: int) -> list[Message]:
    """Claim service email that is due, the oldest first.

    What can wait is claimed only while nothing else is due, and only a `few` at once. So a sign-in code does not wait for
    thousands of emails about a popular opening.
    """
    due = Message.objects.filter(is_bulk=False).order_by("not_before", "pk")
    can_wait = Q(message_type__in=message_types.CAN_WAIT)
    return _claim(due.exclude(can_wait), now, most) or _claim(due.filter(can_wait), now, few)


def claim_bulk(now: datetime, *, most: int) -> list[Message]:
    """Claim bulk email that is due, all of one bulk send, and only while that send is running.

    Email that belongs to no bulk send goes first, because there is little of it. Then the sends follow in the order in
    which they started. The rows of one that is paused are not even read (index message_bulk_due).
    """
    running = BulkSend.objects.filter(state=BulkSendState.RUNNING).order_by("started_at", "pk")
    for bulk_send in (None, *running.values_list("pk", flat=True)):
        theirs = Message.objects.filter(is_bulk=True, bulk_send=bulk_send)
        batch = _claim(theirs.order_by("bulk_send_id", "not_before", "pk"), now, most)
        if batch:
            return batch
    return []


@transaction.atomic
def _claim(messages: QuerySet[Message], now: datetime, most: int) -> list[Message]:
    due = messages.filter(state=State.QUEUED, not_before__lte=now).defer("as_sent")
    batch = list(due.select_for_update(skip_locked=True)[:most])
    Message.objects.filter(pk__in=[message.pk for message in batch]).update(
        state=State.SENDING, claimed_at=now, handed_over_at=None
    )
    return batch


@dataclass
class Claim:
    """The rows that this worker has claimed and not recorded yet.

    A claim lasts for CLAIM_LASTS and is renewed while a slow mail server takes its time. Rows that another worker has
    taken over are dropped: this worker neither sends nor records them. `claimed_at` shows whose a row is.
    """

    left: set[int]
    claimed_at: datetime
    renewed_at: float = field(init=False)  # on the monotonic clock

    def __post_init__(self) -> None:
        self.renewed_at = time.monotonic()

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


def recover(now: datetime) -> None:
    """Return the rows of a dead worker to the queue, or mark them as uncertain if they were handed over."""
    lost = Message.objects.filter(state=State.SENDING, claimed_at__lt=now - CLAIM_LASTS)
    lost.filter(handed_over_at=None).update(state=State.QUEUED)
    uncertain = lost.exclude(handed_over_at=None).update(
        state=State.UNCERTAIN, settled_at=now, reason="The worker stopped while the mail server had it."
    )
    if uncertain:
        Message.objects.filter(state=State.UNCERTAIN, message_type__in=message_types.SECRET).update(data={})
        log.error("%s messages are uncertain: see the outbox in the admin.", uncertain)
