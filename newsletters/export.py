"""What we know about a subscriber, in a format that other programs can read (Quebec's Law 25, s. 27)."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from newsletters.models import OpeningNotice, Subscriber, SubscriptionRequest
from newsletters.services.consent import evidence
from newsletters.services.notifications import MESSAGE_TYPES
from newsletters.services.subscriptions import Choices
from outbox.models import Message

Row = dict[str, Any]
STEP = ("at", "email", "action", "topics", "wording", "wording_version", "language", "page", "ip", "detail")


def export(subscriber: Subscriber, *, now: datetime) -> Row:
    """Return the person's data as plain values, with times in UTC by ISO 8601."""
    facts = ("email", *Choices.__dataclass_fields__, "subscribed_at", "unsubscribed_at", "paused_until")
    emails = Message.objects.filter(Q(is_bulk=True) | Q(message_type__in=MESSAGE_TYPES), to=subscriber.email)
    requests = SubscriptionRequest.objects.filter(Q(email=subscriber.email) | Q(subscriber=subscriber))
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
            OpeningNotice.objects.filter(email=subscriber.email).values("series__slug", "language", "created_at")
        ),
        "announced_series": list(subscriber.announced.order_by("at").values("series__slug", "at")),
        "emails": list(emails.order_by("pk").values("message_type", "subject", "state", "created_at", "settled_at")),
    }
