"""The public programme. Every page here is the same for everyone who lives in one zone, so it can be kept (page_cache.py)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.zones import reader_zone
from hubs.models import Hub
from sessions_app import agenda, calendars, feeds, months, queries
from sessions_app.entry import Entry
from sessions_app.forms import read_filters
from sessions_app.models import Series, SeriesQuerySet
from sessions_app.structured_data import series_json_ld


@require_safe
def programme(request: HttpRequest) -> HttpResponse:
    return _list(request, queries.upcoming, "sessions_app/list.html")


@require_safe
def past(request: HttpRequest) -> HttpResponse:
    return _list(request, queries.past, "sessions_app/past.html")


def _list(request: HttpRequest, read: agenda.Read, template: str) -> HttpResponse:
    now = timezone.now()
    filters = read_filters(request.GET, hubs=queries.hub_choices())
    listed = agenda.page(read, filters.chosen, now, reader_zone(request), number=request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return render(request, template, {"filters": filters, "agenda": listed, "query": query.urlencode()})


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
    series = get_object_or_404(queries.for_list(wall), slug=slug)
    entry = Entry(series, timezone.now(), reader_zone(request))
    context = {"series": series, "entry": entry, "json_ld": series_json_ld(series), "is_preview": is_preview}
    return render(request, "sessions_app/detail.html", context)


@require_safe
def series_ics(request: HttpRequest, slug: str) -> HttpResponse:
    series = get_object_or_404(queries.for_list(Series.objects.public()), slug=slug)
    return feeds.answer(request, calendars.published([series]), series.slug)


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    return feeds.answer(request, feeds.read(feeds.ALL, timezone.now()), "palliative-care-echo")


@require_safe
def language_feed(request: HttpRequest, spoken: str) -> HttpResponse:
    name = f"language-{spoken}"
    if name not in feeds.OF_LANGUAGE:
        raise Http404
    return feeds.answer(request, feeds.read(name, timezone.now()), f"palliative-care-echo-{spoken}")


@require_safe
def hub_feed(request: HttpRequest, slug: str) -> HttpResponse:
    hub = get_object_or_404(Hub.objects.listed(), slug=slug)
    return feeds.answer(request, feeds.read(feeds.of_hub(hub), timezone.now()), hub.slug)


@require_safe
def calendar_month(request: HttpRequest) -> HttpResponse:
    """A month of the programme: a table on a desk, a list of its days on a phone."""
    month = months.read(request.GET.get("month"), timezone.now())
    return render(request, "sessions_app/month.html", {"month": month, "reader": reader_zone(request)})
