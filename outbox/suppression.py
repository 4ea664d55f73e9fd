"""Addresses that get no email: after a hard bounce, soft bounces on several days, or a complaint."""

from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from outbox.addresses import ascii_domain
from outbox.models import SoftBounce, Suppression, SuppressionReason

# So many different days of refusals, within so long, and the address is given up.
SOFT_DAYS, SOFT_WITHIN = 5, timedelta(days=30)


def hash_of(email: str) -> str:
    """Return the same hash for every spelling of an address (capitals, a domain with accents or in ASCII)."""
    return salted_hmac("outbox.suppression", ascii_domain(email.strip().lower())).hexdigest()


def suppressed(emails: list[str]) -> dict[str, str]:
    """Return the suppressed ones among the addresses, each with its reason."""
    hashes = {email: hash_of(email) for email in emails}
    rows = Suppression.objects.filter(address_hash__in=hashes.values()).values_list("address_hash", "reason")
    reasons = dict(rows)
    return {email: reasons[address_hash] for email, address_hash in hashes.items() if address_hash in reasons}


def suppress(email: str, reason: SuppressionReason, *, now: datetime, detail: str = "") -> Suppression:
    """Send nothing more to `email` until staff allow it. The first reason is kept."""
    fresh = {"email": email, "reason": reason, "detail": detail[:300], "since": now}
    return Suppression.objects.get_or_create(address_hash=hash_of(email), defaults=fresh)[0]


def count_soft_bounce(email: str, *, now: datetime, detail: str = "") -> bool:
    """Record a temporary refusal, once a day. Returns whether SOFT_DAYS within SOFT_WITHIN suppress the address."""
    address_hash, day = hash_of(email), now.date()
    SoftBounce.objects.get_or_create(address_hash=address_hash, day=day)
    days = SoftBounce.objects.filter(address_hash=address_hash, day__gt=day - SOFT_WITHIN).count()
    if days < SOFT_DAYS:
        return False
    suppress(email, SuppressionReason.SOFT_BOUNCES, now=now, detail=detail)
    return True


def prune_soft_bounces(now: datetime) -> None:
    """Delete the days of refusals that count no longer."""
    SoftBounce.objects.filter(day__lte=now.date() - SOFT_WITHIN).delete()


def lift(suppression: Suppression) -> None:
    """Allow email to the address again and delete its soft bounces."""
    SoftBounce.objects.filter(address_hash=suppression.address_hash).delete()
    suppression.delete()
