"""A form that makes a series makes one, however often it is sent."""

import hashlib
from collections.abc import Callable

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest

from hubs.models import Hub
from sessions_app.models import Series
from workspace.access import Workspace

AN_HOUR_IN_SECONDS = 3600


@transaction.atomic
def create_once(request: HttpRequest, workspace: Workspace, create: Callable[[], Series]) -> Series:
    """Create a series, or return the one that the same form made a moment ago: a double click sends it twice.

    The second waits for the first, because each locks the hub's row."""
    Hub.objects.select_for_update(no_key=True).get(pk=workspace.hub.pk)
    key = _key_of_form(request, workspace)
    made = workspace.series.filter(pk=cache.get(key)).first() if key else None
    if made:
        return made
    series = create()
    if key:
        cache.set(key, series.pk, AN_HOUR_IN_SECONDS)
    return series


def _key_of_form(request: HttpRequest, workspace: Workspace) -> str:
    """Return the cache key of this form with what was typed, or "" for a form without a token. If someone goes back and
    types something else, that is another series."""
    if not request.POST.get("token"):
        return ""
    sent = f"{workspace.user.pk}:{workspace.hub.pk}:{request.path}:{request.POST.urlencode()}"
    return f"new-listing:{hashlib.sha256(sent.encode()).hexdigest()}"
