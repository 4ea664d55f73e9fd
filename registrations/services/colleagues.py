"""A person with a seat reserves seats for colleagues: each has a named seat at once, and 48 hours to confirm it."""

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
# Against taking every seat with invented people: so many unanswered invitations a person over all series, and of a series'
# seats one in so many. Against flooding a stranger's mailbox: so many invitations an address within a day.
MOST_UNANSWERED, SHARE_OF_SEATS = 20, 3
MOST_PER_ADDRESS, A_DAY = 3, timedelta(days=1)
# Whoever never said yes is forgotten so long after their seat was released: by then everyone was told, or the email expired.
FORGOTTEN_AFTER = NOTIFICATION_LIFETIME
# The first number of the advisory locks taken here; the second is a person's key.
INVITING = 0x1EC0


class InvitationError(Exception):
    """The colleagues cannot be invited; nothing was changed."""


class NotRegisteredError(InvitationError):
    """The inviter has no confirmed registration of their own in the series."""


class OwnAddressError(InvitationError):
    """One of the addresses is the inviter's own."""


class TooFewError(InvitationError):
    """More colleagues than `left`."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = max(left, 0)


class ColleagueError(TooFewError):
    """There are fewer seats than colleagues; `left` says how many there are."""


class TooManyUnansweredError(TooFewError):
    """The inviter waits for MOST_UNANSWERED answers already; `left` says how many more they may ask."""


class TooManyHeldError(TooFewError):
    """A third of the series' seats are held by people who have not answered; `left` says how many more may be."""


class InvitedTooOftenError(InvitationError):
    """MOST_PER_ADDRESS invitations went to each of `emails` within a day."""

    def __init__(self, emails: Sequence[str]) -> None:
        super().__init__(emails)
        self.emails = emails


@dataclass(frozen=True)
class Colleague:
    name: str
    email: str


def may_invite(series: Series, by: User) -> bool:
    """Whether someone has a seat of their own in the series, which they took or confirmed themselves."""
    return Registration.objects.coming().filter(series=series, user=by).exists()


@transaction.atomic
def invite(
    series: Series, colleagues: Sequence[Colleague], *, by: User, language: str, now: datetime
) -> list[Invitation]:
    """Reserve a seat for each colleague and email them; all of them, or none.

    A seat is held for HELD_FOR, or until registration closes if that is sooner. Someone who is registered already stays so, and
    whoever invites is not told: all limits count whoever is named, and every name is an unanswered one. Raises an
    InvitationError, or RegistrationRefusedError where registration is not open.
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
    """Accounts are begun in one order, so that two inviters never wait for each other's."""
    return normalize_email(colleague.email)


def _queue_up(users: Iterable[int]) -> None:
    """Let only one transaction at a time count the invitations of each of these people, by them and to them.

    Nothing else takes these locks, and they are taken before any row's and in one order: nobody waits in a circle.
    """
    with connection.cursor() as cursor:
        for pk in sorted(users):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [INVITING, pk])


def _check_limits(series: Series, emails: Sequence[str], by: User, now: datetime) -> None:
    """The series' row and the people are locked by the caller. Raises an InvitationError."""
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
    """Invitations that wait for an answer; those to people who were registered already count as long as any other."""
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
    """Whether someone invited must say their profession before they can confirm: it is required here, and not known yet."""
    series = registration.series
    is_required = registration.is_held and series.audience_required and bool(series.audience)
    return is_required and not ProviderProfile.objects.filter(user=registration.user_id).exists()


@transaction.atomic
def confirm_invitation(
    registration: Registration, *, now: datetime, profession: str = "", province: str = ""
) -> Registration:
    """The colleague confirms the seat; their account takes the name that they were called by, if it has none.

    `profession` and `province` are what someone without a profile says on the way; whoever has one keeps it. Raises
    NotForThisAudienceError where the series is for other professions: the seat then stays held until it lapses.
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
    """Give the seats that nobody confirmed in time to the waitlist; tell the colleague and who invited them. Returns how many."""
    late = list(Registration.objects.confirmed().filter(held_until__lte=now).order_by("series", "pk"))
    return sum(_lapse(registration, now) for registration in late)


@transaction.atomic
def _lapse(registration: Registration, now: datetime) -> bool:
    series, registration = lock(registration)
    if not registration.is_held:  # confirmed, or given up, while this waited for the lock
        return False
    end(registration, EndReason.LAPSED, now)
    free_seat(series, now)
    notify(registration, "invitation-lapsed", now)
    notify_inviter(registration, now)
    return True


@transaction.atomic
def delete_unanswered_invitations(now: datetime) -> int:
    """Delete the invitations that nobody said yes to, FORGOTTEN_AFTER after they lapsed or were declined, with the names and
    addresses in them; returns how many. Run every hour.

    Those to people who were registered already go as if they had lapsed. The account that an invitation began is deleted by
    `delete_unproven_accounts`, which also takes its address out of the ledger.
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
