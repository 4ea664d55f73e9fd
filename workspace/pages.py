"""How the workspace's views render their pages."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from workspace import menu
from workspace.access import Workspace


def page(
    request: HttpRequest, workspace: Workspace, template: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Render `templates/workspace/<template>`, with the hub, the person's role and the menu in the context."""
    url_name = request.resolver_match.url_name or "" if request.resolver_match else ""
    own = {"workspace": workspace, "hub": workspace.hub, "menu": menu.links(workspace, url_name)}
    return render(request, f"workspace/{template}", own | (context or {}), status=status)
