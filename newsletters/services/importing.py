"""Bring subscribers from elsewhere, each with the proof of their consent (Canada's anti-spam law, s. 10 and 13)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.zones import PROJECT_ZONE
from newsletters.models import ConsentAction, ConsentEvent, ReminderDays, Subscriber
from newsletters.services.consent import LEAVING, MOVING, record_all
from newsletters.subscriber_file import OPTIONAL, Row
from outbox.suppression import suppressed

BATCH = 1000
# After one of these, only the person can subscribe again, or show a later consent. Someone who changed their address has
# left with the old one.
LEFT = Q(action__in=LEAVING) | Q(action=MOVING, topics=[])


class ImportRefusedError(Exception):
    """Something in the file is wrong, so nothing was written. The rows say what."""


@dataclass(frozen=True)
class Outcome:
    """How many were subscribed, and how many were subscribed before and stay as they are."""

    added: int
    known: int


def check(rows: Sequence[Row]) -> None:
    """Mark rows whose address is subscribed already as known, and add what else the database says against a row.

    Refused are addresses that are suppressed, that asked to be forgotten, or that left on the date of the consent or later.
    """
    for batch in _batches(rows):
        _check_batch(batch, _subscribers(batch))


@transaction.atomic
def import_rows(rows: Sequence[Row], *, by: str, now: datetime) -> Outcome:
    """Subscribe everyone in the file, with a consent event for each, or nobody. `by` says who imports, for the record.

    Whoever is subscribed already stays as they are, so importing a file again changes nothing. Raises ImportRefusedError.
    """
    people: dict[str, Subscriber] = {}
    for batch in _batches(rows):
        # locked, so that someone who unsubscribes at this moment does it before or after, and stays unsubscribed
        found = _subscribers(batch, Subscriber.objects.select_for_update())
        _check_batch(batch, found)
        people |= found
    if any(row.problems for row in rows):
        raise ImportRefusedError
    fresh = [row for row in rows if not row.is_known]
    for batch in _batches(fresh):
        _write_batch(batch, people, by, now)
    return Outcome(len(fresh), len(rows) - len(fresh))


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def _subscribers(batch: Sequence[Row], among: Any = Subscriber.objects) -> dict[str, Subscriber]:
    """Return the subscribers of a batch by address, also those who left."""
    return {one.email: one for one in among.filter(email__in=[row.email for row in batch]).order_by("pk")}


def _check_batch(batch: Sequence[Row], subscribers: dict[str, Subscriber]) -> None:
    emails = [row.email for row in batch]
    left: dict[str, list[ConsentEvent]] = {}
    for event in ConsentEvent.objects.filter(LEFT, email__in=emails).order_by("at", "pk"):
        left.setdefault(event.email, []).append(event)
    unwanted = suppressed(emails)
    for row in batch:
        subscriber = subscribers.get(row.email)
        row.is_known = subscriber is not None and subscriber.unsubscribed_at is None
        if row.email in unwanted:
            row.problems.append(_("We send no email to this address: it bounced, or its owner complained."))
        elif not row.is_known:
            row.problems += _problems_of_leaving(row, subscriber, left.get(row.email, []))


def _problems_of_leaving(row: Row, subscriber: Subscriber | None, events: list[ConsentEvent]) -> list[str]:
    if any(event.action == ConsentAction.FORGOTTEN for event in events):
        return [_("The owner of this address asked to be forgotten. Only they can subscribe again.")]
    moments = [event.at for event in events]
    if subscriber and subscriber.unsubscribed_at:
        moments.append(subscriber.unsubscribed_at)
    last = max((moment.astimezone(ZoneInfo(PROJECT_ZONE)).date() for moment in moments), default=None)
    if last and row.consent_on and last >= row.consent_on:
        return [_("The owner of this address unsubscribed on %(date)s, after this consent.") % {"date": last}]
    return []


def _write_batch(batch: Sequence[Row], people: dict[str, Subscriber], by: str, now: datetime) -> None:
    """Write the subscribers and the consent events. `people` who had left before this consent come back."""
    new = [_filled_in(Subscriber(email=row.email), row, now) for row in batch if row.email not in people]
    back = [_filled_in(people[row.email], row, now) for row in batch if row.email in people]
    Subscriber.objects.bulk_create(new, ignore_conflicts=True)  # whoever subscribes at this moment stays as they are
    Subscriber.objects.bulk_update(
        back, ["language", "topics", "subscribed_at", "unsubscribed_at", "paused_until", *OPTIONAL]
    )
    record_all(_event(row, by, now) for row in batch)


def _filled_in(subscriber: Subscriber, row: Row, now: datetime) -> Subscriber:
    """Set what the file says, as if the person subscribed now."""
    for name in OPTIONAL:
        setattr(subscriber, name, row.values[name])
    subscriber.reminder_days = int(row.values["reminder_days"] or ReminderDays.SEVEN)
    subscriber.language, subscriber.topics, subscriber.subscribed_at = row.values["language"], row.topics, now
    subscriber.unsubscribed_at = subscriber.paused_until = None
    return subscriber


def _event(row: Row, by: str, now: datetime) -> ConsentEvent:
    return ConsentEvent(
        at=now,
        email=row.email,
        action=ConsentAction.IMPORTED,
        topics=row.topics,
        wording=row.values["consent_wording"],
        language=row.values["language"],
        page=row.values["consent_source"],
        detail={"consent_on": str(row.consent_on), "by": by},
    )
