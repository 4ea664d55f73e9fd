"""The emails about a subscription. They are service email, and they contain nothing that was typed in a form."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from newsletters.models import Subscriber, SubscriptionRequest
from outbox.services import Draft, write

LIFETIME = timedelta(days=2)
MESSAGE_TYPES = (
    "subscription-confirm",
    "subscription-exists",
    "subscription-new-address",
    "subscription-moved",
    "subscription-link",
    "subscription-private",
)


def ask_to_confirm(request: SubscriptionRequest, *, now: datetime) -> None:
    _send("subscription-confirm", request.email, request.language, {"request": request.pk}, now)


def tell_already_subscribed(
    subscriber: Subscriber, *, now: datetime, request: SubscriptionRequest | None = None
) -> None:
    """Tell the holder of a subscribed address, with a link to what was asked for now if there is a request."""
    data = {"subscriber": subscriber.pk, "request": request.pk if request else None}
    language = request.language if request else subscriber.language
    _send("subscription-exists", subscriber.email, language, data, now)


def ask_to_confirm_new_address(request: SubscriptionRequest, *, now: datetime) -> None:
    _send("subscription-new-address", request.email, request.language, {"request": request.pk}, now)


def tell_old_address(old_email: str, language: str, *, now: datetime) -> None:
    _send("subscription-moved", old_email, language, {}, now)


def send_link(subscriber: Subscriber, *, now: datetime) -> None:
    _send("subscription-link", subscriber.email, subscriber.language, {"subscriber": subscriber.pk}, now)


def send_private_link(subscriber: Subscriber, *, now: datetime) -> None:
    """Email the link to the private settings, which works for an hour from when the email leaves."""
    _send("subscription-private", subscriber.email, subscriber.language, {"subscriber": subscriber.pk}, now)


def _send(message_type: str, to: str, language: str, data: dict[str, Any], now: datetime) -> None:
    write([Draft(f"{message_type}:{uuid4()}", message_type, to, language, data, now + LIFETIME)], now=now)
