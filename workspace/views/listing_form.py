"""The form for a series: it is shown, changed by its own buttons, compared with what others saved, confirmed and saved."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.languages import current_language
from accounts.zones import PROVINCE_ZONES
from hubs.models import Hub
from sessions_app.editing.changes import compare
from sessions_app.editing.data import ListingData
from sessions_app.editing.errors import EditedMeanwhileError, ListingRefusedError
from sessions_app.editing.merging import merge
from sessions_app.editing.saving import create_listing, read_for_editing, save_listing
from sessions_app.models import Publication, Series
from workspace.access import Workspace, for_editors
from workspace.forms.editor import ListingEditor, Start
from workspace.pages import page

SAVE, SAVE_AND_PREVIEW = "save", "save-and-preview"
THEIRS = "theirs"
CHOICE = "choice:"  # before the name of a conflict: whose version is kept


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def new(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    if request.method != "POST":
        zone = PROVINCE_ZONES[workspace.hub.provinces[0]] if workspace.hub.provinces else workspace.user.time_zone
        return _form(request, workspace, None, ListingEditor.new(zone, current_language(), timezone.now()))
    return _answer(request, workspace, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def edit(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    found = get_object_or_404(workspace.series.select_related("hub"), pk=series)
    if request.method != "POST":
        return _form(request, workspace, found, ListingEditor(Start.of(read_for_editing(found))))
    return _answer(request, workspace, found)


def _form(
    request: HttpRequest,
    workspace: Workspace,
    series: Series | None,
    editor: ListingEditor,
    *,
    is_changed: bool = False,
    status: int = 200,
) -> HttpResponse:
    where = ("listing", [workspace.hub.slug, series.pk]) if series else ("listings", [workspace.hub.slug])
    context = {
        "series": series,
        "editor": editor,
        "is_changed": is_changed,
        "back_url": reverse(f"workspace:{where[0]}", args=where[1]),
        "save_label": _("Save changes") if series and series.publication != Publication.DRAFT else _("Save draft"),
    }
    return page(request, workspace, "listings/form.html", context, status=status)


def _answer(request: HttpRequest, workspace: Workspace, series: Series | None) -> HttpResponse:
    """Answer a form that was sent: do what the pressed button says."""
    editor = ListingEditor.sent(request.POST)
    action = request.POST.get("action", SAVE)
    if action not in (SAVE, SAVE_AND_PREVIEW):
        return _form(request, workspace, series, editor.after(action), is_changed=True)
    if not editor.is_valid():
        return _form(request, workspace, series, editor, is_changed=True, status=400)
    data, revision = editor.listing(), editor.start.revision
    if series:
        decision = _decide(request, series, editor.start, data)
        if decision.conflict_page:
            return page(request, workspace, "listings/conflict.html", decision.conflict_page, status=409)
        data, revision = decision.data, decision.revision
    return _save(request, workspace, series, editor, data, revision)
