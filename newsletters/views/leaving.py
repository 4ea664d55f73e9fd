"""Unsubscribing: a page with one button, and the POST that email apps send for a person (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.fields import is_key
from newsletters import queries
from newsletters.models import Subscriber
from newsletters.services.subscriptions import unsubscribe as stop
from newsletters.views.common import bad_link, origin_of, sample_link


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button, or unsubscribe from all bulk email at once.

    The POST needs no cookie, never redirects, may come twice, and its body is not read. A token from before the address
    was changed still unsubscribes, but opens nothing. `?issue=` says which issue was left, for its figures.
    """
    if token == queries.SAMPLE_TOKEN:
        return sample_link(request)
    subscriber, former = queries.by_token(token), None
    if subscriber is None:
        former = queries.former_token(token)
        if former is None:
            return bad_link(request)
        subscriber = former.subscriber
    context = {"subscriber": subscriber, "is_former": former is not None}
    if request.method == "POST":
        _stop(request, subscriber)
        return render(request, "newsletters/unsubscribed.html", context)
    if subscriber is None or subscriber.unsubscribed_at is not None:
        return render(request, "newsletters/unsubscribed.html", context)
    return render(request, "newsletters/unsubscribe.html", context)


def _stop(request: HttpRequest, subscriber: Subscriber | None) -> None:
    issue = request.GET.get("issue", "")
    detail = {"issue": int(issue)} if is_key(issue) else {}
    try:
        if subscriber is not None:
            stop(subscriber, origin=origin_of(request), now=timezone.now(), detail=detail)
    except Subscriber.DoesNotExist:  # forgotten just now: nothing is sent to them
        return
