"""What the accounts app does: one function for each action, one transaction each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session as WebSession
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from django.dispatch import Signal

from accounts.fields import normalize_email
from accounts.models import ProviderProfile, User
from accounts.zones import OF_PROVINCE

UNPROVEN_KEPT_FOR = timedelta(days=2)
# Sent by change_email, inside its transaction, with user, old, new, is_proven and now. Apps that this one may not import do
# their part there: email that waits for the old address follows, and both addresses are told.
email_changed = Signal()


class AddressTakenError(Exception):
    """Another account has this email address."""


@dataclass(frozen=True)
class Details:
    """What a provider says of themselves when they register."""

    name: str
    profession: str
    province: str
    language: str
    time_zone: str | None = None
    practice_setting: str = ""
    organization: str = ""
    accessibility_needs: str = ""


@transaction.atomic
def get_or_create_user(email: str, *, language: str) -> User:
    """The account of an address, begun where there is none.

    A begun account holds nothing but the address, until the address is proven by a code: what a stranger typed is never
    written to somebody's account. Begun ones that nobody proves are forgotten after UNPROVEN_KEPT_FOR.
    """
    email = normalize_email(email)
    user, begun = User.objects.get_or_create(email=email, defaults={"language": language})
    if begun:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=False)
    return user


def restart_unproven_account(user: User, *, now: datetime) -> None:
    """A code is on its way to the person: an account that was never proven is not forgotten while it is."""
    _never_proven().filter(pk=user.pk).update(date_joined=now)


@transaction.atomic
def save_details(user: User, details: Details) -> None:
    """Write what the person, now proven, said of themselves."""
    user.name = details.name
    user.language = details.language
    user.time_zone = details.time_zone or OF_PROVINCE[details.province]
    user.save(update_fields=["name", "language", "time_zone"])
    kept = ("profession", "province", "practice_setting", "organization", "accessibility_needs")
    ProviderProfile.objects.update_or_create(user=user, defaults={name: getattr(details, name) for name in kept})


def unproven(now: datetime) -> QuerySet[User]:
    """The accounts that were begun and never proven, older than UNPROVEN_KEPT_FOR."""
    return _never_proven().filter(date_joined__lt=now - UNPROVEN_KEPT_FOR).order_by("pk")


def _never_proven() -> QuerySet[User]:
    """Accounts that hold nothing but an address that somebody typed."""
    return User.objects.filter(emailaddress__verified=False, last_login=None, is_staff=False, profile=None)


def address_is_taken(email: str) -> bool:
    """Whether the address belongs to somebody. One that was only typed, and never proven, does not."""
    return User.objects.filter(email=email).exclude(pk__in=_never_proven().values("pk")).exists()


@transaction.atomic
def change_email(
    user: User, new_email: str, *, now: datetime, is_proven: bool = False, session_key: str | None = None
) -> bool:
    """Give an account another email address. From then on only the new one signs in; says whether anything changed.

    Everyone who is signed in to the account is signed out, except in the web session `session_key`; codes that were sent to the
    old address are of no use (accounts/code_page.py). `is_proven` says that the person entered a code sent to the new address;
    an account that somebody began with it, and never proved, then makes way. `email_changed` is sent for the other apps.
    Raises AddressTakenError.
    """
    new_email = normalize_email(new_email)
    locked = User.objects.select_for_update().get(pk=user.pk)
    old_email, user.former_emails = locked.email, locked.former_emails
    if new_email == old_email:
        return False
    if is_proven:
        _make_way(new_email)
    user.email, user.former_emails = new_email, [*user.former_emails, old_email]
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "former_emails"])
    except IntegrityError:
        user.email, user.former_emails = old_email, user.former_emails[:-1]
        raise AddressTakenError from None  # what the database said has the address in it
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=new_email, primary=True, verified=is_proven)
    end_sessions(user, but=session_key)
    email_changed.send(User, user=user, old=old_email, new=new_email, is_proven=is_proven, now=now)
    return True


def former_emails(user: User) -> list[str]:
    """The addresses that the account had before, without those that were another person's too: what was sent there may be theirs."""
    others = User.objects.exclude(pk=user.pk)
    shared = set(others.filter(email__in=user.former_emails).values_list("email", flat=True))
    for theirs in others.filter(former_emails__overlap=user.former_emails).values_list("former_emails", flat=True):
        shared.update(theirs)
    return sorted(set(user.former_emails) - shared)


def _make_way(email: str) -> None:
    """Delete an account that holds nothing but this address. One with a registration stays, and so does its address."""
    for other in _never_proven().filter(email=email):
        try:
            with transaction.atomic():
                other.delete()
        except ProtectedError:
            raise AddressTakenError from None


def end_sessions(user: User, *, but: str | None = None) -> None:
    """Sign the person out everywhere, except in the web session `but`."""
    for session in UserSession.objects.filter(user=user).exclude(session_key=but or ""):
        session.end()


def clear_sessions(now: datetime) -> int:
    """Delete the web sessions that have expired, and what is kept about them (IP address, browser); returns how many."""
    cleared = WebSession.objects.filter(expire_date__lt=now).delete()[0]
    UserSession.objects.exclude(session_key__in=WebSession.objects.values("session_key")).delete()
    return cleared


@transaction.atomic
def close(user: User, *, now: datetime) -> None:
    """Close an account for good: nobody can sign in to it, and nothing in it tells who it was.

    Profession, practice setting and province stay, without a person, for the programme's figures (Quebec's Law 25 calls this
    anonymized). The address is free again: registering with it begins a new account.
    """
    user.email = f"closed-{user.pk}@account.invalid"
    user.former_emails, user.name = [], ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.closed_at = now
    user.set_unusable_password()
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
    ProviderProfile.objects.filter(user=user).update(organization="", accessibility_needs="")
    # the admin's history repeats the name of whatever was edited
    theirs = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    theirs.update(object_repr=user.email)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
