"""The private settings of a subscriber, behind a link that we email to their address when they ask for it.

Someone who was forwarded a newsletter can open the preferences, but none of these pages.
"""

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.limits import EMAIL_REFUSED, may_send_email, within_limits
from accounts.services import address_is_taken
from newsletters.export import export
from newsletters.forms import NewAddressForm
from newsletters.models import Subscriber
from newsletters.private_links import LinkExpiredError, by_private_token
from newsletters.services import notifications, subscriptions
from newsletters.views.common import bad_link, for_subscriber, may_email, origin_of

View = Callable[..., HttpResponse]


@require_POST
@for_subscriber
def send_link(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Email the subscriber the link to their private settings."""
    email = subscriber.email
    if may_send_email(request, email) and within_limits(request, "subscription-private", email):
        notifications.send_private_link(subscriber, now=timezone.now())
        note = _("We’ve sent a private link to %(email)s. It works for one hour.") % {"email": email}
        messages.success(request, note)
    else:
        messages.error(request, EMAIL_REFUSED)
    return redirect("newsletters:preferences", token=subscriber.token)


def for_private_link(view: View) -> View:
    """Give the view the subscriber and the token of their private link, or answer that it no longer works."""

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        try:
            subscriber = by_private_token(token, timezone.now())
            return view(request, subscriber, token) if subscriber else bad_link(request)
        except LinkExpiredError:
            return render(request, "newsletters/private_expired.html", status=HTTPStatus.GONE)
        except Subscriber.DoesNotExist:  # forgotten in another tab, just now
            return bad_link(request, HTTPStatus.GONE)

    return wrapped


@never_cache
@require_safe
@for_private_link
def private_settings(request: HttpRequest, subscriber: Subscriber, token: str) -> HttpResponse:
    return render(request, "newsletters/private.html", {"subscriber": subscriber, "token": token})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_private_link
def new_address(request: HttpRequest, subscriber: Subscriber, token: str) -> HttpResponse:
    """Ask for the new address and email it. The page is the same whether it is subscribed or not."""
    form = NewAddressForm(request.POST if request.method == "POST" else None, subscriber=subscriber)
    if form.is_bound and form.is_valid():
        email = form.cleaned_data["email"]
        if within_limits(request, "subscription-new-address", str(subscriber.pk)) and may_email(request, email):
            with form.once() as is_first:
                if is_first:
                    subscriptions.ask_new_address(subscriber, email, origin=origin_of(request), now=timezone.now())
            note = _("We sent an email to the new address. Press the button in it to confirm the change.")
            messages.success(request, note)
            return redirect("newsletters:private", token=token)
        form.add_error("email", EMAIL_REFUSED)
    context = {"form": form, "subscriber": subscriber, "token": token}
    return render(request, "newsletters/new_address.html", context, status=400 if form.errors else 200)


@never_cache
@require_POST
@for_private_link
def data(request: HttpRequest, subscriber: Subscriber, token: str) -> HttpResponse:
    """Download what we know about the subscriber."""
    content = json.dumps(export(subscriber, now=timezone.now()), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    response = HttpResponse(content, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_("my-data")}.json"'
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_private_link
def forget(request: HttpRequest, subscriber: Subscriber, token: str) -> HttpResponse:
    """Say what is deleted, what stays and why, and delete on POST."""
    if request.method == "POST":
        subscriptions.forget(subscriber, origin=origin_of(request), now=timezone.now())
        return redirect("newsletters:forgotten")
    context = {
        "subscriber": subscriber,
        "token": token,
        "has_account": address_is_taken(subscriber.email),
        "officer_email": settings.PRIVACY_EMAIL,
        "link_days": subscriptions.FORMER_TOKENS_KEPT_FOR.days,
    }
    return render(request, "newsletters/forget.html", context)


@require_safe
def forgotten(request: HttpRequest) -> HttpResponse:
    return render(request, "newsletters/forgotten.html")
