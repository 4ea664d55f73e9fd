"""Whom a link or an address belongs to."""

from allauth.account.models import EmailAddress
from django.utils.crypto import salted_hmac

from accounts.fields import normalize_email
from accounts.models import User
from newsletters.models import FormerToken, Subscriber

# In the links of tests and previews. Nobody has it: they lead to a page that says what the links in the real email do.
SAMPLE_TOKEN = "sample-link-of-a-test-email-0000"  # noqa: S105 - as long as a token, and no secret


def hash_of_token(token: str) -> str:
    return salted_hmac("newsletters.former-token", token).hexdigest()


def by_token(token: str) -> Subscriber | None:
    """Return whose preferences the token opens."""
    return Subscriber.objects.filter(token=token).first()


def former_token(token: str) -> FormerToken | None:
    """Return the note about a token that is still in emails but no longer opens anything."""
    return FormerToken.objects.select_related("subscriber").filter(token_hash=hash_of_token(token)).first()


def active_subscriber(email: str) -> Subscriber | None:
    """Return who is subscribed with this address, also while paused."""
    return Subscriber.objects.filter(email=normalize_email(email), unsubscribed_at=None).first()


def by_email(email: str) -> Subscriber | None:
    """Return the subscriber with this address, also if they have left."""
    return Subscriber.objects.filter(email=normalize_email(email)).first()


def subscriber_of(user: object) -> Subscriber | None:
    """Return the subscriber with the address of the account, if it was proven with a code."""
    if not isinstance(user, User):
        return None
    is_proven = EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()
    return active_subscriber(user.email) if is_proven else None
