"""General pages: home, about, contact, privacy, the reader's time zone, and errors."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language_from_request, override
from django.views.decorators.http import require_http_methods, require_safe

from accounts.links import next_page
from accounts.zones import ZONE_COOKIE, known_zone, reader_zone
from echo_portal import privacy
from echo_portal.forms import ZoneForm
from echo_portal.middleware import A_YEAR
from hubs.models import Hub
from newsletters.issue_queries import offers
from sessions_app import feeds, queries
from sessions_app.listings import Listing, listings

COMING_UP = 4


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    now, reader = timezone.now(), reader_zone(request)
    next_open = queries.next_open(now)
    context = {
        "coming": listings(queries.for_list(queries.dated(now))[:COMING_UP], now, reader),
        "ticket": Listing(next_open, now, reader) if next_open else None,
        "hubs": Hub.objects.listed()[:6],
        "feed": feeds.matching({}, []),
        "offers": offers(on_home_page=True),
    }
    return render(request, "pages/home.html", context)


@require_safe
def page(request: HttpRequest, template: str) -> HttpResponse:
    return render(request, template)


@require_safe
def privacy_page(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/privacy.html", privacy.facts())


@require_http_methods(["GET", "HEAD", "POST"])
def time_zone(request: HttpRequest) -> HttpResponse:
    """Let readers choose their time zone, if they have no JavaScript or their browser reports the wrong zone."""
    current = known_zone(request.COOKIES.get(ZONE_COOKIE)) or settings.TIME_ZONE
    form = ZoneForm(request.POST or None, initial={"zone": current})
    if request.method == "POST" and form.is_valid():
        response = redirect(next_page(request) or "sessions:list")
        response.set_cookie(
            ZONE_COOKIE, form.cleaned_data["zone"], max_age=A_YEAR, samesite="Lax", secure=request.is_secure()
        )
        return response
    return render(request, "pages/time_zone.html", {"form": form}, status=400 if form.is_bound else 200)


@require_safe
def choose_language(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect `/` and `/admin/` to the reader's language, from their cookie or browser."""
    with override(get_language_from_request(request)):
        response = redirect("admin:index" if request.path.startswith("/admin") else "home")
    response["Vary"] = "Accept-Language, Cookie"
    return response


# Error pages, in the reader's language.


def _error(request: HttpRequest, template: str, status: int) -> HttpResponse:
    return render(request, f"errors/{template}.html", status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, "404", 404)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, "403", 403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, "400", 400)


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, "429", 429)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Offer to resend a form whose CSRF token expired because the person signed in or out in another tab.

    Only if the Origin header says that the form was on this site, and never if it has a password.
    """
    is_same_origin = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    if not is_same_origin or any("password" in name for name in request.POST):
        return _error(request, "csrf", 403)
    typed = [
        (name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"
    ]
    return render(request, "errors/send_again.html", {"typed": typed}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Render the page without anything that could fail again: database, session or context processors."""
    from django.template.loader import render_to_string  # noqa: PLC0415 - its only use

    return HttpResponse(render_to_string("errors/500.html", {"language": request.path_info[1:3]}), status=500)
