"""A person with a seat reserves seats for colleagues. Each colleague has 48 hours to confirm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.fields import normalize_email
from accounts.models import ProviderProfile, User
from accounts.services import Details, get_or_create_user, save_details
from outbox.models import Message
from registrations.models import EndReason, Invitation, Registration, RegistrationState
from registrations.services.notifications import NOTIFICATION_LIFETIME, inviter_key, notify, notify_inviter
from registrations.services.seats import check_status, confirm, create, end, free_seat, lock, take_seat
from sessions_app.models import Series
from sessions_app.status import Status
from sessions_app.version import programme_changed

HELD_FOR = timedelta(hours=48)
MOST = 10  # on one screen
# So that nobody can take every seat with invented people: at most this many unanswered invitations a person over all series, and
# one in this many of a series' seats. So that nobody can flood a mailbox: at most this many invitations an address within a day.
MOST_UNANSWERED, SHARE_OF_SEATS = 20, 3
MOST_PER_ADDRESS, A_DAY = 3, timedelta(days=1)
# Someone who did not confirm is forgotten this long after their seat was released. By then everyone was notified.
FORGOTTEN_AFTER = NOTIFICATION_LIFETIME
# The first number of the advisory locks; the second is a person's key.
INVITING = 0x1EC0


class InvitationError(Exception):
    """The colleagues cannot be invited. Nothing was changed."""


class NotRegisteredError(InvitationError):
    """The inviter has no confirmed registration of their own in the series."""


class OwnAddressError(InvitationError):
    """One of the addresses is the inviter's own."""


class TooFewError(InvitationError):
    """There are more colleagues than `left`."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = max(left, 0)


class ColleagueError(TooFewError):
    """There are more colleagues than seats; `left` is the number of seats."""


class TooManyUnansweredError(TooFewError):
    """The inviter has MOST_UNANSWERED unanswered invitations; `left` is how many more they may send."""


class TooManyHeldError(TooFewError):
    """A third of the series' seats wait for an answer; `left` is how many more may be held."""


class InvitedTooOftenError(InvitationError):
    """Each of `emails` was sent MOST_PER_ADDRESS invitations within a day."""

    def __init__(self, emails: Sequence[str]) -> None:
        super().__init__(emails)
        self.emails = emails


@dataclass(frozen=True)
class Colleague:
    name: str
    email: str


def may_invite(series: Series, by: User) -> bool:
    """Whether the person has a seat in the series that they took or confirmed themselves."""
    return Registration.objects.coming().filter(series=series, user=by).exists()


@transaction.atomic
def invite(
    series: Series, colleagues: Sequence[Colleague], *, by: User, language: str, now: datetime
) -> list[Invitation]:
    """Reserve a seat for each colleague and email them: all of them, or none.

    A seat is held for HELD_FOR, or until registration closes if that is sooner. Someone who is already registered stays
    so. The inviter is not told, so everyone counts towards the limits and every invitation looks unanswered. Raises an
    InvitationError, or RegistrationRefusedError if registration is not open.
    """
    users = {one.email: get_or_create_user(one.email, language=language) for one in sorted(colleagues, key=_address)}
    if by in users.values():
        raise OwnAddressError
    _queue_up({by.pk, *(user.pk for user in users.values())})
    series = Series.objects.select_for_update().get(pk=series.pk)
    check_status(series, [Status.OPEN], now)
    if not may_invite(series, by):
        raise NotRegisteredError
    _check_limits(series, [user.email for user in users.values()], by, now)
    until = min(now + HELD_FOR, series.closes_at or now + HELD_FOR)
    return [_hold(series, one.name, users[one.email], by=by, until=until, now=now) for one in colleagues]


def _address(colleague: Colleague) -> str:
    """Return the sort key: accounts are created in one order, so that two inviters never block each other."""
    return normalize_email(colleague.email)


def _queue_up(users: Iterable[int]) -> None:
    """Take advisory locks, so that only one transaction at a time counts the invitations by and to these people.

    Nothing else takes these locks. They are taken before any row's and in one order, so there is no deadlock.
    """
    with connection.cursor() as cursor:
        for pk in sorted(users):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [INVITING, pk])


def _check_limits(series: Series, emails: Sequence[str], by: User, now: datetime) -> None:
    """Raise an InvitationError if a limit is exceeded. The caller has locked the series' row and the people."""
    recent = Invitation.objects.filter(email__in=emails, created_at__gt=now - A_DAY).values_list("email", flat=True)
    counted = list(recent)
    too_often = [email for email in emails if counted.count(email) >= MOST_PER_ADDRESS]
    if too_often:
        raise InvitedTooOftenError(too_often)
    unanswered = _unanswered(now).filter(inviter=by).count()
    if unanswered + len(emails) > MOST_UNANSWERED:
        raise TooManyUnansweredError(MOST_UNANSWERED - unanswered)
    if series.capacity is None:
        return
    if len(emails) > series.capacity - series.seats_taken:
        raise ColleagueError(series.capacity - series.seats_taken)
    held = Registration.objects.confirmed().filter(series=series, held_until__isnull=False).count()
    if held + len(emails) > series.capacity // SHARE_OF_SEATS:
        raise TooManyHeldError(series.capacity // SHARE_OF_SEATS - held)


def _unanswered(now: datetime) -> QuerySet[Invitation]:
    """Return the invitations that wait for an answer. Those to people who were already registered count just as long."""
    waiting = Q(registration__state=RegistrationState.CONFIRMED, registration__held_until__isnull=False)
    return Invitation.objects.filter(waiting | Q(registration=None, created_at__gt=now - HELD_FOR))


def _hold(series: Series, name: str, user: User, *, by: User, until: datetime, now: datetime) -> Invitation:
    registration = None
    if not Registration.objects.active().filter(series=series, user=user).exists():
        if not take_seat(series.pk):
            raise ColleagueError(0)
        registration = create(series.pk, user, RegistrationState.CONFIRMED, now, held_until=until)
    invitation = Invitation.objects.create(
        series=series, inviter=by, name=name, email=user.email, registration=registration, created_at=now
    )
    if registration:
        notify(registration, "invited", now)
        transaction.on_commit(programme_changed)
    return invitation


def asks_profession(registration: Registration) -> bool:
    """Whether an invited person must tell us their profession first: the series requires it and we don't know it."""
    series = registration.series
    is_required = registration.is_held and series.audience_required and bool(series.audience)
    return is_required and not ProviderProfile.objects.filter(user=registration.user_id).exists()


@transaction.atomic
def confirm_invitation(
    registration: Registration, *, now: datetime, profession: str = "", province: str = ""
) -> Registration:
    """Confirm the seat for the colleague. Their account gets the name that the inviter typed if it has none.

    `profession` and `province` are for someone without a profile; an existing profile is not changed. Raises
    NotForThisAudienceError if the series is for other professions. The seat then stays held until it expires.
    """
    registration = lock(registration)[1]
    if not registration.is_held:
        return registration
    user, invitation = registration.user, Invitation.objects.filter(registration=registration).first()
    name = user.name or (invitation.name if invitation else "")
    if profession and not ProviderProfile.objects.filter(user=user).exists():
        save_details(user, Details(name=name, profession=profession, province=province, language=user.language))
    registration = confirm(registration, now)
    if name != user.name:
        user.name = name
        user.save(update_fields=["name"])
    return registration


def expire_invitations(now: datetime) -> int:
    """Give unconfirmed seats to the waitlist, and notify the colleague and the inviter. Returns how many."""
    late = list(Registration.objects.confirmed().filter(held_until__lte=now).order_by("series", "pk"))
    return sum(_lapse(registration, now) for registration in late)


@transaction.atomic
def _lapse(registration: Registration, now: datetime) -> bool:
    series, registration = lock(registration)
    if not registration.is_held:  # confirmed or given up while this waited for the lock
        return False
    end(registration, EndReason.LAPSED, now)
    free_seat(series, now)
    notify(registration, "invitation-lapsed", now)
    notify_inviter(registration, now)
    return True


@transaction.atomic
def delete_unanswered_invitations(now: datetime) -> int:
    """Delete invitations with their names and addresses FORGOTTEN_AFTER after they expired or were declined. Returns
    how many. Runs every hour.

    Invitations to people who were already registered are deleted as if they had expired. An account that an invitation
    created is deleted by `delete_unproven_accounts`, which also removes its address from the ledger.
    """
    before = now - FORGOTTEN_AFTER
    never_confirmed = Q(registration__state=RegistrationState.CANCELLED, registration__held_until__isnull=False)
    old = Invitation.objects.filter(
        (never_confirmed & Q(registration__cancelled_at__lte=before))
        | Q(registration=None, created_at__lte=before - HELD_FOR)
    )
    rows = list(old.values_list("pk", "registration"))
    # the copy of the email that told the inviter names the colleague too
    Message.objects.filter(key__in=[inviter_key(ended) for _pk, ended in rows if ended]).update(as_sent=None)
    return Invitation.objects.filter(pk__in=[pk for pk, _ended in rows]).delete()[0]
