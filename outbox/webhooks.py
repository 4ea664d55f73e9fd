"""What a mail provider reports later, by its signed webhook (django-anymail): bounces and complaints become suppressions."""

from typing import Any

from anymail.signals import AnymailTrackingEvent
from django.utils import timezone

from outbox.models import SuppressionReason
from outbox.suppression import count_soft_bounce, suppress

# A bounce for these reasons says that the address itself is no good; others (full, blocked, timed out) may pass.
FOR_GOOD = {"invalid", "bounced", "unsubscribed"}


def on_tracking(sender: Any, event: AnymailTrackingEvent, esp_name: str, **_kwargs: Any) -> None:
    """Called for each event; anymail has checked the signature. Anything but bounces and complaints is not looked at."""
    if not event.recipient:
        return
    now, detail = timezone.now(), f"{esp_name}: {event.description or event.reject_reason or event.event_type}"
    if event.event_type == "complained":
        suppress(event.recipient, SuppressionReason.COMPLAINT, now=now, detail=detail)
    elif event.event_type in ("bounced", "rejected") and event.reject_reason in FOR_GOOD:
        suppress(event.recipient, SuppressionReason.HARD_BOUNCE, now=now, detail=detail)
    elif event.event_type in ("bounced", "deferred"):
        count_soft_bounce(event.recipient, now=now, detail=detail)
