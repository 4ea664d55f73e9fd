"""Whether a subscriber gets email: as a function of (subscriber, now), and as a filter of a list."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from newsletters.models import Subscriber, SubscriberQuerySet


class SubscriberState(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("subscriber", "Active")
    PAUSED = "paused", _("Paused")
    UNSUBSCRIBED = "unsubscribed", pgettext_lazy("subscriber", "Unsubscribed")


def state_of(subscriber: Subscriber, now: datetime) -> SubscriberState:
    if subscriber.unsubscribed_at:
        return SubscriberState.UNSUBSCRIBED
    is_paused = subscriber.paused_until is not None and subscriber.paused_until > now
    return SubscriberState.PAUSED if is_paused else SubscriberState.ACTIVE


def in_state(subscribers: SubscriberQuerySet, state: str, now: datetime) -> SubscriberQuerySet:
    """The twin of `state_of`."""
    if state == SubscriberState.UNSUBSCRIBED:
        return subscribers.exclude(unsubscribed_at=None)
    is_paused = Q(paused_until__gt=now)
    left = subscribers.filter(unsubscribed_at=None)
    return left.filter(is_paused) if state == SubscriberState.PAUSED else left.exclude(is_paused)
