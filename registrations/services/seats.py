"""Taking a seat or joining the waitlist, giving up a seat, and promoting from the waitlist."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import ProviderProfile, User
from registrations.models import Answer, EndReason, Registration, RegistrationState
from registrations.services.notifications import notify, notify_inviter
from sessions_app.models import Publication, Series
from sessions_app.status import Status, registration_status
from sessions_app.version import programme_changed

Answers = Mapping[int, list[str]]  # the key of a question → what was answered
TAKE_SEAT = """
    UPDATE sessions_app_series SET seats_taken = seats_taken + 1
    WHERE id = %s AND (capacity IS NULL OR seats_taken < capacity) RETURNING *
"""
OPEN = (Status.OPEN, Status.WAITLIST, Status.FULL)
# Staff may also register someone before registration opens and after it closes.
OPEN_TO_STAFF = (*OPEN, Status.SOON, Status.CLOSED)


class RegistrationRefusedError(Exception):
    """The series cannot be registered for; `status` says why."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


class NotForThisAudienceError(Exception):
    """The series is only for certain professions, and the person has none of them."""


def register(
    series: Series, user: User, *, now: datetime, answers: Answers | None = None, by_staff: bool = False
) -> Registration:
    """Give `user` a seat in `series`, or put them on the waitlist if the series is full and has one. Email them.

    Registering again, a double click or a retried request returns the same registration and sends nothing twice. It
    confirms a seat that a colleague reserved, and gives someone who had asked for the recording a new start. Raises
    RegistrationRefusedError if the series is not open, NotForThisAudienceError if it is for other professions.
    """
    try:
        with transaction.atomic():
            return _register(series.pk, user, now, answers or {}, by_staff=by_staff)
    except IntegrityError:  # the same person's other click came first and made the registration
        return Registration.objects.active().get(series=series, user=user)


def _register(series_id: int, user: User, now: datetime, answers: Answers, *, by_staff: bool) -> Registration:
    existing = Registration.objects.active().filter(series_id=series_id, user=user).first()
    if existing and existing.state != RegistrationState.RECORDING:
        return confirm(existing, now) if existing.is_held and not by_staff else existing
    state, series = _take_seat_or_join_waitlist(series_id)
    # the series' row is locked by now, so nobody can close or cancel it before the transaction ends
    check_open(series, now, by_staff=by_staff, has_seat=state == RegistrationState.CONFIRMED)
    if series.audience_required and not by_staff:
        _check_audience(series, user)
    if existing:
        end(existing, EndReason.CAME_BACK, now)
    registration = create(series_id, user, state, now)
    Answer.objects.bulk_create(
        Answer(registration=registration, question_id=question, value=value) for question, value in answers.items()
    )
    notify(registration, "registered" if state == RegistrationState.CONFIRMED else "waitlisted", now)
    if state == RegistrationState.CONFIRMED:  # public pages show the seats that are left, and nothing of the waitlist
        transaction.on_commit(programme_changed)
    return registration


def check_open(series: Series, now: datetime, *, by_staff: bool, has_seat: bool) -> None:
    """Raise RegistrationRefusedError if the series is not open, or has neither a seat for the person nor a waitlist.

    A seat that was taken is given back with the transaction.
    """
    status = check_status(series, OPEN_TO_STAFF if by_staff else OPEN, now)
    if not has_seat and (status == Status.CLOSED or not series.waitlist_enabled):
        raise RegistrationRefusedError(Status.FULL)  # there is no waitlist


def check_status(series: Series, wanted: Collection[Status], now: datetime) -> Status:
    """Return the status of a published series. Raises RegistrationRefusedError if it is not among those wanted."""
    status = registration_status(series, now)
    if series.publication != Publication.PUBLISHED:
        raise RegistrationRefusedError(Status.CLOSED)
    if status not in wanted:
        raise RegistrationRefusedError(status)
    return status


def _check_audience(series: Series, user: User) -> None:
    profession = ProviderProfile.objects.filter(user=user).values_list("profession", flat=True).first()
    if not series.accepts_profession(profession or ""):
        raise NotForThisAudienceError


def create(
    series_id: int, user: User, state: RegistrationState, now: datetime, *, held_until: datetime | None = None
) -> Registration:
    return Registration.objects.create(
        series_id=series_id,
        user=user,
        state=state,
        created_at=now,
        confirmed_at=now if state == RegistrationState.CONFIRMED else None,
        waitlisted_at=now if state == RegistrationState.WAITLISTED else None,
        held_until=held_until,
    )


def take_seat(series_id: int) -> Series | None:
    """Take a seat with one conditional update (docs/structure.md), which locks the series' row until the transaction
    ends.

    Returns the series with the seat taken, read in the same round trip, or None if there is no seat.
    """
    return next(iter(Series.objects.raw(TAKE_SEAT, [series_id])), None)


def _take_seat_or_join_waitlist(series_id: int) -> tuple[RegistrationState, Series]:
    """Return a seat's state, or the waitlist's. Either way the series' row is locked.

    A seat may be freed between the first try and the lock. Then it tries once more. The lock keeps the count still while
    the person joins the waitlist.
    """
    if series := take_seat(series_id):
        return RegistrationState.CONFIRMED, series
    locked = Series.objects.select_for_update().get(pk=series_id)
    if locked.seats_left != 0 and (series := take_seat(series_id)):
        return RegistrationState.CONFIRMED, series
    return RegistrationState.WAITLISTED, locked


@transaction.atomic
def confirm(registration: Registration, now: datetime) -> Registration:
    """Confirm a seat that a colleague reserved. Confirming twice changes nothing.

    Raises NotForThisAudienceError if the series is for other professions.
    """
    series, registration = lock(registration)
    if registration.is_held:
        if series.audience_required:
            _check_audience(series, registration.user)
        registration.held_until = None
        registration.save(update_fields=["held_until"])
        notify(registration, "registered", now)
    return registration


@transaction.atomic
def cancel(registration: Registration, *, now: datetime) -> Registration:
    """Cancel a registration. A seat goes to the first person on the waitlist at once. Cancelling twice changes nothing."""
    series, registration = lock(registration)
    if registration.state == RegistrationState.CANCELLED:
        return registration
    waited = registration.state == RegistrationState.WAITLISTED
    was_held = registration.is_held
    end_and_free_seat(series, registration, EndReason.SELF, now)
    notify(registration, "left-waitlist" if waited else "declined" if was_held else "cancelled", now)
    if was_held:
        notify_inviter(registration, now)
    return registration


@transaction.atomic
def switch_to_recording(registration: Registration, *, now: datetime) -> Registration:
    """Give up the seat or the place on the waitlist and ask for the recording. The seat goes to the waitlist."""
    series, registration = lock(registration)
    if registration.state not in (RegistrationState.CONFIRMED, RegistrationState.WAITLISTED):
        return registration
    had_seat = registration.state == RegistrationState.CONFIRMED
    registration.state, registration.recording_at, registration.held_until = RegistrationState.RECORDING, now, None
    registration.save(update_fields=["state", "recording_at", "held_until"])
    notify(registration, "recording-only", now)
    if had_seat:
        free_seat(series, now)
    return registration


def lock(registration: Registration) -> tuple[Series, Registration]:
    """Lock the series' row and the registration's, in that order, and read both again."""
    series = Series.objects.select_for_update().get(pk=registration.series_id)
    return series, Registration.objects.select_for_update().get(pk=registration.pk)


def end_and_free_seat(series: Series, registration: Registration, reason: EndReason, now: datetime) -> None:
    """End a registration and give its seat to the waitlist. The caller has locked both rows, and notifies."""
    had_seat = registration.state == RegistrationState.CONFIRMED
    end(registration, reason, now)
    if had_seat:
        free_seat(series, now)


def end(registration: Registration, reason: EndReason, now: datetime) -> None:
    registration.state, registration.cancelled_at, registration.end_reason = RegistrationState.CANCELLED, now, reason
    registration.save(update_fields=["state", "cancelled_at", "end_reason"])


def free_seat(series: Series, now: datetime) -> None:
    """Put a seat back and promote from the waitlist. The caller has locked the series' row."""
    Series.objects.filter(pk=series.pk).update(seats_taken=F("seats_taken") - 1)
    promote_from_waitlist(series, now)
    transaction.on_commit(programme_changed)


@transaction.atomic
def fill_free_seats(series: Series, *, now: datetime) -> int:
    """Give added seats to the waitlist, in the order in which people joined. Returns how many got one."""
    if not Registration.objects.waitlisted().filter(series=series).exists():
        return 0
    return promote_from_waitlist(Series.objects.select_for_update().get(pk=series.pk), now)


def promote_from_waitlist(series: Series, now: datetime) -> int:
    if registration_status(series, now) in (Status.PAST, Status.CANCELLED):
        return 0
    seated = 0
    for registration in (
        Registration.objects.waitlisted().filter(series=series).select_for_update().iterator(chunk_size=50)
    ):
        if not take_seat(series.pk):
            break
        give_seat(registration, now)
        seated += 1
    return seated


def give_seat(registration: Registration, now: datetime) -> None:
    """Give a seat that the caller has already taken to someone on the waitlist."""
    registration.state, registration.confirmed_at = RegistrationState.CONFIRMED, now
    registration.save(update_fields=["state", "confirmed_at"])
    notify(registration, "seat-found", now)
