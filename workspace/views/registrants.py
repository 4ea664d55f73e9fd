"""The people of a series: the list, one person, attendance, the print view and the exports. Every role may read them."""

from datetime import datetime
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from registrations.exports import RegistrantTable, csv_lines, xlsx_file
from registrations.history import actions_for_hub
from registrations.models import RegistrationQuerySet
from registrations.refusals import why_not_promote
from registrations.registrants import (
    Registrant,
    count_states,
    find,
    for_list,
    registrants,
    with_attendance,
    with_position,
    with_questions,
)
from registrations.services.seats import OPEN_TO_STAFF
from sessions_app.models import Publication, Series
from sessions_app.status import registration_status
from workspace.access import Workspace, for_viewers
from workspace.forms.registrants import RegistrantFilter, labelled
from workspace.pages import page
from workspace.paging import Page, read_page

MOST_PRINTED = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def get_series(workspace: Workspace, pk: int) -> Series:
    """Return a series of the hub. Raises Http404."""
    return get_object_or_404(workspace.series.select_related("hub"), pk=pk)


def _filter(request: HttpRequest, series: Series, now: datetime) -> RegistrantFilter:
    """Return the filters in the query string. Raises Http404 for values that no page of ours links to."""
    sessions = list(series.sessions.order_by("starts_at", "pk"))
    form = RegistrantFilter(request.GET, series=series, sessions=sessions, now=now)
    if not form.is_valid():
        raise Http404
    return form


def _people(workspace: Workspace, series: Series) -> RegistrationQuerySet:
    return workspace.registrations.filter(series=series)


def _details(registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    return with_position(for_list(registrations))


def _rows(found: Page, form: RegistrantFilter, now: datetime) -> dict[str, Any]:
    """Return the context of a page of people."""
    people = registrants(found.rows, list(form.sessions.values()), now)
    some_not_known = any(not one.is_known and not one.is_closed for one in people)
    return {"form": form, "page": found, "registrants": people, "some_not_known": some_not_known}


@require_safe
@for_viewers
def registrant_list(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    now, own = timezone.now(), get_series(workspace, series)
    form, people = _filter(request, own, now), _people(workspace, own)
    found = read_page(find(people, form.wanted), request.GET.get("page"), details=_details)
    context = _rows(found, form, now) | {
        "series": own,
        "takes_people": own.publication == Publication.PUBLISHED and registration_status(own, now) in OPEN_TO_STAFF,
        "counts": count_states(people),
        "query": form.query,
        "more": f"&{form.query}" if form.query else "",
    }
    return page(request, workspace, "registrants/list.html", context)


@require_safe
@for_viewers
def print_view(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """The first MOST_PRINTED people on one page, with their answers."""
    now, own = timezone.now(), get_series(workspace, series)
    form = _filter(request, own, now)
    rows = find(_people(workspace, own), form.wanted)
    found = read_page(
        rows, None, MOST_PRINTED, details=lambda found: _details(found).prefetch_related(with_questions())
    )
    context = _rows(found, form, now) | {"series": own, "query": form.query, "now": now}
    return page(request, workspace, "registrants/print.html", context)


@require_safe
@for_viewers
def export(request: HttpRequest, workspace: Workspace, series: int) -> StreamingHttpResponse | FileResponse:
    """The people that the filters find, as a CSV or an XLSX file."""
    now, own = timezone.now(), get_series(workspace, series)
    form = _filter(request, own, now)
    table = RegistrantTable(own, find(_people(workspace, own), form.wanted), now)
    filename = f"{own.slug_here}-{now.astimezone(own.zone):%Y-%m-%d}"
    match request.GET.get("format", "csv"):
        case "csv":
            response = StreamingHttpResponse(csv_lines(table), content_type="text/csv; charset=utf-8")
            response["Content-Disposition"] = f'attachment; filename="{filename}.csv"'
            return response
        case "xlsx":
            return FileResponse(xlsx_file(table), as_attachment=True, filename=f"{filename}.xlsx", content_type=XLSX)
    raise Http404


@require_safe
@for_viewers
def attendance(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """How many people attended each session, said that they could not, or did not come."""
    own = get_series(workspace, series)
    sessions = labelled(with_attendance(own), own)
    return page(
        request,
        workspace,
        "registrants/attendance.html",
        {"series": own, "sessions": sessions, "now": timezone.now()},
    )


@require_safe
@for_viewers
def registrant(request: HttpRequest, workspace: Workspace, series: int, registration: int) -> HttpResponse:
    now, own = timezone.now(), get_series(workspace, series)
    rows = _details(_people(workspace, own)).prefetch_related(with_questions())
    found: Any = get_object_or_404(rows, pk=registration)
    context = {
        "series": own,
        "registrant": Registrant(found, list(own.sessions.order_by("starts_at", "pk")), now),
        "registration": found,
        "actions": actions_for_hub(found, workspace.hub),
        "why_not_promote": why_not_promote(own, now),
    }
    return page(request, workspace, "registrants/one.html", context)
