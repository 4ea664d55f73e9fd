"""Which reminders are due, found by a query every minute (docs/structure.md)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import CharField, Exists, F, Func, OuterRef, Value

from outbox.models import Message
from outbox.services import Draft, write
from registrations.models import Intention, Registration
from sessions_app.models import Delivery, Series

# An early reminder asks "still coming?" and is useful until two hours before the session; a late one, until the session starts.
EARLY = timedelta(hours=12)
EARLY_IS_USEFUL_UNTIL = timedelta(hours=2)


def queue_due_reminders(now: datetime) -> int:
    """Write the reminders that are due at `now` and have not been written yet. Returns how many there were.

    Each series has its own hours (Series.reminder_hours). People get no reminder if they took their seat after it was due
    (their confirmation was enough), if they said that they cannot come to the session, or if they have not confirmed a seat
    that a colleague took for them. A reminder that is no longer useful is not written, and expires if it waits in the outbox.
    """
    upcoming = Series.objects.filter(is_cancelled=False, last_starts_at__gt=now).order_by()
    hours_in_use = set().union(*upcoming.values_list("reminder_hours", flat=True).distinct())
    drafts = [draft for hours in sorted(hours_in_use) for draft in _due_reminders(hours, now)]
    write(drafts, now=now)
    return len(drafts)


def useful_until_before(hours: int) -> timedelta:
    """Return how long before the session a reminder of so many hours stops being useful."""
    return EARLY_IS_USEFUL_UNTIL if timedelta(hours=hours) >= EARLY else timedelta(0)


def _due_reminders(hours: int, now: datetime) -> Iterator[Draft]:
    """Yield the reminders that are sent so many hours before a session, one for each seat.

    The database leaves out those that the ledger has already, by their key, so that only new ones are read. The key ends in
    the session's start: if a session moves, there is a new reminder.
    """
    before, useful_until = timedelta(hours=hours), useful_until_before(hours)
    start = Func(F("starts_at"), Value('YYYYMMDD"T"HH24MI"Z"'), function="to_char")
    key = Func(
        Value(f"reminder:%s:%s:{hours}h:%s"), "session", "pk", start, function="format", output_field=CharField()
    )
    absences = Intention.objects.filter(registration=OuterRef("pk"), session=OuterRef("session"), is_coming=False)
    seats = (
        Registration.objects.coming()
        .filter(series__is_cancelled=False, series__reminder_hours__contains=[hours])
        .annotate(
            session=F("series__sessions"),
            delivery=F("series__sessions__delivery"),
            starts_at=F("series__sessions__starts_at"),
        )
        .filter(delivery=Delivery.SCHEDULED, starts_at__gt=now + useful_until, starts_at__lte=now + before)
        .filter(confirmed_at__lt=F("starts_at") - before)
        .exclude(Exists(absences))
        .annotate(key=key)
        .exclude(Exists(Message.objects.filter(key=OuterRef("key"))))
    )
    columns = ("pk", "session", "starts_at", "key", "user__email", "user__language")
    for pk, session, starts_at, key, email, language in seats.order_by("starts_at", "pk").values_list(*columns):
        yield Draft(
            key=key,
            message_type="reminder-24h" if before >= EARLY else "reminder-1h",
            to=email,
            language=language,
            data={"registration": pk, "session": session, "starts_at": starts_at.isoformat()},
            expires_at=starts_at - useful_until,
        )
