"""The logo of a hub. A hub's page and the list of hubs show sessions, so their views are in `sessions_app.hub_views`."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from hubs.models import Logo
from hubs.views.pictures import picture_response


@require_safe
def logo(request: HttpRequest, slug: str, checksum: str) -> HttpResponse:
    """Answer with the hub's logo. The address changes with the picture, so browsers may keep it. An old one is a 404.

    It also works for a hub that is not listed, because its team sees the page before the public does.
    """
    found = get_object_or_404(Logo, hub__slug=slug, checksum=checksum)
    return picture_response(bytes(found.content), "image/png")
