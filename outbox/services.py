"""Writing to the ledger and draining it: DESIGN.md §4, the outbox.

A row is claimed in a batch with FOR UPDATE SKIP LOCKED and committed as "sending". Just before the mail server is spoken to,
`handed_over_at` is committed. So a worker killed before that moment loses nothing (the row goes back to the queue), and one
killed after it may or may not have been heard: the row becomes "uncertain", and is not sent again by itself.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import translation

from outbox import sending
from outbox.kinds import Letter, NoLongerTrue, renderer_of
from outbox.models import Message, State

log = logging.getLogger(__name__)

BATCH = 50
NUDGED, NUDGE_HOLDS_SECONDS = "outbox-nudged", 10
CLAIM_LASTS = timedelta(minutes=5)
# The pauses after the first, second, … refusal for now; after the last one the row has failed.
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240)]


@dataclass(frozen=True)
class Draft:
    """What `write` needs of one message. `data` must be JSON; times are aware."""

    key: str
    kind: str
    to: str
    language: str
    data: dict[str, Any]
    expires_at: datetime


def write(drafts: Iterable[Draft], *, now: datetime) -> None:
    """Write rows in the caller's transaction; a key that is there already is left as it is. Nudges the worker on commit."""
    rows = [
        Message(
            key=draft.key,
            kind=draft.kind,
            to=draft.to,
            language=draft.language,
            data=draft.data,
            not_before=now,
            expires_at=draft.expires_at,
        )
        for draft in drafts
    ]
    if rows:
        Message.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.on_commit(_nudge)


def _nudge() -> None:
    """Ask a worker to drain now, unless one is asked already and has not begun: a burst asks once.

    With Redis down the sweep does it ten seconds later, so a failure here is only a note.
    """
    from outbox.tasks import drain  # noqa: PLC0415 - tasks import this module

    if not cache.add(NUDGED, 1, timeout=NUDGE_HOLDS_SECONDS):
        return
    try:
        drain.apply_async(expires=10, retry=False)
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the page must not fail
        log.warning("The worker could not be nudged (%s); the sweep will send.", type(error).__name__)


def nudge_heard() -> None:
    """A worker begins to drain: what is committed from here on asks anew. Called before the first claim, so no row is missed."""
    cache.delete(NUDGED)


def drain_batch(line: sending.Line, now: datetime) -> int:
    """Claim the next batch that is due and send it over `line`; returns how many rows were settled, 0 when nothing is due."""
    _recover(now)
    batch = _claim(now)
    for message in batch:
        _deliver(message, line, now)
    return len(batch)


@transaction.atomic
def _claim(now: datetime) -> list[Message]:
    due = Message.objects.filter(state=State.QUEUED, not_before__lte=now).order_by("not_before", "pk")
    batch = list(due.select_for_update(skip_locked=True)[:BATCH])
    Message.objects.filter(pk__in=[message.pk for message in batch]).update(
        state=State.SENDING, claimed_at=now, handed_over_at=None
    )
    return batch


def _recover(now: datetime) -> None:
    """Rows whose worker died: back to the queue where the server was not spoken to yet, else uncertain."""
    lost = Message.objects.filter(state=State.SENDING, claimed_at__lt=now - CLAIM_LASTS)
    lost.filter(handed_over_at=None).update(state=State.QUEUED)
    uncertain = lost.exclude(handed_over_at=None).update(
        state=State.UNCERTAIN, settled_at=now, reason="The worker stopped while the mail server had it."
    )
    if uncertain:
        log.error("%s messages are uncertain: see the outbox in the admin.", uncertain)


def _deliver(message: Message, line: sending.Line, now: datetime) -> None:
    if message.expires_at <= now:
        _settle(message, State.EXPIRED, now, reason="Its time had passed.")
        return
    try:
        with translation.override(message.language):
            letter = renderer_of(message.kind)(message.data, now)
    except NoLongerTrue as reason:
        _settle(message, State.EXPIRED, now, reason=str(reason))
        return
    except Exception:
        log.exception("Message %s could not be rendered.", message.pk)
        _settle(message, State.FAILED, now, reason="It could not be written; the log says why.")
        return
    _hand_over(message, letter, line, now)


def _hand_over(message: Message, letter: Letter, line: sending.Line, now: datetime) -> None:
    Message.objects.filter(pk=message.pk).update(handed_over_at=now, subject=letter.subject)
    try:
        line.send(message, letter)
    except sending.RefusedForGood as error:
        _settle(message, State.FAILED, now, reason=str(error))
    except sending.RefusedForNow as error:
        _try_later(message, now, reason=str(error))
    except sending.Unheard as error:
        _settle(message, State.UNCERTAIN, now, reason=str(error))
    else:
        _settle(message, State.SENT, now)


def _try_later(message: Message, now: datetime, *, reason: str) -> None:
    if message.attempts >= len(PAUSES):
        _settle(message, State.FAILED, now, reason=reason)
        return
    Message.objects.filter(pk=message.pk).update(
        state=State.QUEUED,
        attempts=message.attempts + 1,
        not_before=now + PAUSES[message.attempts],
        handed_over_at=None,
        reason=reason[:300],
    )


def _settle(message: Message, state: State, now: datetime, *, reason: str = "") -> None:
    """Record how it ended. A one-time code is not kept: the ledger proves that it was sent, not what it was."""
    data = {name: value for name, value in message.data.items() if name != "code"}
    Message.objects.filter(pk=message.pk).update(state=state, settled_at=now, reason=reason[:300], data=data)


def forget_address(email: str) -> None:
    """Take an address out of the ledger: what waits is not sent, and of what was sent only kind and time stay."""
    theirs = Message.objects.filter(to=email)
    theirs.filter(state=State.QUEUED).update(state=State.EXPIRED, reason="The account was closed.")
    theirs.update(to="", subject="", data={})
