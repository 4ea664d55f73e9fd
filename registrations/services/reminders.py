"""Which reminders are due, found by a query every minute (DESIGN.md §4: no ETA, no countdown)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from outbox.models import Message
from outbox.services import Draft, write
from registrations.models import Intention, Registration
from sessions_app.models import Delivery, Session

# Each series says how many hours before a session it reminds (Series.reminder_hours), at most so long.
FARTHEST = timedelta(days=14)
# An early reminder still asks "still coming?" and is of use until two hours before; a late one, until the session starts.
EARLY = timedelta(hours=12)
EARLY_IS_USEFUL_UNTIL = timedelta(hours=2)


def queue_due_reminders(now: datetime) -> int:
    """Write the reminders that are due at `now` and not written yet; returns how many.

    Whoever took their seat after a reminder's moment is not sent it: their confirmation says as much. A reminder that beat was
    too late for is not written at all, and one that waits too long in the outbox expires there. The key carries the session's
    start, so that a session that moves is reminded of anew. Nobody is reminded of a session that they said they cannot come to,
    nor of a seat that a colleague took and they have not confirmed.
    """
    drafts = {draft.key: draft for draft in _due_reminders(now)}
    told = set(Message.objects.filter(key__in=list(drafts)).values_list("key", flat=True))
    fresh = [draft for key, draft in drafts.items() if key not in told]
    write(fresh, now=now)
    return len(fresh)


def _due_reminders(now: datetime) -> Iterator[Draft]:
    sessions = Session.objects.filter(
        delivery=Delivery.SCHEDULED, series__is_cancelled=False, starts_at__lte=now + FARTHEST, starts_at__gt=now
    )
    for session in sessions.select_related("series"):
        for hours in set(session.series.reminder_hours):
            before = timedelta(hours=hours)
            useful_until = session.starts_at - (EARLY_IS_USEFUL_UNTIL if before >= EARLY else timedelta(0))
            if session.starts_at - before <= now < useful_until:
                yield from _for_each_seat(session, hours, useful_until)


def _for_each_seat(session: Session, hours: int, useful_until: datetime) -> Iterator[Draft]:
    before = timedelta(hours=hours)
    absent = Intention.objects.filter(session=session, is_coming=False).values("registration")
    seats = Registration.objects.coming().filter(series=session.series_id, confirmed_at__lt=session.starts_at - before)
    for registration in seats.exclude(pk__in=absent).select_related("user").order_by("pk"):
        yield Draft(
            key=f"reminder:{session.pk}:{registration.pk}:{hours}h:{session.starts_at:%Y%m%dT%H%MZ}",
            kind="reminder-24h" if before >= EARLY else "reminder-1h",
            to=registration.user.email,
            language=registration.user.language,
            data={
                "registration": registration.pk,
                "session": session.pk,
                "starts_at": session.starts_at.isoformat(),
            },
            expires_at=useful_until,
        )
