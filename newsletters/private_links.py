"""Signed tokens for the private settings: changing the address, downloading the data, and being forgotten.

The link to the preferences is in every bulk email, and people forward those. So these three need a link that was emailed to the
subscriber's own address just now.
"""

from datetime import datetime, timedelta

from django.core import signing

from accounts.fields import is_key
from newsletters.models import Subscriber

VALID_FOR = timedelta(hours=1)  # the pages and the email say "one hour"


class LinkExpiredError(Exception):
    """The link was valid, but is too old."""


def make_private_token(subscriber: Subscriber, now: datetime) -> str:
    until = int((now + VALID_FOR).timestamp())
    return _signer(subscriber).sign(f"{subscriber.pk}-{until}")


def by_private_token(token: str, now: datetime) -> Subscriber | None:
    """Return whose private settings the token opens. Raises LinkExpiredError."""
    pk = token.partition("-")[0]
    subscriber = Subscriber.objects.filter(pk=pk).first() if is_key(pk) else None
    if subscriber is None:
        return None
    try:
        until = _signer(subscriber).unsign(token).partition("-")[2]
    except signing.BadSignature:
        return None
    if int(until) <= now.timestamp():
        raise LinkExpiredError
    return subscriber


def _signer(subscriber: Subscriber) -> signing.Signer:
    """A new address gets a new token for the preferences, so private links to the old address stop working."""
    return signing.Signer(salt=f"newsletters.private:{subscriber.token}")
