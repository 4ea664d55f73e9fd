"""What we know about a subscriber, in a format that other programs can read (Quebec's Law 25, s. 27)."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from newsletters.correspondence import at_addresses_of, emails_to
from newsletters.models import OpeningNotice, Subscriber, SubscriptionRequest
from newsletters.services.consent import evidence
from newsletters.services.subscriptions import Choices

Row = dict[str, Any]
STEP = ("at", "email", "action", "topics", "wording", "wording_version", "language", "page", "ip", "detail")


def export(subscriber: Subscriber, *, now: datetime) -> Row:
    """Return the person's data as plain values, with times in UTC by ISO 8601.

    It includes what went to an address that they had before.
    """
    facts = ("email", *Choices.__dataclass_fields__, "subscribed_at", "unsubscribed_at", "paused_until")
    emails = emails_to(subscriber, also=["registration-opened"])
    theirs = at_addresses_of(subscriber, "email", "created_at")
    requests = SubscriptionRequest.objects.filter(theirs | Q(subscriber=subscriber))
    return {
        "written_at": now.isoformat(),
        "subscription": {name: getattr(subscriber, name) for name in facts},
        "consent": [{name: getattr(step, name) for name in STEP} for step in evidence(subscriber.email)],
        "requests": list(
            requests.order_by("pk").values(
                "email", *Choices.__dataclass_fields__, "page", "ip", "created_at", "confirmed_at"
            )
        ),
        "told_when_registration_opens": list(
            OpeningNotice.objects.filter(theirs)
            .order_by("pk")
            .values("email", "series__slug", "language", "created_at")
        ),
        "announced_series": list(subscriber.announced.order_by("at").values("series__slug", "at")),
        "emails": list(
            emails.order_by("pk").values("to", "message_type", "subject", "state", "created_at", "settled_at")
        ),
    }
