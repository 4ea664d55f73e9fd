"""The list of hub partners. A hub's own page lists sessions, so its view is `sessions_app.views.hub_page`."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hubs.models import Hub


@require_safe
def hub_list(request: HttpRequest) -> HttpResponse:
    return render(request, "hubs/list.html", {"hubs": Hub.objects.listed()})
