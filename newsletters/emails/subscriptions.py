"""The emails about a subscription. Each renderer checks that its message is still true, and raises OutdatedMessage if not.

They contain nothing that was typed in a form, so nobody can use them to send their words to a stranger.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.links import absolute_url
from newsletters.models import Subscriber, SubscriptionRequest
from newsletters.private_links import make_private_token
from newsletters.services import subscriptions
from outbox import message_types
from outbox.message_types import OutdatedMessage, RenderedEmail
from outbox.rendering import render_email


def register_message_types() -> None:
    message_types.register("subscription-confirm", render_confirm)
    message_types.register("subscription-exists", render_exists)
    message_types.register("subscription-new-address", render_new_address)
    message_types.register("subscription-moved", render_moved)
    message_types.register("subscription-link", render_link)
    message_types.register("subscription-private", render_private)


def render_confirm(data: dict[str, Any], now: datetime) -> RenderedEmail:
    context = {"link": _confirm_link(_open_request(data, now)), "days": subscriptions.REQUESTS_KEPT_FOR.days}
    return render_email("newsletters/email/confirm", _("Confirm that you want our emails"), context)


def render_exists(data: dict[str, Any], now: datetime) -> RenderedEmail:
    subscriber = _subscriber(data)
    request = SubscriptionRequest.objects.filter(pk=data.get("request", 0)).first()
    is_open = request is not None and subscriptions.is_open(request, now)
    context = {
        "link": _confirm_link(request) if request and is_open else "",
        "days": subscriptions.REQUESTS_KEPT_FOR.days,
        "preferences": _preferences_link(subscriber),
    }
    email = render_email("newsletters/email/exists", _("You’re already subscribed to our emails"), context)
    return replace(email, only_to=subscriber.email)


def render_new_address(data: dict[str, Any], now: datetime) -> RenderedEmail:
    context = {"link": _confirm_link(_open_request(data, now)), "days": subscriptions.REQUESTS_KEPT_FOR.days}
    return render_email("newsletters/email/new_address", _("Confirm your new email address"), context)


def render_moved(data: dict[str, Any], now: datetime) -> RenderedEmail:
    return render_email("newsletters/email/moved", _("Our emails now go to another address"), {})


def render_link(data: dict[str, Any], now: datetime) -> RenderedEmail:
    subscriber = _subscriber(data)
    context = {"preferences": _preferences_link(subscriber)}
    email = render_email("newsletters/email/link", _("Your email preferences"), context)
    return replace(email, only_to=subscriber.email)


def render_private(data: dict[str, Any], now: datetime) -> RenderedEmail:
    subscriber = _subscriber(data)
    token = make_private_token(subscriber, now)
    context = {"link": absolute_url(reverse("newsletters:private", args=[token]))}
    email = render_email("newsletters/email/private", _("Open your private settings"), context)
    return replace(email, only_to=subscriber.email)


def _open_request(data: dict[str, Any], now: datetime) -> SubscriptionRequest:
    request = SubscriptionRequest.objects.filter(pk=data.get("request", 0)).first()
    if request is None or not subscriptions.is_open(request, now):
        raise OutdatedMessage("The request was confirmed, or is too old.")
    return request


def _subscriber(data: dict[str, Any]) -> Subscriber:
    subscriber = Subscriber.objects.filter(pk=data.get("subscriber", 0)).first()
    if subscriber is None:
        raise OutdatedMessage("The person asked to be forgotten.")
    return subscriber


def _confirm_link(request: SubscriptionRequest) -> str:
    return absolute_url(reverse("newsletters:confirm", args=[request.token]))


def _preferences_link(subscriber: Subscriber) -> str:
    return absolute_url(reverse("newsletters:preferences", args=[subscriber.token]))
