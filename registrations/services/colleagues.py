"""A manager takes seats for colleagues: each has a named place at once, and 48 hours to say that they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.services import find_or_begin
from registrations.models import EndReason, Invitation, Place, Registration
from registrations.services.news import tell, tell_inviter
from registrations.services.seats import check_status, confirm, create, end, free_seat, lock, take_seat
from sessions_app.models import Series
from sessions_app.services import programme_changed
from sessions_app.status import Status

HELD_FOR = timedelta(hours=48)
MOST = 10


class ColleagueError(Exception):
    """There are fewer seats than colleagues; `left` says how many there are."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


@dataclass(frozen=True)
class Colleague:
    name: str
    email: str


@transaction.atomic
def invite(
    series: Series, colleagues: Sequence[Colleague], *, by: User, language: str, now: datetime
) -> list[Invitation]:
    """Take a seat for each colleague and mail them; all of them, or none.

    A seat is held for HELD_FOR, or until registration closes if that is sooner. Whoever has a place already keeps it, and whoever
    invites is not told. Raises ColleagueError where the seats do not suffice, RegistrationRefusedError where it is not open.
    """
    series = Series.objects.select_for_update().get(pk=series.pk)
    check_status(series, [Status.OPEN], now)
    until = min(now + HELD_FOR, series.closes_at or now + HELD_FOR)
    return [_hold(series, colleague, by=by, until=until, language=language, now=now) for colleague in colleagues]


def _hold(
    series: Series, colleague: Colleague, *, by: User, until: datetime, language: str, now: datetime
) -> Invitation:
    user = find_or_begin(colleague.email, language=language)
    registration = None
    if not Registration.objects.active().filter(series=series, user=user).exists():
        if not take_seat(series.pk):
            raise ColleagueError(series.seats_left or 0)  # as many as there were before the first of them
        registration = create(series.pk, user, Place.CONFIRMED, now, held_until=until)
    invitation = Invitation.objects.create(
        series=series, inviter=by, name=colleague.name, email=user.email, registration=registration, created_at=now
    )
    if registration:
        tell(registration, "invited", now)
        transaction.on_commit(programme_changed)
    return invitation


def confirm_invitation(registration: Registration, *, now: datetime) -> Registration:
    """The colleague says that they come; their account takes the name that they were called by, if it has none."""
    registration = confirm(registration, now)
    user, invitation = registration.user, Invitation.objects.filter(registration=registration).first()
    if invitation and not user.name:
        user.name = invitation.name
        user.save(update_fields=["name"])
    return registration


def let_invitations_lapse(now: datetime) -> int:
    """Give the seats that nobody confirmed in time back to the line; tell the colleague and who invited them. Returns how many."""
    late = list(Registration.objects.confirmed().filter(held_until__lte=now).order_by("series", "pk"))
    return sum(_lapse(registration, now) for registration in late)


@transaction.atomic
def _lapse(registration: Registration, now: datetime) -> bool:
    series, registration = lock(registration)
    if not registration.is_held:  # confirmed, or given up, while this waited for the lock
        return False
    end(registration, EndReason.LAPSED, now)
    free_seat(series, now)
    tell(registration, "invitation-lapsed", now)
    tell_inviter(registration, now)
    return True
