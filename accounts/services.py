"""What the accounts room does: one function an act, one transaction each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import ProviderProfile, User, normalize_email
from accounts.zones import OF_PROVINCE

UNPROVEN_KEPT_FOR = timedelta(days=2)


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
def find_or_begin(email: str, *, language: str) -> User:
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


@transaction.atomic
def keep_details(user: User, details: Details) -> None:
    """Write what the person, now proven, said of themselves."""
    user.name = details.name
    user.language = details.language
    user.time_zone = details.time_zone or OF_PROVINCE[details.province]
    user.save(update_fields=["name", "language", "time_zone"])
    kept = ("profession", "province", "practice_setting", "organization", "accessibility_needs")
    ProviderProfile.objects.update_or_create(user=user, defaults={name: getattr(details, name) for name in kept})


def unproven(now: datetime) -> QuerySet[User]:
    """The accounts that were begun and never proven, older than UNPROVEN_KEPT_FOR."""
    return User.objects.filter(
        date_joined__lt=now - UNPROVEN_KEPT_FOR,
        emailaddress__verified=False,
        last_login=None,
        is_staff=False,
        profile=None,
    ).order_by("pk")


@transaction.atomic
def close(user: User, *, now: datetime) -> None:
    """Close an account for good: nobody can sign in to it, and nothing in it tells who it was.

    Profession, practice setting and province stay, without a person, for the programme's figures (Quebec's Law 25 calls this
    anonymized). The address is free again: registering with it begins a new account.
    """
    user.email = f"closed-{user.pk}@account.invalid"
    user.name = ""
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
    for session in UserSession.objects.filter(user=user):
        session.end()
