"""The overview of a hub's workspace, and the choice between several hubs."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from hubs.models import Hub
from registrations.overview import overview
from workspace.access import Workspace, for_viewers
from workspace.pages import page


@never_cache
@login_required
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Lead to the workspace of the person's hub, or let them choose one. Without a hub there is no such page."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required has checked it
    hubs = list(Hub.objects.managed_by(request.user))
    if not hubs:
        raise Http404
    if len(hubs) == 1:
        return redirect("workspace:home", hubs[0].slug)
    return render(request, "workspace/choose.html", {"hubs": hubs})


@require_safe
@for_viewers
def home(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """Show what needs attention first, then what comes up. A new hub sees how to start."""
    found = overview(workspace.hub, workspace.series, timezone.now())
    return page(request, workspace, "home.html", {"overview": found})
