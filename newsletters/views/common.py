"""What the views about subscriptions share."""

from collections.abc import Callable
from functools import wraps

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.languages import current_language
from accounts.limits import may_send_email, within_limits
from newsletters import queries
from newsletters.models import Subscriber
from newsletters.services.consent import Origin

View = Callable[..., HttpResponse]


def origin_of(request: HttpRequest) -> Origin:
    """Return where the person acted, for the record of consent. The path is kept without the token in it."""
    token = request.resolver_match.kwargs.get("token") if request.resolver_match else None
    page = request.path.replace(token, "…") if token else request.path
    return Origin(page, current_language(), get_adapter().get_client_ip(request))


def may_email(request: HttpRequest, email: str) -> bool:
    """Count an email about a subscription to an address that was typed. Returns whether it may be sent."""
    return may_send_email(request, email) and within_limits(request, "subscription-email", email)


def bad_link(request: HttpRequest, status: int = 404, *, is_former: bool = False) -> HttpResponse:
    """Say what to do with a link that is unknown (404), or that has expired or been replaced (410)."""
    return render(request, "newsletters/bad_link.html", {"is_former": is_former}, status=status)


def sample_link(request: HttpRequest) -> HttpResponse:
    """Say what a link does in a newsletter, to staff who try it in a test. Nothing changes."""
    return render(request, "newsletters/sample_link.html")


def for_subscriber(view: View) -> View:
    """Give the view the subscriber whose preferences the token opens, or answer that the link no longer works."""

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        if token == queries.SAMPLE_TOKEN:
            return sample_link(request)
        subscriber = queries.by_token(token)
        if subscriber is None:
            is_former = queries.former_token(token) is not None
            return bad_link(request, 410 if is_former else 404, is_former=is_former)
        try:
            return view(request, subscriber)
        except Subscriber.DoesNotExist:  # forgotten in another tab, just now
            return bad_link(request, 410, is_former=True)

    return wrapped
