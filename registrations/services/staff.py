"""What staff do to someone's place. Each act is written down with who did it, when and why."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import User
from accounts.services import get_or_create_user
from registrations.models import EndReason, Invitation, Registration, RegistrationState, StaffAction
from registrations.services.notifications import notify
from registrations.services.seats import (
    OPEN_TO_STAFF,
    check_status,
    create,
    end_and_free_seat,
    give_seat,
    lock,
    register,
    take_seat,
)
from sessions_app.models import Series
from sessions_app.status import Status, registration_status
from sessions_app.version import programme_changed


class NoSeatError(Exception):
    """There is no seat, or no line, to put the person in."""


@transaction.atomic
def register_for(series: Series, email: str, *, name: str, language: str, by: User, now: datetime) -> Registration:
    """Register someone by their address; an account is begun where there is none. Works before opening and after closing too.

    The name is kept only where the account has none. Raises RegistrationRefusedError for a series that is past, cancelled, or
    full without a waitlist.
    """
    user = get_or_create_user(email, language=language)
    if name and not user.name:
        user.name = name
        user.save(update_fields=["name"])
    registration = register(series, user, now=now, by_staff=True)
    _record_action(registration, StaffAction.Action.REGISTERED, by, now)
    return registration


@transaction.atomic
def promote(registration: Registration, *, by: User, reason: str, now: datetime) -> Registration:
    """Give someone in line a seat out of turn. A series with a line is full, so it gets one seat more: nobody loses theirs."""
    series, registration = lock(registration)
    if registration.state != RegistrationState.WAITLISTED:
        return registration
    check_status(series, OPEN_TO_STAFF, now)
    if not take_seat(series.pk):
        Series.objects.filter(pk=series.pk).update(capacity=F("capacity") + 1, seats_taken=F("seats_taken") + 1)
    give_seat(registration, now)
    _record_action(registration, StaffAction.Action.PROMOTED, by, now, reason)
    transaction.on_commit(programme_changed)
    return registration


@transaction.atomic
def move(registration: Registration, to: Series, *, by: User, reason: str, now: datetime) -> Registration:
    """Move someone to another series: their place here ends, and they have one there; gives the new one.

    Whoever has a seat is moved to a seat only; whoever waits may go to the other line. The person is told once, with both.
    Raises NoSeatError where there is none, RegistrationRefusedError where the other series is past or cancelled.
    """
    list(Series.objects.filter(pk__in=[registration.series_id, to.pk]).order_by("pk").select_for_update())
    series, registration = lock(registration)
    if registration.state == RegistrationState.CANCELLED or series.pk == to.pk:
        return registration
    to = Series.objects.get(pk=to.pk)
    check_status(to, OPEN_TO_STAFF, now)
    other = Registration.objects.active().filter(series=to, user=registration.user_id).first()
    arrived = other or _register_in(registration, to, now)
    _record_action(registration, StaffAction.Action.MOVED, by, now, reason)
    end_and_free_seat(series, registration, EndReason.MOVED, now)
    notify(registration, "moved", now, to=arrived.pk)
    transaction.on_commit(programme_changed)
    return arrived


def _register_in(registration: Registration, to: Series, now: datetime) -> Registration:
    held_until = registration.held_until if registration.is_held else None
    arrived = create(to.pk, registration.user, _state_in(registration, to, now), now, held_until=held_until)
    if held_until:  # whoever invited them still waits for the answer
        Invitation.objects.filter(registration=registration).update(registration=arrived, series=to)
    return arrived


def _state_in(registration: Registration, to: Series, now: datetime) -> RegistrationState:
    """The rows of both series are locked by the caller."""
    if take_seat(to.pk):
        return RegistrationState.CONFIRMED
    if registration.state == RegistrationState.CONFIRMED or not to.waitlist_enabled:
        raise NoSeatError
    if registration_status(to, now) == Status.CLOSED:
        raise NoSeatError
    return RegistrationState.WAITLISTED


@transaction.atomic
def cancel_for(registration: Registration, *, by: User, note: str, now: datetime) -> Registration:
    """Cancel someone's place with a message to them; a seat goes at once to the first in line."""
    series, registration = lock(registration)
    if registration.state == RegistrationState.CANCELLED:
        return registration
    had = registration.state
    _record_action(registration, StaffAction.Action.CANCELLED, by, now, note)
    end_and_free_seat(series, registration, EndReason.STAFF, now)
    notify(registration, "cancelled-by-us", now, had=had, note=note)
    return registration


def _record_action(
    registration: Registration, action: StaffAction.Action, by: User, now: datetime, reason: str = ""
) -> None:
    StaffAction.objects.create(registration=registration, action=action, by=by, at=now, reason=reason)
