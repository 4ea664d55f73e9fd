"""Registering, cancelling, the waitlist and reminders: the rules of DESIGN.md §4 (seats, outbox).

Every act locks the series' row before it touches a registration, so that two acts on one series never wait for each other
in a circle.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from accounts.models import User
from outbox.models import Message
from outbox.services import Draft, write
from registrations.models import Place, Registration
from sessions_app.models import Delivery, Series, Session
from sessions_app.services import programme_changed
from sessions_app.status import Status, registration_status

# A reminder is due this long before its session, and no longer of use this long before it.
REMINDERS = {"24h": (timedelta(hours=24), timedelta(hours=2)), "1h": (timedelta(hours=1), timedelta(0))}
NEWS_KEEPS = timedelta(days=2)


class RegistrationRefusedError(Exception):
    """The series cannot be registered for; `status` says why."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


def register(series: Series, user: User, *, now: datetime) -> Registration:
    """Give `user` a seat in `series`, or a place in line where it is full and has a waitlist; tell them by mail.

    Asking again, a double click or a retried request gives the same one registration, and says nothing twice.
    Raises RegistrationRefusedError where the series is not open. `now` is an aware datetime.
    """
    try:
        with transaction.atomic():
            return _register(series.pk, user, now)
    except IntegrityError:  # the same person's other click came first; it holds the one registration
        return Registration.objects.active().get(series=series, user=user)


def _register(series_id: int, user: User, now: datetime) -> Registration:
    existing = Registration.objects.active().filter(series_id=series_id, user=user).first()
    if existing:
        return existing
    status = registration_status(Series.objects.get(pk=series_id), now)
    if status not in (Status.OPEN, Status.WAITLIST, Status.FULL):
        raise RegistrationRefusedError(status)
    place = Place.CONFIRMED if _take_seat(series_id) or _take_seat_under_lock(series_id) else Place.WAITLISTED
    registration = Registration.objects.create(
        series_id=series_id,
        user=user,
        place=place,
        created_at=now,
        confirmed_at=now if place == Place.CONFIRMED else None,
        waitlisted_at=now if place == Place.WAITLISTED else None,
    )
    _tell(registration, "registered" if place == Place.CONFIRMED else "waitlisted", now)
    transaction.on_commit(programme_changed)
    return registration


def _take_seat(series_id: int) -> bool:
    """The one conditional update of DESIGN.md §4; it also locks the series' row until the transaction ends."""
    free = Q(capacity=None) | Q(seats_taken__lt=F("capacity"))
    return bool(Series.objects.filter(free, pk=series_id).update(seats_taken=F("seats_taken") + 1))


def _take_seat_under_lock(series_id: int) -> bool:
    """Try once more, for a seat that was freed since; the lock then keeps the count still while the person joins the line.

    Raises RegistrationRefusedError where there is no line to join.
    """
    series = Series.objects.select_for_update().get(pk=series_id)
    if _take_seat(series_id):
        return True
    if not series.waitlist_enabled:
        raise RegistrationRefusedError(Status.FULL)
    return False


@transaction.atomic
def cancel(registration: Registration, *, now: datetime) -> Registration:
    """Give up a seat or a place in line; the seat goes at once to the first in line. Cancelling twice is cancelling once."""
    series = Series.objects.select_for_update().get(pk=registration.series_id)
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    if registration.place == Place.CANCELLED:
        return registration
    had_seat = registration.place == Place.CONFIRMED
    registration.place, registration.cancelled_at = Place.CANCELLED, now
    registration.save(update_fields=["place", "cancelled_at"])
    if had_seat:
        Series.objects.filter(pk=series.pk).update(seats_taken=F("seats_taken") - 1)
        _seat_those_in_line(series, now)
        _tell(registration, "cancelled", now)
    else:
        _tell(registration, "left-waitlist", now)
    transaction.on_commit(programme_changed)
    return registration


@transaction.atomic
def fill_free_seats(series: Series, *, now: datetime) -> int:
    """Give seats that were added to those in line, in the order of joining; returns how many were seated."""
    if not Registration.objects.waiting().filter(series=series).exists():
        return 0
    return _seat_those_in_line(Series.objects.select_for_update().get(pk=series.pk), now)


def _seat_those_in_line(series: Series, now: datetime) -> int:
    """The series' row is locked by the caller."""
    if registration_status(series, now) in (Status.PAST, Status.CANCELLED):
        return 0
    seated = 0
    for registration in (
        Registration.objects.waiting().filter(series=series).select_for_update().iterator(chunk_size=50)
    ):
        if not _take_seat(series.pk):
            break
        registration.place, registration.confirmed_at = Place.CONFIRMED, now
        registration.save(update_fields=["place", "confirmed_at"])
        _tell(registration, "seat-found", now)
        seated += 1
    return seated


def _tell(registration: Registration, kind: str, now: datetime) -> None:
    user = registration.user
    draft = Draft(
        key=f"{kind}:{registration.pk}",
        kind=kind,
        to=user.email,
        language=user.language,
        data={"registration": registration.pk},
        expires_at=now + NEWS_KEEPS,
    )
    write([draft], now=now)


def queue_due_reminders(now: datetime) -> int:
    """Write the reminders that are due at `now` and not written yet; returns how many.

    Whoever took their seat after a reminder's moment is not sent it: their confirmation says as much. A reminder that beat was
    too late for is not written at all, and one that waits too long in the outbox expires there. The key carries the session's
    start, so that a session that moves is reminded of anew.
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
        seats = Registration.objects.confirmed().filter(series=session.series_id, confirmed_at__lt=due_at)
        for registration in seats.select_related("user").order_by("pk"):
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
