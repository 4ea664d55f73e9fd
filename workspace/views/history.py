"""Who changed what in the hub: its page, its team, its series and their registrations. Only for coordinators."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from registrations import history
from workspace.access import Workspace, for_coordinators
from workspace.forms.history import HistoryFilter
from workspace.pages import page


@require_safe
@for_coordinators
def history_page(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """Show the history of the hub, or of one of its series. A series or a person of another hub is a 404."""
    form = HistoryFilter(request.GET, workspace)
    if not form.is_valid():
        raise Http404
    chosen = form.cleaned_data
    scope = history.scope_of_series(chosen["series"]) if chosen["series"] else history.scope_of_hub(workspace.hub.pk)
    scope = scope.for_workspace(workspace.hub)
    if chosen["about"]:
        scope = scope.only(chosen["about"])
    if chosen["person"]:
        scope = scope.by(chosen["person"])
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "history": history.read_history(scope, chosen["page"] or 1),
        "zone": workspace.user.zone,
        "query": query.urlencode(),
    }
    return page(request, workspace, "history.html", context)
