"""The stay-connected form, the page behind the link in the confirmation email, and the offer to people who registered."""

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.limits import EMAIL_REFUSED
from newsletters import wording
from newsletters.forms import OfferForm, StayConnectedForm, known_details
from newsletters.models import Subscriber, SubscriptionRequest
from newsletters.queries import subscriber_of
from newsletters.services import subscriptions
from newsletters.views.common import bad_link, may_email, origin_of
from registrations.views.common import me


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stay_connected(request: HttpRequest) -> HttpResponse:
    """The form. What follows is the same for everyone, whether the address is subscribed or not."""
    now = timezone.now()
    data = request.POST if request.method == "POST" else None
    form = StayConnectedForm(data, request=request, now=now, initial=known_details(request.user))
    if form.is_bound and form.is_valid():
        email = form.cleaned_data["email"]
        if may_email(request, email):
            with form.once() as is_first:
                if is_first:
                    subscriptions.ask(email, form.choices(), origin=origin_of(request), now=now)
            return redirect("newsletters:stay_connected_sent")
        form.add_error("email", EMAIL_REFUSED)
    context = {"form": form, "subscriber": subscriber_of(request.user)}
    return render(request, "newsletters/stay_connected.html", context, status=400 if form.is_bound else 200)


@require_safe
def stay_connected_sent(request: HttpRequest) -> HttpResponse:
    context = {"days": subscriptions.REQUESTS_KEPT_FOR.days}
    return render(request, "newsletters/stay_connected_sent.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to do what was asked for, do it, and say what happens next. Link scanners only see the question."""
    now = timezone.now()
    asked = SubscriptionRequest.objects.select_related("subscriber").filter(token=token).first()
    if asked is None:
        return bad_link(request)
    try:
        if request.method == "POST":
            subscriptions.confirm(asked, origin=origin_of(request), now=now)
            return redirect(request.path)
        return _question(request, asked) if subscriptions.is_open(asked, now) else _what_next(request, asked)
    except subscriptions.AddressTakenError:
        return render(request, "newsletters/address_taken.html", status=HTTPStatus.CONFLICT)
    except subscriptions.RequestGoneError:
        return bad_link(request, HTTPStatus.GONE)


def _question(request: HttpRequest, asked: SubscriptionRequest) -> HttpResponse:
    context = {"asked": asked, "wording": wording.current(), "sender": wording.sender_line()}
    return render(request, "newsletters/confirm.html", context)


def _what_next(request: HttpRequest, asked: SubscriptionRequest) -> HttpResponse:
    """Raises RequestGoneError if it was never confirmed, or if the address has no subscription any longer."""
    subscriber = Subscriber.objects.filter(email=asked.email).first()
    if asked.confirmed_at is None or subscriber is None:
        raise subscriptions.RequestGoneError
    return render(request, "newsletters/confirmed.html", {"asked": asked, "subscriber": subscriber})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest) -> HttpResponse:
    """The short form for people who have just registered. portal.js puts it into the page that confirms the registration.

    It is empty for someone who is subscribed already.
    """
    if request.method != "POST":
        is_offered = request.user.is_authenticated and subscriber_of(request.user) is None
        if not is_offered:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return render(request, "newsletters/offer.html", {"form": OfferForm(user=me(request))})
    return _take_offer(request)


@login_required
def _take_offer(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    form = OfferForm(request.POST, user=user)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        if may_email(request, user.email):
            with form.once() as is_first:
                if is_first:
                    subscriptions.ask(user.email, form.choices(), origin=origin_of(request), now=now)
            return redirect("newsletters:stay_connected_sent")
        context["refusal"] = EMAIL_REFUSED
    return render(request, "newsletters/offer_page.html", context, status=HTTPStatus.BAD_REQUEST)
