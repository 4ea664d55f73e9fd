"""The actions of the accounts app. Each is one function and one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session as WebSession
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from django.dispatch import Signal

from accounts.fields import normalize_email
from accounts.models import ProviderProfile, User
from accounts.zones import PROVINCE_ZONES

UNPROVEN_KEPT_FOR = timedelta(days=2)
# change_email sends this inside its transaction, with user, old, new, is_proven and now, for apps that this one may not import.
# Receivers readdress queued email and notify both addresses.
email_changed = Signal()


class AddressTakenError(Exception):
    """Another account has this email address."""


@dataclass(frozen=True)
class Details:
    """The details that a provider enters when they register."""

    name: str
    profession: str
    province: str
    language: str
    time_zone: str | None = None
    practice_setting: str = ""
    organization: str = ""
    accessibility_needs: str = ""


def get_or_create_user(email: str, *, language: str, name: str = "") -> User:
    """Return the account with this address, or create one. `language` and `name` are only for a new account.

    Without a name, a new account has only the address until a code proves it, so that nothing a stranger enters is saved
    to someone's account. Accounts that are never proven are deleted after UNPROVEN_KEPT_FOR.
    """
    email = normalize_email(email)
    existing = User.objects.filter(email=email).first()
    if existing:
        return existing
    try:
        with transaction.atomic():
            user = User.objects.create(email=email, language=language, name=name, password=make_password(None))
            EmailAddress.objects.create(user=user, email=email, primary=True, verified=False)
    except IntegrityError:  # another request created it in the meantime
        return User.objects.get(email=email)
    return user


def restart_unproven_account(user: User, *, now: datetime) -> None:
    """Reset the age of an unproven account, so that it is not deleted while a code is on its way."""
    if user.date_joined < now:  # not created by this request
        _never_proven().filter(pk=user.pk).update(date_joined=now)


def record_proven_address(user: User) -> None:
    """Mark the account's address as verified, after a correct code. allauth does the same, with five statements."""
    EmailAddress.objects.filter(user=user, email=user.email, verified=False).update(verified=True)


@transaction.atomic
def save_details(user: User, details: Details) -> None:
    """Save the details of a person who has proven their address."""
    user.name = details.name
    user.language = details.language
    user.time_zone = details.time_zone or PROVINCE_ZONES[details.province]
    user.save(update_fields=["name", "language", "time_zone"])
    names = ["profession", "province", "practice_setting", "organization", "accessibility_needs"]
    profile = ProviderProfile(user=user, **{name: getattr(details, name) for name in names})
    # one statement, whether they have a profile or not
    ProviderProfile.objects.bulk_create([profile], update_conflicts=True, unique_fields=["user"], update_fields=names)


def unproven(now: datetime) -> QuerySet[User]:
    """Return the accounts that were never proven and are older than UNPROVEN_KEPT_FOR."""
    return _never_proven().filter(date_joined__lt=now - UNPROVEN_KEPT_FOR).order_by("pk")


def _never_proven() -> QuerySet[User]:
    """Return the accounts that have only an address, which nobody has proven."""
    return User.objects.filter(emailaddress__verified=False, last_login=None, is_staff=False, profile=None)


def address_is_taken(email: str) -> bool:
    """Whether an account has this address. Accounts that were never proven do not count."""
    return User.objects.filter(email=email).exclude(pk__in=_never_proven().values("pk")).exists()


@transaction.atomic
def change_email(
    user: User, new_email: str, *, now: datetime, is_proven: bool = False, session_key: str | None = None
) -> bool:
    """Change an account's email address, which is also its login. Returns whether anything changed.

    The person is signed out everywhere except in the web session `session_key`, and codes sent to the old address stop
    working. If `is_proven` (the person entered a code sent to the new address), an unproven account with the new address
    is deleted. Sends `email_changed` for the other apps. Raises AddressTakenError.
    """
    new_email = normalize_email(new_email)
    locked = User.objects.select_for_update().get(pk=user.pk)
    old_email, user.former_emails = locked.email, locked.former_emails
    if new_email == old_email:
        return False
    if is_proven:
        _delete_unproven_account(new_email)
    user.email, user.former_emails = new_email, [*user.former_emails, old_email]
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "former_emails"])
    except IntegrityError:
        user.email, user.former_emails = old_email, user.former_emails[:-1]
        raise AddressTakenError from None  # the database's message contains the address
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=new_email, primary=True, verified=is_proven)
    end_sessions(user, keep=session_key)
    email_changed.send(User, user=user, old=old_email, new=new_email, is_proven=is_proven, now=now)
    return True


def former_emails(user: User) -> list[str]:
    """Return the account's earlier addresses, without those that another account has or had."""
    others = User.objects.exclude(pk=user.pk)
    shared = set(others.filter(email__in=user.former_emails).values_list("email", flat=True))
    for theirs in others.filter(former_emails__overlap=user.former_emails).values_list("former_emails", flat=True):
        shared.update(theirs)
    return sorted(set(user.former_emails) - shared)


def _delete_unproven_account(email: str) -> None:
    """Delete the unproven account with this address. Raises AddressTakenError if it has a registration."""
    for other in _never_proven().filter(email=email):
        try:
            with transaction.atomic():
                other.delete()
        except ProtectedError:
            raise AddressTakenError from None


def end_sessions(user: User, *, keep: str | None = None) -> None:
    """Sign the person out everywhere, except in the web session with the key `keep`."""
    for session in UserSession.objects.filter(user=user).exclude(session_key=keep or ""):
        session.end()


def clear_sessions(now: datetime) -> int:
    """Delete expired web sessions and their IP addresses and user agents. Returns how many sessions were deleted."""
    cleared = WebSession.objects.filter(expire_date__lt=now).delete()[0]
    UserSession.objects.exclude(session_key__in=WebSession.objects.values("session_key")).delete()
    return cleared


@transaction.atomic
def close(user: User, *, now: datetime) -> None:
    """Close an account permanently. Nobody can sign in to it, and nothing in it identifies the person.

    Profession, practice setting and province stay for the program's statistics (anonymized, in the terms of Quebec's Law
    25). Registering with the same address later creates a new account.
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
    # the admin's history contains the name of each person edited
    theirs = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    theirs.update(object_repr=user.email)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
