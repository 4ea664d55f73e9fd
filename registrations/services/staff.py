"""What staff and hub teams do to a registration. Each action is recorded with who did it, when and why.

A hub's team (`by_hub`) may do less than staff: it adds no seats, and gives nobody a place in a series that staff closed.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import User
from accounts.services import get_or_create_user
from registrations.models import EndReason, Invitation, Registration, RegistrationState, StaffAction
from registrations.services.notifications import notify
from registrations.services.seats import (
    OPEN_TO_STAFF,
    RegistrationRefusedError,
    check_open,
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
    """There is no seat and no waitlist to put the person on."""


class NoFreeSeatError(NoSeatError):
    """No seat is free for someone who would skip the waitlist."""


@transaction.atomic
def register_for(
    series: Series, email: str, *, name: str, language: str, by: User, now: datetime, by_hub: bool = False
) -> Registration:
    """Register someone by their email address, also before registration opens and after it closes. Creates an account
    if there is none.

    The name is only for a new account. Someone who is already registered stays so, and nothing is recorded. Raises
    RegistrationRefusedError if nobody can be registered.
    """
    if by_hub:  # by what the page has read, before an account is created. `register` checks it again under the lock
        check_open(series, now, by_staff=True, has_seat=series.seats_left != 0)
    user = get_or_create_user(email, language=language, name=name)
    if by_hub:
        _check_not_closed(Series.objects.select_for_update().get(pk=series.pk))
    registration = register(series, user, now=now, by_staff=True)
    if registration.created_at == now:
        _record_action(registration, StaffAction.Action.REGISTERED, by, now)
    return registration


def _check_not_closed(series: Series) -> None:
    """Raise RegistrationRefusedError if staff closed registration. The caller has locked the series' row."""
    if series.is_closed:
        raise RegistrationRefusedError(Status.CLOSED)


@transaction.atomic
def promote(registration: Registration, *, by: User, reason: str, now: datetime, by_hub: bool = False) -> Registration:
    """Give someone on the waitlist a seat out of turn. A full series gets one more seat, so nobody loses theirs.

    A hub's team adds no seat, because staff review changes of the capacity (`check_hub_may_promote`). Raises
    RegistrationRefusedError if the series is past or cancelled.
    """
    series, registration = lock(registration)
    if registration.state != RegistrationState.WAITLISTED:
        return registration
    if by_hub:
        check_hub_may_promote(series, now)
    else:
        check_status(series, OPEN_TO_STAFF, now)
    if not take_seat(series.pk):
        _add_taken_seat(series)
    give_seat(registration, now)
    _record_action(registration, StaffAction.Action.PROMOTED, by, now, reason)
    transaction.on_commit(programme_changed)
    return registration


def check_hub_may_promote(series: Series, now: datetime) -> None:
    """Raise RegistrationRefusedError or NoFreeSeatError if a hub's team can't let anyone skip the waitlist of the series.

    That is the usual case, because a freed or added seat goes to the waitlist at once.
    """
    check_status(series, OPEN_TO_STAFF, now)
    _check_not_closed(series)
    if series.seats_left == 0:
        raise NoFreeSeatError


def _add_taken_seat(series: Series) -> None:
    """Add a seat that is taken. It counts as an edit, so that nobody who edits the listing sets the old capacity again."""
    Series.objects.filter(pk=series.pk).update(
        capacity=F("capacity") + 1, seats_taken=F("seats_taken") + 1, revision=F("revision") + 1
    )


@transaction.atomic
def move(
    registration: Registration, to: Series, *, by: User, reason: str, now: datetime, by_hub: bool = False
) -> Registration:
    """Move someone to another series: their registration here ends and they get one there, which is returned. They get
    one email about both. Moving twice changes nothing and returns the same registration.

    Someone with a seat is only moved to a seat; someone on the waitlist may move to the other waitlist. Raises
    NoSeatError if there is none, RegistrationRefusedError if the other series is past or cancelled.
    """
    locked = Series.objects.filter(pk__in=[registration.series_id, to.pk]).order_by("pk").select_for_update().in_bulk()
    series, to = locked[registration.series_id], locked[to.pk]
    registration = Registration.objects.select_for_update(of=["self"]).select_related("user").get(pk=registration.pk)
    if registration.state == RegistrationState.CANCELLED or series.pk == to.pk:
        return moved_to(registration, to) or registration
    check_status(to, OPEN_TO_STAFF, now)
    if by_hub:
        _check_not_closed(to)
    other = Registration.objects.active().filter(series=to, user=registration.user_id).first()
    arrived = other or _register_in(registration, to, now)
    _record_action(registration, StaffAction.Action.MOVED, by, now, reason)
    end_and_free_seat(series, registration, EndReason.MOVED, now)
    notify(registration, "moved", now, to=arrived.pk)
    transaction.on_commit(programme_changed)
    return arrived


def moved_to(registration: Registration, to: Series | None) -> Registration | None:
    """Return the registration that the person got in `to` when they were moved there, or None if they were not."""
    if registration.end_reason != EndReason.MOVED:
        return None
    return Registration.objects.filter(series=to, user=registration.user_id).order_by("pk").last()


def _register_in(registration: Registration, to: Series, now: datetime) -> Registration:
    held_until = registration.held_until if registration.is_held else None
    arrived = create(to.pk, registration.user, _state_in(registration, to, now), now, held_until=held_until)
    if held_until:  # the inviter still waits for an answer
        Invitation.objects.filter(registration=registration).update(registration=arrived, series=to)
    for added in registration.staff_actions.filter(action=StaffAction.Action.REGISTERED):
        _record_action(arrived, added.action, added.by, added.at)  # the person still hasn't registered themselves
    return arrived


def _state_in(registration: Registration, to: Series, now: datetime) -> RegistrationState:
    """Return the state that the person gets in the other series. The caller has locked the rows of both."""
    if take_seat(to.pk):
        return RegistrationState.CONFIRMED
    if registration.state == RegistrationState.CONFIRMED or not to.waitlist_enabled:
        raise NoSeatError
    if registration_status(to, now) == Status.CLOSED:
        raise NoSeatError
    return RegistrationState.WAITLISTED


@transaction.atomic
def cancel_for(registration: Registration, *, by: User, note: str, now: datetime) -> Registration:
    """Cancel someone's registration with a message to them. A seat goes to the waitlist at once."""
    series, registration = lock(registration)
    if registration.state == RegistrationState.CANCELLED:
        return registration
    had = registration.state
    _record_action(registration, StaffAction.Action.CANCELLED, by, now, note)
    end_and_free_seat(series, registration, EndReason.STAFF, now)
    notify(registration, "cancelled-by-us", now, had=had, note=note)
    return registration


def _record_action(registration: Registration, action: str, by: User | None, now: datetime, reason: str = "") -> None:
    StaffAction.objects.create(registration=registration, action=action, by=by, at=now, reason=reason)
