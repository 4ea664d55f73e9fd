"""The public pages of hubs. They show sessions, which hubs/ may not import, so they are here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.zones import reader_zone
from hubs.models import Hub
from sessions_app import feeds, hub_queries
from sessions_app.forms import HubFilter
from sessions_app.listings import listings


@require_safe
def hub_list(request: HttpRequest) -> HttpResponse:
    form = HubFilter(request.GET)
    directory = hub_queries.directory(timezone.now())
    hubs = hub_queries.matching_hubs(form.chosen)
    page = hub_queries.read_page(hubs, request.GET.get("page"), directory.sessions_of)
    query = request.GET.copy()
    query.pop("page", None)
    context = {"form": form, "page": page, "query": query.urlencode(), "directory": directory}
    return render(request, "hubs/list.html", context)


@require_safe
def hub_page(request: HttpRequest, slug: str) -> HttpResponse:
    hub = get_object_or_404(Hub.objects.listed().with_logo(), slug=slug)
    now, reader = timezone.now(), reader_zone(request)
    coming, past = hub_queries.series_of(hub, now)
    context = {"hub": hub, "coming": listings(coming, now, reader), "past": listings(past, now, reader)}
    return render(request, "hubs/detail.html", context)


@require_safe
def hub_feed(request: HttpRequest, slug: str) -> HttpResponse:
    hub = get_object_or_404(Hub.objects.listed(), slug=slug)
    return feeds.response(feeds.get(feeds.hub_feed_name(hub.slug), timezone.now()), hub.slug)
