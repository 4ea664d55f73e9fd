"""The hub partners' public pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from hubs.models import Hub


@require_safe
def hub_list(request: HttpRequest) -> HttpResponse:
    return render(request, "hubs/list.html", {"hubs": Hub.objects.listed()})


@require_safe
def hub_detail(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "hubs/detail.html", {"hub": get_object_or_404(Hub.objects.listed(), slug=slug)})
