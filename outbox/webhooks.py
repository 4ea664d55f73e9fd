"""Suppress addresses that bounce or complain, as a provider's signed webhook reports (django-anymail)."""

from typing import Any

from anymail.signals import AnymailTrackingEvent
from django.utils import timezone

from outbox.models import SuppressionReason
from outbox.suppression import count_soft_bounce, suppress

# Postmark's types that say that the address itself does not exist; "SoftBounce" (a full mailbox) is not one of them.
POSTMARK_PERMANENT = {"HardBounce", "BadEmailAddress"}


def on_tracking(sender: Any, event: AnymailTrackingEvent, esp_name: str, **_kwargs: Any) -> None:
    """Handle an event whose signature anymail has checked. Only bounces and complaints matter here."""
    if not event.recipient:
        return
    now, detail = timezone.now(), f"{esp_name}: {event.description or event.reject_reason or event.event_type}"
    if event.event_type == "complained":
        suppress(event.recipient, SuppressionReason.COMPLAINT, now=now, detail=detail)
    elif _is_permanent(event):
        suppress(event.recipient, SuppressionReason.HARD_BOUNCE, now=now, detail=detail)
    elif _is_bounce(event):
        count_soft_bounce(event.recipient, now=now, detail=detail)


def _is_permanent(event: AnymailTrackingEvent) -> bool:
    """Whether the provider itself calls the bounce permanent.

    anymail gives a full mailbox and a missing one the same reason ("bounced"), so we read Postmark's `Type` and Amazon
    SES's `bounceType`. Everything else counts as soft.
    """
    report = event.esp_event or {}
    if event.event_type not in ("bounced", "rejected"):
        return False
    return report.get("Type") in POSTMARK_PERMANENT or report.get("bounce", {}).get("bounceType") == "Permanent"


def _is_bounce(event: AnymailTrackingEvent) -> bool:
    """Whether the report is about the address. A rejection by policy is not."""
    if event.event_type == "rejected":
        return event.reject_reason in ("invalid", "bounced")
    return event.event_type in ("bounced", "deferred")
