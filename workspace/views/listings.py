"""The hub's listings: the list, the overview of one series, and its preview."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.zones import reader_zone
from registrations.history import events_of
from registrations.models import Registration, RegistrationState
from sessions_app.editing import removing, review
from sessions_app.editing.changes import compare
from sessions_app.editing.checklist import checklist, completeness
from sessions_app.editing.data import ListingData, from_json
from sessions_app.editing.duplicate import may_duplicate
from sessions_app.editing.saving import read_for_editing
from sessions_app.listings import Listing, read_page
from sessions_app.models import ChangeRequest, Series
from sessions_app.queries import for_list
from sessions_app.views import preview_page
from workspace.access import Workspace, for_viewers
from workspace.forms.fields import Meter
from workspace.forms.filters import ListingsFilter
from workspace.forms.review import CommentForm
from workspace.pages import page


@require_safe
@for_viewers
def listings(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    now = timezone.now()
    form = ListingsFilter(request.GET)
    series: Any = form.narrow(review.with_review(workspace.series), now).annotate(waitlisted=_waitlisted())
    query = request.GET.copy()
    query.pop("page", None)
    found = read_page(series, request.GET.get("page"), now, reader_zone(request))
    return page(request, workspace, "listings/list.html", {"form": form, "page": found, "query": query.urlencode()})


def _waitlisted() -> Any:
    """The number of people on a series' waitlist."""
    waiting = Registration.objects.filter(series=OuterRef("pk"), state=RegistrationState.WAITLISTED)
    return Coalesce(Subquery(waiting.order_by().values("series").annotate(n=Count("pk")).values("n")), 0)


def get_series(workspace: Workspace, pk: int) -> Series:
    """Return the hub's series with its sessions and its last step. Raises Http404 for one of another hub."""
    return get_object_or_404(for_list(review.with_review(workspace.series)), pk=pk)


@require_safe
@for_viewers
def overview(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    return overview_page(request, workspace, get_series(workspace, series))


def overview_page(
    request: HttpRequest, workspace: Workspace, series: Series, form: CommentForm | None = None, status: int = 200
) -> HttpResponse:
    now, editing = timezone.now(), read_for_editing(series)
    context = {
        "series": series,
        "listing": Listing(series, now, reader_zone(request)),
        "waitlisted": workspace.registrations.filter(series=series, state=RegistrationState.WAITLISTED).count(),
        "is_returned": review.is_returned(series),
        "may_publish": review.may_publish(series, workspace.user),
        "may_duplicate": may_duplicate(series, workspace.user),
        "may_archive": removing.may_archive(series, now),
        "entries": _conversation(workspace, series),
        "comment_form": form or CommentForm(),
        **checks(workspace, series, editing.data),
        **_waiting_changes(series, editing.request),
    }
    return page(request, workspace, "listings/overview.html", context, status=status)


def _conversation(workspace: Workspace, series: Series) -> Any:
    """Return the steps of the review, each with `of_team`: whether someone who is or was in the team took it.

    Staff are not named to hubs."""
    was_in_team = events_of("membership").filter(hub=workspace.hub.pk, user=OuterRef("by"))
    return series.review.select_related("by").annotate(of_team=Exists(was_in_team))


def checks(workspace: Workspace, series: Series, data: ListingData) -> dict[str, Any]:
    """Return the checklist for `data`, with links into the form, and how complete each language is."""
    edit_url = reverse("workspace:listing_edit", args=[workspace.hub.slug, series.pk])
    found = checklist(data, workspace.hub, timezone.now())
    meters = [Meter(language, *counts) for language, counts in completeness(data).items()]
    return {"checks": [(check, f"{edit_url}#{anchor(check.field)}") for check in found], "meters": meters}


def anchor(field: str) -> str:
    """Return the id on the form's page of what a check is about, such as "sessions.3"."""
    kind, _dot, place = field.partition(".")
    if place:
        return f"{kind.removesuffix('s')}-{int(place) + 1}"
    return {"registration_opens_at": "id_opens_date", "registration_closes_at": "id_closes_date"}.get(
        field, field if field in ("sessions", "questions") else f"id_{field}"
    )


def _waiting_changes(series: Series, request: ChangeRequest | None) -> dict[str, Any]:
    changes = compare(from_json(request.before), from_json(request.changes), series.zone) if request else []
    return {"change_request": request, "waiting_changes": changes}


@require_safe
@for_viewers
def preview(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """The public page as it will look, for the team."""
    found = get_series(workspace, series)
    return preview_page(request, found, back_url=reverse("workspace:listing", args=[workspace.hub.slug, found.pk]))
