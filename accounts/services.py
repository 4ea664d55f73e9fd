"""What the accounts room does: one function an act, one transaction each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction

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
    ProviderProfile.objects.update_or_create(
        user=user, defaults={"profession": details.profession, "province": details.province}
    )


def forget_unproven(now: datetime) -> int:
    """Delete the accounts that were begun and never proven; returns how many."""
    old = User.objects.filter(
        date_joined__lt=now - UNPROVEN_KEPT_FOR,
        emailaddress__verified=False,
        last_login=None,
        is_staff=False,
        profile=None,
    )
    return old.delete()[1].get("accounts.User", 0)
