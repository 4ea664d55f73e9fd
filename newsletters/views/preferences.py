"""The preferences of a subscriber, behind the link in each of their emails. They do not sign in."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.limits import EMAIL_REFUSED
from accounts.services import address_is_taken
from newsletters import queries, wording
from newsletters.forms import LinkForm, PreferencesForm
from newsletters.models import Subscriber
from newsletters.services import notifications, subscriptions
from newsletters.services.consent import last_given
from newsletters.views.common import for_subscriber, may_email, origin_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_subscriber
def preferences(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    now = timezone.now()
    form = PreferencesForm(request.POST if request.method == "POST" else None, subscriber=subscriber)
    if form.is_bound and form.is_valid():
        save = subscriptions.resubscribe if form.has_left else subscriptions.change_preferences
        try:
            save(subscriber, form.choices(), origin=origin_of(request), now=now)
        except subscriptions.HasLeftError:  # unsubscribed at this moment, which the page says
            return _back(request, subscriber, "")
        return _back(request, subscriber, _saved(form))
    return render(
        request, "newsletters/preferences.html", _context(subscriber, form), status=400 if form.errors else 200
    )


def _saved(form: PreferencesForm) -> str:
    if form.has_left:
        return _("You’re subscribed again.")
    return _("Your preferences are saved.") if form.cleaned_data["topics"] else ""  # the page says that they have left


def _context(subscriber: Subscriber, form: PreferencesForm) -> dict[str, Any]:
    is_paused = subscriber.paused_until is not None and subscriber.paused_until > timezone.now()
    return {
        "subscriber": subscriber,
        "form": form,
        "is_paused": is_paused,
        "has_account": address_is_taken(subscriber.email),
        "sender": wording.sender_line(),
        "agreement": wording.agreement_line(last_given(subscriber.email)),
        "zone": timezone.get_default_timezone(),
    }


def _back(request: HttpRequest, subscriber: Subscriber, note: str) -> HttpResponse:
    if note:
        messages.success(request, note)
    return redirect("newsletters:preferences", token=subscriber.token)


@require_POST
@for_subscriber
def pause(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    subscriptions.pause(subscriber, origin=origin_of(request), now=timezone.now())
    return _back(request, subscriber, "")


@require_POST
@for_subscriber
def resume(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    subscriptions.resume(subscriber, origin=origin_of(request), now=timezone.now())
    return _back(request, subscriber, _("The pause is over. You’ll get our emails again."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lost_link(request: HttpRequest) -> HttpResponse:
    """Email someone the link to their preferences. The answer is the same for every address."""
    now = timezone.now()
    form = LinkForm(request.POST if request.method == "POST" else None, request=request, now=now)
    if form.is_bound and form.is_valid():
        email = form.cleaned_data["email"]
        if may_email(request, email):
            subscriber = queries.by_email(email)
            with form.once() as is_first:
                if subscriber and is_first:
                    notifications.send_link(subscriber, now=now)
            return redirect("newsletters:lost_link_sent")
        form.add_error("email", EMAIL_REFUSED)
    return render(request, "newsletters/lost_link.html", {"form": form}, status=400 if form.is_bound else 200)


@require_safe
def lost_link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "newsletters/lost_link_sent.html")
