"""How a hub shows its upcoming sessions on its own site: code to copy, with a preview."""

from csp.constants import SELF
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from accounts.languages import LANGUAGES, current_language
from accounts.links import absolute_url
from hubs.models import Hub
from workspace.access import Workspace, for_viewers
from workspace.pages import page


@require_safe
@csp_replace({"frame-src": [SELF]})
@for_viewers
def embed(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    hub = workspace.hub
    frame = reverse("embed:hub", args=[hub.slug])
    context = {
        "snippets": [(language, _snippet(hub, language)) for language in LANGUAGES],
        "preview": f"{frame}?lang={current_language()}",
        "json": absolute_url(reverse("embed:sessions", args=[hub.slug])) + f"?lang={current_language()}",
    }
    return page(request, workspace, "embed.html", context)


def _snippet(hub: Hub, language: str) -> str:
    """Return the HTML that a hub puts into its page, with a title for the frame in that language."""
    with override(language):
        context = {
            "hub": hub,
            "frame": absolute_url(reverse("embed:hub", args=[hub.slug])) + f"?lang={language}",
            "script": absolute_url(reverse("embed:script")),
        }
        return render_to_string("workspace/embed_snippet.html", context).strip()
