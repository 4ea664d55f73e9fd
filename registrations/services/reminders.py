"""Which reminders are due, found by a query every minute (DESIGN.md §4: no ETA, no countdown)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from outbox.models import Message
from outbox.services import Draft, write
from registrations.models import Intention, Registration
from sessions_app.models import Delivery, Session

# A reminder is due this long before its session, and no longer of use this long before it.
REMINDERS = {"24h": (timedelta(hours=24), timedelta(hours=2)), "1h": (timedelta(hours=1), timedelta(0))}


def queue_due_reminders(now: datetime) -> int:
    """Write the reminders that are due at `now` and not written yet; returns how many.

    Whoever took their seat after a reminder's moment is not sent it: their confirmation says as much. A reminder that beat was
    too late for is not written at all, and one that waits too long in the outbox expires there. The key carries the session's
    start, so that a session that moves is reminded of anew. Nobody is reminded of a session that they said they cannot come to,
    nor of a seat that a colleague took and they have not confirmed.
    """
    written = 0
    for name, (before, useful_until) in REMINDERS.items():
        drafts = {draft.key: draft for draft in _due_reminders(name, before, useful_until, now)}
        told = set(Message.objects.filter(key__in=list(drafts)).values_list("key", flat=True))
        fresh = [draft for key, draft in drafts.items() if key not in told]
        write(fresh, now=now)
        written += len(fresh)
    return written


def _due_reminders(name: str, before: timedelta, useful_until: timedelta, now: datetime) -> Iterator[Draft]:
    """The reminder `name` of each seat in each session that starts between `useful_until` and `before` from now."""
    sessions = Session.objects.filter(
        delivery=Delivery.SCHEDULED,
        series__is_cancelled=False,
        starts_at__lte=now + before,
        starts_at__gt=now + useful_until,
    )
    for session in sessions:
        due_at = session.starts_at - before
        absent = Intention.objects.filter(session=session, is_coming=False).values("registration")
        seats = Registration.objects.coming().filter(series=session.series_id, confirmed_at__lt=due_at)
        for registration in seats.exclude(pk__in=absent).select_related("user").order_by("pk"):
            yield Draft(
                key=f"reminder:{session.pk}:{registration.pk}:{name}:{session.starts_at:%Y%m%dT%H%MZ}",
                kind=f"reminder-{name}",
                to=registration.user.email,
                language=registration.user.language,
                data={
                    "registration": registration.pk,
                    "session": session.pk,
                    "starts_at": session.starts_at.isoformat(),
                },
                expires_at=session.starts_at - useful_until,
            )
