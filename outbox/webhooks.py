"""Reports from an email provider's signed webhook (django-anymail): what was delivered, bounced or reported as spam.

Addresses that bounce or complain are suppressed (suppression.py). A report that is sent again changes nothing, also after
staff have lifted the suppression. If the address was erased ("Forget me", a closed account), the report is counted for the
email, and the address is not stored again.
"""

import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailConfigurationError, AnymailError
from anymail.signals import AnymailTrackingEvent
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.csrf import csrf_exempt

from outbox.addresses import spellings
from outbox.models import DeliveryReport, HandledReport, Message, State, SuppressionReason
from outbox.services.ledger import BODIES_KEPT_FOR
from outbox.signals import complained
from outbox.suppression import count_soft_bounce, suppress

log = logging.getLogger(__name__)

# A report that is older than this was sent again by mistake, or by someone who kept it.
REPORTED_WITHIN = timedelta(days=7)
CLOCKS_DIFFER_BY = timedelta(minutes=5)
# Postmark's types that say that the address itself does not exist; "SoftBounce" (a full mailbox) is not one of them.
POSTMARK_PERMANENT = {"HardBounce", "BadEmailAddress"}
# The status codes by which a server says the same (RFC 3463 §3.2). Mailgun passes them on; 5.2.2 is a full mailbox.
NO_SUCH_ADDRESS = re.compile(r"(?<![\d.])5\.1\.(1|2|3|6|10)(?![\d.]*\d)")
# Mailgun's reasons for not even trying, which say nothing about the address.
MAILGUN_UNWANTED = {"suppress-complaint", "suppress-unsubscribe"}
# Postmark's type for an email that a spam filter refused. The address works, and the recipient did not complain.
POSTMARK_FILTERED = "SpamNotification"
# What anymail raises for a report that it does not understand.
MALFORMED = (AnymailError, ValueError, KeyError, TypeError, AttributeError)


class HandlingError(Exception):
    """The report was read, and our own code failed. Unlike for MALFORMED, the provider sends it again."""


def refuse_malformed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 400 to a signed report that cannot be read, so that the provider does not send it again for days.

    The pages of a provider without settings answer 404.
    """

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except SuspiciousOperation:  # a wrong signature: Django answers
            raise
        except AnymailConfigurationError as error:
            log.warning("A report came from an email provider that is not set up.")
            raise Http404 from error
        except MALFORMED as error:
            log.warning("A report of the email provider could not be read (%s).", type(error).__name__)
            return HttpResponseBadRequest()

    return wrapped


def on_tracking(sender: Any, event: AnymailTrackingEvent, esp_name: str, **_kwargs: Any) -> None:
    """Handle an event whose signature anymail has checked. Only deliveries, bounces and complaints matter here."""
    try:
        _record(event, esp_name, timezone.now())
    except MALFORMED as error:
        raise HandlingError from error


def _record(event: AnymailTrackingEvent, esp_name: str, now: datetime) -> None:
    """Save a report. If it is a complaint, tell the other apps.

    They are told after the commit, so they can lock their own rows first, as they do everywhere else. If one of them fails,
    the provider sends the report again, and we tell them again.
    """
    at, kind = min(event.timestamp or now, now), _kind(event)
    if kind is None or not event.recipient or at < now - REPORTED_WITHIN:
        return
    message = _handle(event, kind, esp_name, at, now)
    if kind == DeliveryReport.Kind.COMPLAINED:
        complained.send(sender=Message, email=event.recipient, message=message, at=at)


@transaction.atomic
def _handle(
    event: AnymailTrackingEvent, kind: DeliveryReport.Kind, esp_name: str, at: datetime, now: datetime
) -> Message | None:
    """Save the report with the email that it is about, and suppress an address that bounced or complained.

    Returns the email, or None if we can't find it. Nothing is written about an address that we no longer have.
    """
    detail = f"{esp_name}: {event.description or event.reject_reason or event.event_type}"
    message = _find_message(event, at)
    if message:
        facts = {"detail": detail[:300] if message.to else "", "at": at}
        DeliveryReport.objects.get_or_create(message=message, kind=kind, defaults=facts)
    if kind == DeliveryReport.Kind.DELIVERED or not _has_address(event.recipient, message):
        return message
    if _is_new(event, kind, esp_name, now):
        _act(event, kind, at, detail)
    return message


def _is_new(event: AnymailTrackingEvent, kind: DeliveryReport.Kind, esp_name: str, now: datetime) -> bool:
    """Remember the report. Returns whether it was not there yet.

    A copy has the same time and message. Its id may differ: Mailgun signs each copy again.
    """
    facts = [esp_name, kind, event.recipient, str(event.timestamp), str(event.message_id)]
    fingerprint = salted_hmac("outbox.report", "|".join(facts)).hexdigest()
    return HandledReport.objects.get_or_create(fingerprint=fingerprint, defaults={"at": now})[1]


def _act(event: AnymailTrackingEvent, kind: DeliveryReport.Kind, at: datetime, detail: str) -> None:
    if kind == DeliveryReport.Kind.COMPLAINED:
        suppress(event.recipient, SuppressionReason.COMPLAINT, now=at, detail=detail)
    elif _is_permanent(event):
        suppress(event.recipient, SuppressionReason.HARD_BOUNCE, now=at, detail=detail)
    elif _is_bounce(event):
        count_soft_bounce(event.recipient, now=at, detail=detail)


def prune(now: datetime) -> None:
    """Forget which reports were handled, once they are too old to be accepted again."""
    HandledReport.objects.filter(at__lt=now - REPORTED_WITHIN).delete()


def _kind(event: AnymailTrackingEvent) -> DeliveryReport.Kind | None:
    """Return what is counted for the email.

    A provider still tries to deliver one that is "deferred". anymail calls a filter's verdict a complaint, which it is not.
    """
    if (event.esp_event or {}).get("Type") == POSTMARK_FILTERED:
        return DeliveryReport.Kind.BOUNCED
    kinds = {
        "delivered": DeliveryReport.Kind.DELIVERED,
        "bounced": DeliveryReport.Kind.BOUNCED,
        "rejected": DeliveryReport.Kind.BOUNCED,
        "complained": DeliveryReport.Kind.COMPLAINED,
    }
    return kinds.get(event.event_type)


def _find_message(event: AnymailTrackingEvent, at: datetime) -> Message | None:
    """Return the email that the report is about, as far as we can tell. It is locked, so nobody erases it meanwhile.

    What was sent through the provider's API carries its key, so we find it also without its address. Over SMTP it does not, so
    it is the last one to that address.
    """
    messages = Message.objects.select_for_update().defer("as_sent")
    sent = messages.filter(
        to__in=spellings(event.recipient),
        state=State.SENT,
        settled_at__gt=at - REPORTED_WITHIN,
        settled_at__lt=at + CLOCKS_DIFFER_BY,
    )
    key = str((event.metadata or {}).get("message", ""))
    if key.isascii() and key.isdigit():
        erased = messages.filter(to="", settled_at__gt=at - BODIES_KEPT_FOR)  # older ones may be pruned, not erased
        found = sent.filter(pk=int(key)).first() or erased.filter(pk=int(key)).first()
        if found:
            return found
    return sent.order_by("-settled_at", "-pk").first()


def _has_address(email: str, message: Message | None) -> bool:
    """Whether the ledger still has the address: in `message`, or, if that was not found, in any other email.

    It may be too old, or not be recorded as sent yet. One email is locked, so that the address is not erased meanwhile.
    """
    if message:
        return bool(message.to)
    theirs = Message.objects.select_for_update().filter(to__in=spellings(email))
    # the first two have indexes and are enough for nearly every report
    return theirs.filter(state=State.SENT).exists() or theirs.filter(state=State.SENDING).exists() or theirs.exists()


def _is_permanent(event: AnymailTrackingEvent) -> bool:
    """Whether the report says that the address does not exist.

    anymail gives a full mailbox and a missing one the same reason ("bounced"), so we read Postmark's `Type` and, in a
    report of Mailgun, the receiving server's answer. Everything else counts as soft.
    """
    if event.event_type not in ("bounced", "rejected"):
        return False
    report = event.esp_event or {}
    answer = report.get("event-data", {}).get("delivery-status") or {}
    says_so = NO_SUCH_ADDRESS.search(f"{answer.get('enhanced-code', '')} {answer.get('message', '')}")
    return report.get("Type") in POSTMARK_PERMANENT or bool(says_so)


def _is_bounce(event: AnymailTrackingEvent) -> bool:
    """Whether the report is about the address. A rejection by policy, or because of an earlier complaint, is not."""
    if event.event_type == "rejected":
        return event.reject_reason in ("invalid", "bounced")
    reason = (event.esp_event or {}).get("event-data", {}).get("reason")
    return event.event_type == "bounced" and reason not in MAILGUN_UNWANTED
