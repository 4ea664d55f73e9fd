"""Addresses that nothing is sent to: after a hard bounce, after soft ones on several days, after a complaint."""

from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from outbox.addresses import ascii_domain
from outbox.models import SoftBounce, Suppression, SuppressionReason

# So many different days of refusals, within so long, and the address is given up.
SOFT_DAYS, SOFT_WITHIN = 5, timedelta(days=30)


def hash_of(email: str) -> str:
    """The same for every spelling of an address: capitals, and a domain with accents or in its ASCII form."""
    return salted_hmac("outbox.suppression", ascii_domain(email.strip().lower())).hexdigest()


def suppressed(emails: list[str]) -> dict[str, str]:
    """Which of the addresses are suppressed, each with its reason in a word."""
    hashes = {email: hash_of(email) for email in emails}
    rows = Suppression.objects.filter(address_hash__in=hashes.values()).values_list("address_hash", "reason")
    reasons = dict(rows)
    return {email: reasons[address_hash] for email, address_hash in hashes.items() if address_hash in reasons}


def suppress(email: str, reason: SuppressionReason, *, now: datetime, detail: str = "") -> Suppression:
    """Send nothing to `email` from here on, until staff lift it. The first reason stays."""
    fresh = {"email": email, "reason": reason, "detail": detail[:300], "since": now}
    return Suppression.objects.get_or_create(address_hash=hash_of(email), defaults=fresh)[0]


def count_soft_bounce(email: str, *, now: datetime, detail: str = "") -> bool:
    """Note a refusal for now: once a day. Past SOFT_DAYS within SOFT_WITHIN the address is suppressed; says whether it is."""
    address_hash, day = hash_of(email), now.date()
    SoftBounce.objects.get_or_create(address_hash=address_hash, day=day)
    days = SoftBounce.objects.filter(address_hash=address_hash, day__gt=day - SOFT_WITHIN).count()
    if days < SOFT_DAYS:
        return False
    suppress(email, SuppressionReason.SOFT_BOUNCES, now=now, detail=detail)
    return True


def lift(suppression: Suppression) -> None:
    """Staff know better: the address is written to again, and its days are forgotten."""
    SoftBounce.objects.filter(address_hash=suppression.address_hash).delete()
    suppression.delete()
