"""Addresses that get no email, or only some: after a hard bounce, soft bounces on several days, or a complaint."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from outbox import message_types
from outbox.addresses import ascii_domain
from outbox.models import Message, SoftBounce, Suppression, SuppressionReason

# An address that refuses email on SOFT_DAYS different days within SOFT_WITHIN gets no email for another SOFT_WITHIN. After
# that we try again, because its owner may have emptied the mailbox.
SOFT_DAYS, SOFT_WITHIN = 5, timedelta(days=30)

# What each reason stops, in words for staff, the least first. `stops` is the rule.
STOPPED = {
    SuppressionReason.COMPLAINT: _("newsletters, session news and subscriber reminders"),
    SuppressionReason.SOFT_BOUNCES: _("all email except sign-in codes, for 30 days"),
    SuppressionReason.HARD_BOUNCE: _("all email"),
    SuppressionReason.STAFF: _("all email"),
}


def stops(reason: str, message: Message) -> bool:
    """Whether an address that is suppressed for this reason does not get this message.

    A complaint stops bulk email only, whichever email it was about. Service email is what the person registered for:
    without it they would miss that a session was moved, and without a code they could not sign in to cancel. A mailbox
    that refuses email for days may still take a code, which its owner is waiting for.
    """
    if reason == SuppressionReason.COMPLAINT:
        return message.is_bulk
    if reason == SuppressionReason.SOFT_BOUNCES:
        return message.message_type not in message_types.SECRET
    return True


def hash_of(email: str) -> str:
    """Return the same hash for every spelling of an address (capitals, a domain with accents or in ASCII)."""
    return salted_hmac("outbox.suppression", ascii_domain(email.strip().lower())).hexdigest()


def suppressed(emails: list[str]) -> dict[str, str]:
    """Return the suppressed ones among the addresses, each with its reason."""
    hashes = {email: hash_of(email) for email in emails}
    rows = Suppression.objects.filter(address_hash__in=hashes.values()).values_list("address_hash", "reason")
    reasons = dict(rows)
    return {email: reasons[address_hash] for email, address_hash in hashes.items() if address_hash in reasons}


@transaction.atomic
def suppress(email: str, reason: SuppressionReason, *, now: datetime, detail: str = "") -> Suppression:
    """Stop the email to `email` that the reason stops (`stops`), until staff allow it, or for SOFT_WITHIN after soft bounces.

    A reason that stops more replaces one that stops less. Otherwise the first is kept.
    """
    facts = {"reason": reason, "detail": detail[:300], "since": now}
    suppressions = Suppression.objects.select_for_update()
    found, is_new = suppressions.get_or_create(address_hash=hash_of(email), defaults={"email": email, **facts})
    strength = list(STOPPED).index
    if not is_new and strength(reason) > strength(SuppressionReason(found.reason)):
        Suppression.objects.filter(pk=found.pk).update(**facts)
        found.refresh_from_db()
    return found


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
    """Delete the days of refusals that count no longer, and let the addresses that were suppressed for them try again."""
    SoftBounce.objects.filter(day__lte=now.date() - SOFT_WITHIN).delete()
    Suppression.objects.filter(reason=SuppressionReason.SOFT_BOUNCES, since__lte=now - SOFT_WITHIN).delete()


def lift(suppression: Suppression) -> None:
    """Allow email to the address again and delete its soft bounces."""
    SoftBounce.objects.filter(address_hash=suppression.address_hash).delete()
    suppression.delete()


def lift_complaint(email: str) -> None:
    """Allow bulk email again to someone who complained and has asked for it since."""
    Suppression.objects.filter(address_hash=hash_of(email), reason=SuppressionReason.COMPLAINT).delete()
