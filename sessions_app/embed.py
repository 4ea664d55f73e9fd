"""A hub's upcoming sessions on the hub's own site: a page for an iframe, the script that fits its height, and the same as JSON.

They are the same for everyone: no cookie, no session. The language is in the query string, because pages are cached by their
address. Without one, a redirect picks it from what the browser asks for.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language_from_request, override
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from accounts.languages import LANGUAGES, current_language
from accounts.links import absolute_url
from hubs.models import Hub
from sessions_app.hub_queries import upcoming_of
from sessions_app.listings import Listing, listings
from sessions_app.models import Session
from sessions_app.status import Status

SHOWN_IN_A_FRAME, MOST_IN_JSON = 20, 100
AN_HOUR = "public, max-age=3600"

View = Callable[..., HttpResponse]


def _in_asked_language(view: View) -> View:
    """Call the view in the language of `?lang=`. Without a known one, redirect to the address with the reader's."""

    @wraps(view)
    def wrapper(request: HttpRequest, slug: str) -> HttpResponse:
        language = request.GET.get("lang")
        if language not in LANGUAGES:
            target = f"{request.path}?lang={get_language_from_request(request)[:2]}"
            return HttpResponseRedirect(target, headers={"Vary": "Accept-Language, Cookie"})
        with override(language):
            response = view(request, slug)
        response["Content-Language"] = language
        return response

    return wrapper


def _readable_by_any_site(view: View) -> View:
    """Let scripts of other sites read the response (CORS), also the redirect that leads to it."""

    @wraps(view)
    def wrapper(request: HttpRequest, slug: str) -> HttpResponse:
        response = view(request, slug)
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return wrapper


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})
@_in_asked_language
def hub_embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The only page that other sites may show in a frame. For a hub that is gone it says so, because a 404 page would not show."""
    hub = Hub.objects.listed().filter(slug=slug).first()
    if not hub:
        return render(request, "embed/gone.html", status=404)
    now = timezone.now()
    coming = listings(upcoming_of(hub, now, SHOWN_IN_A_FRAME), now, None)
    return render(request, "embed/hub.html", {"hub": hub, "coming": coming})


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """The address of the script for partners' pages. It redirects to the file, whose name changes with its content."""
    response = redirect(static("js/embed.js"))
    response["Cache-Control"] = AN_HOUR
    return response


@require_safe
@_readable_by_any_site
@_in_asked_language
def sessions_json(request: HttpRequest, slug: str) -> HttpResponse:
    """The upcoming sessions as JSON, for any site's scripts (docs/hub-partner-guide.md)."""
    hub = get_object_or_404(Hub.objects.listed(), slug=slug)
    now = timezone.now()
    coming = listings(upcoming_of(hub, now, MOST_IN_JSON), now, None)
    body = {
        "hub": {"name": hub.name, "url": absolute_url(hub)},
        "language": current_language(),
        "series": [_series_as_json(listing) for listing in coming],
    }
    return JsonResponse(body)


def _series_as_json(listing: Listing) -> dict[str, Any]:
    series, status = listing.series, listing.status
    takes_names = status in (Status.OPEN, Status.WAITLIST)
    register = absolute_url(reverse("registrations:register", args=[series.slug_here])) if takes_names else None
    return {
        "title": series.title,
        "url": absolute_url(series),
        "register_url": register,
        "language": series.language,
        "status": status.value,
        "status_text": str(status.label),
        "sessions": [_session_as_json(session, series.time_zone) for session in listing.sessions],
    }


def _session_as_json(session: Session, time_zone: str) -> dict[str, str]:
    return {
        "title": session.title,
        "starts_at": _in_utc(session.starts_at),
        "ends_at": _in_utc(session.ends_at),
        "time_zone": time_zone,
        "delivery": session.delivery,
    }


def _in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
