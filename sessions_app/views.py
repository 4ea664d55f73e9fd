"""The public program. Every page here is the same for everyone who lives in one zone, so it can be kept (page_cache.py)."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from accounts.zones import reader_zone
from hubs.models import Hub
from sessions_app import addresses, calendars, feeds, months, queries
from sessions_app.forms import ProgrammeFilter
from sessions_app.listings import Listing, read_page
from sessions_app.models import Series, SeriesQuerySet
from sessions_app.structured_data import series_json_ld
from sessions_app.version import cache_version


@require_safe
def programme(request: HttpRequest) -> HttpResponse:
    version = cache_version()
    now, hubs = timezone.now(), Hub.objects.listed().choices()
    form = ProgrammeFilter(request.GET, hubs=hubs, months=SimpleLazyObject(lambda: queries.upcoming_months(now)))
    context = _list_context(request, queries.upcoming(now, form.chosen), form, now)
    context |= {"feed": feeds.matching(form.chosen, hubs), "version": version, "now": now}
    return render(request, "sessions_app/list.html", context)


@require_safe
def past(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    form = ProgrammeFilter(request.GET, hubs=Hub.objects.listed().choices())
    return render(request, "sessions_app/past.html", _list_context(request, queries.past(now, form.chosen), form, now))


def _list_context(request: HttpRequest, series: Any, form: ProgrammeFilter, now: datetime) -> dict[str, Any]:
    page = read_page(series, request.GET.get("page"), now, reader_zone(request), form.chosen.get("month"))
    query = request.GET.copy()
    query.pop("page", None)
    return {"form": form, "page": page, "query": query.urlencode()}


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    return _series_page(request, Series.objects.public(), slug)


@require_safe
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """What the page will look like, for staff who edit it; for everyone else it does not exist."""
    if not request.user.has_perm("sessions_app.view_series"):
        raise Http404
    return _series_page(request, Series.objects.all(), slug, is_preview=True)


def _series_page(request: HttpRequest, wall: SeriesQuerySet, slug: str, *, is_preview: bool = False) -> HttpResponse:
    series = get_object_or_404(queries.for_list(wall.by_slug(slug)))
    redirected = addresses.to_canonical(request, series)
    if redirected:
        return redirected
    context = {"is_preview": is_preview, "elsewhere": addresses.in_other_language(request, series)}
    return _render_series(request, series, context)


def preview_page(request: HttpRequest, series: Series, *, back_url: str) -> HttpResponse:
    """Render the public page of a series as it will look. The caller has checked who may see it."""
    return _render_series(request, series, {"is_preview": True, "back_url": back_url})


def _render_series(request: HttpRequest, series: Series, context: dict[str, Any]) -> HttpResponse:
    context |= {
        "series": series,
        "listing": Listing(series, timezone.now(), reader_zone(request)),
        "json_ld": series_json_ld(series),
    }
    return render(request, "sessions_app/detail.html", context)


@require_safe
def series_ics(request: HttpRequest, slug: str) -> HttpResponse:
    """Either slug gives the file: calendars go on asking for the address that they were given once."""
    series = get_object_or_404(queries.for_list(Series.objects.public().by_slug(slug)))
    return feeds.response(calendars.published([series]), series.slug_here)


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    return feeds.response(feeds.get(feeds.ALL, timezone.now()), "palliative-care-echo")


@require_safe
def language_feed(request: HttpRequest, spoken: str) -> HttpResponse:
    name = f"language-{spoken}"
    if name not in feeds.LANGUAGE_FEEDS:
        raise Http404
    return feeds.response(feeds.get(name, timezone.now()), f"palliative-care-echo-{spoken}")


@require_safe
def calendar_month(request: HttpRequest) -> HttpResponse:
    """A month of the program: a table on a desk, a list of its days on a phone."""
    month = months.read(request.GET.get("month"), timezone.now(), reader_zone(request))
    return render(request, "sessions_app/month.html", {"month": month, "feed": feeds.matching({}, [])})
