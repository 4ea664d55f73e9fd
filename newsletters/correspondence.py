"""What went to someone as a subscriber, also at the addresses that they had before.

Someone else may be subscribed with a former address by now. So a row with such an address counts if it names the subscriber,
or if it is from before the address was changed.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from newsletters.models import Subscriber
from newsletters.services.consent import former_addresses
from newsletters.services.notifications import MESSAGE_TYPES
from outbox.models import Message, State

# Someone who unsubscribes within this time after an issue is counted with it.
LEFT_WITHIN = timedelta(days=7)


def addresses_of(subscriber: Subscriber) -> list[str]:
    """Return the subscriber's address, and those that they had before."""
    return [subscriber.email, *(address for address, _left_at in former_addresses(subscriber.email))]


def at_addresses_of(subscriber: Subscriber, address_field: str, time_field: str) -> Q:
    """Return the filter for rows with the subscriber's address, and with a former one up to when they left it."""
    found = Q(**{address_field: subscriber.email})
    for address, left_at in former_addresses(subscriber.email):
        found |= Q(**{address_field: address, f"{time_field}__lte": left_at})
    return found


def emails_to(subscriber: Subscriber, also: Collection[str] = ()) -> QuerySet[Message]:
    """Return the bulk email to a subscriber and the emails about the subscription. `also` are more types of messages."""
    is_named = Q(to__in=addresses_of(subscriber), data__subscriber=subscriber.pk)
    names_nobody = Q(data__subscriber__isnull=True) | Q(to=subscriber.email)
    theirs = is_named | (names_nobody & at_addresses_of(subscriber, "to", "not_before"))
    return Message.objects.filter(Q(is_bulk=True) | Q(message_type__in=[*MESSAGE_TYPES, *also]), theirs)


def last_issue(subscriber: Subscriber, now: datetime) -> int | None:
    """Return the issue of the newsletter that was sent to the subscriber last, within LEFT_WITHIN."""
    sent = Message.objects.filter(
        to=subscriber.email, state=State.SENT, settled_at__gt=now - LEFT_WITHIN, data__subscriber=subscriber.pk
    )
    issues = sent.filter(data__has_key="issue").order_by("-settled_at", "-pk")
    return issues.values_list("data__issue", flat=True).first()
