"""Subscribers' reminders: a few days before sessions that still have seats, for those who asked for them.

People who are registered for a series get its own reminders (registrations/services/reminders.py), and none from here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import transaction

from accounts.zones import PROJECT_ZONE
from newsletters.matching import ANSWERS, Matches, in_batches, reader_of, registered, without_email
from newsletters.models import ReminderDays, Subscriber, Topic
from outbox.sender import has_postal_address
from outbox.services import Draft, write
from sessions_app.models import Delivery, Session, SessionQuerySet
from sessions_app.queries import upcoming
from sessions_app.status import Status

# Reminders of a day go out from this time on, so many days before, and are useful for so long. Days are those of the
# project's time zone for everyone, so that the sessions of a day come together whatever their own zones are.
HOUR = time(9)
USEFUL_FOR = timedelta(hours=12)
# An email lists the first sessions, up to this number, and says how many more there are.
MOST = 10


def queue_session_reminders(now: datetime, *, is_over: Callable[[], bool] = lambda: False) -> int:
    """Write the reminders that are due and have not been written. Returns how many there are.

    The key of an email has the day of its sessions, so a person gets one a day at most, also if they change how many days
    before they want it. If a session moves to another day, it is in that day's reminder. `is_over` is asked after each
    batch. The next run goes on with those who have no email yet. Without a postal address of the sender nothing is written.
    """
    today = now.astimezone(ZoneInfo(PROJECT_ZONE)).date()
    due_at = datetime.combine(today, HOUR, ZoneInfo(PROJECT_ZONE))
    if not due_at <= now < due_at + USEFUL_FOR or not has_postal_address():
        return 0
    until = due_at + USEFUL_FOR
    return sum(_queue_day(today + timedelta(days=days), days, until, now, is_over) for days in ReminderDays.values)


def sessions_on(day: date, now: datetime) -> SessionQuerySet:
    """Return the sessions of a day that people can still register for, the earliest first."""
    start, end = bounds_of(day)
    series = upcoming(now, {"status": [Status.OPEN]}).order_by().values("pk")
    found = Session.objects.filter(delivery=Delivery.SCHEDULED, starts_at__gte=start, starts_at__lt=end)
    return found.filter(series__in=series).order_by("starts_at", "pk")


def bounds_of(day: date) -> tuple[datetime, datetime]:
    """Return when a day starts and ends in the project's time zone."""
    zone = ZoneInfo(PROJECT_ZONE)
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


@dataclass(frozen=True)
class _Day:
    """The sessions of one day, and until when a reminder of them is useful."""

    date: date
    sessions: list[Session]
    until: datetime

    @cached_property
    def matches(self) -> Matches:
        return Matches({session.series_id: session.series for session in self.sessions}.values())

    def draft(self, subscriber: Subscriber, sessions: list[int]) -> Draft:
        """Return the email about these sessions: it lists the first, and counts the others."""
        return Draft(
            key=f"{_prefix(self.date)}{subscriber.pk}",
            message_type="session-reminder",
            to=subscriber.email,
            language=subscriber.language,
            data={
                "subscriber": subscriber.pk,
                "day": self.date.isoformat(),
                "sessions": sessions[:MOST],
                "more": len(sessions[MOST:]),
            },
            expires_at=self.until,
            is_bulk=True,
        )


def _prefix(day: date) -> str:
    return f"session-reminder:{day}:"


def _queue_day(on: date, days: int, until: datetime, now: datetime, is_over: Callable[[], bool]) -> int:
    """Write the reminders of the sessions of one day, for those who want them so many days before."""
    done = f"session-reminders-written:{on}:{days}"
    if cache.get(done):  # only spares the database: everyone's email is in the ledger
        return 0
    day = _Day(on, list(sessions_on(on, now).select_related("series__hub")), until)
    receiving = Subscriber.objects.receiving(Topic.REMINDERS, now).filter(reminder_days=days)
    people = without_email(receiving, day.matches, _prefix(on)) if day.sessions else receiving.none()
    count = 0
    for batch in in_batches(list(people.values_list("pk", flat=True))):
        count += _write_batch(batch, day, now)
        if is_over():
            return count
    cache.set(done, 1, timeout=int(USEFUL_FOR.total_seconds()))
    return count


@transaction.atomic
def _write_batch(batch: Sequence[int], day: _Day, now: datetime) -> int:
    people = Subscriber.objects.filter(pk__in=batch).order_by(*ANSWERS, "pk")
    own = registered([subscriber.email for subscriber in people], [series.pk for series in day.matches.series])
    drafts = []
    for subscriber in people:
        series = {pk for pk in day.matches.of(reader_of(subscriber)) if (subscriber.email, pk) not in own}
        theirs = [session.pk for session in day.sessions if session.series_id in series]
        if theirs:
            drafts.append(day.draft(subscriber, theirs))
    write(drafts, now=now)
    return len(drafts)
