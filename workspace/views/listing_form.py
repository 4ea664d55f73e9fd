"""The form for a series: it is shown, changed by its own buttons, compared with what others saved, confirmed and saved."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.languages import current_language
from accounts.zones import PROVINCE_ZONES
from registrations.consequences import People, consequences
from registrations.history import read_history, scope_of_series, was_deleted, who_for_hub
from sessions_app.editing.changes import Change, Group, compare
from sessions_app.editing.checklist import check_new_dates
from sessions_app.editing.data import ListingData
from sessions_app.editing.errors import EditedMeanwhileError, ListingDeletedError, ListingRefusedError
from sessions_app.editing.merging import Conflict, merge
from sessions_app.editing.saving import (
    ForEditing,
    Preview,
    create_listing,
    live_groups,
    preview_save,
    read_for_editing,
    save_listing,
    waiting_request,
)
from sessions_app.models import ChangeRequest, Publication, Series, Session
from workspace.access import Workspace, for_editors, posted
from workspace.forms.editor import ListingEditor, Start, values_of
from workspace.once import create_once
from workspace.pages import page

SAVE, SAVE_AND_PREVIEW = "save", "save-and-preview"

ASKED = ("seen", "choice", "confirmed")  # what the pages between the form and saving add to it


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
    try:
        found = _get_series(workspace, series)
        if request.method == "POST":
            return _answer(request, workspace, found)
    except ListingDeletedError as error:
        if request.method == "POST":
            return _start_again(request, workspace)
        messages.error(request, str(error))
        return redirect("workspace:listings", workspace.hub.slug)
    editing = read_for_editing(found)
    return _form(request, workspace, found, ListingEditor(Start.of(editing)), editing.request)


def _get_series(workspace: Workspace, pk: int) -> Series:
    """Return a series of the hub with its sessions, what people were told of these, and its questions, read once for
    everything that follows. Raises Http404, and ListingDeletedError if it was deleted."""
    sessions = Prefetch("sessions", Session.objects.select_related("announcement"))
    found = workspace.series.select_related("hub").prefetch_related(sessions, "questions").filter(pk=pk).first()
    if found:
        return found
    if was_deleted("series", pk, workspace.hub):
        raise ListingDeletedError
    raise Http404


def _form(
    request: HttpRequest,
    workspace: Workspace,
    series: Series | None,
    editor: ListingEditor,
    waiting: ChangeRequest | None = None,
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
        "waiting": waiting,
        "save_label": _("Save draft")
        if series is None or series.publication == Publication.DRAFT
        else _("Save changes"),
        "save_hint": _save_hint(series),
        "token": request.POST.get("token") or secrets.token_urlsafe(16),
    }
    return page(request, workspace, "listings/form.html", context, status=status)


def _save_hint(series: Series | None) -> str:
    """Say who sees the changes once they are saved."""
    if series is None or series.publication != Publication.PUBLISHED:
        return _("Saving doesn’t publish anything. Only your team and Pallium Canada can see it.")
    if Group.WORDING in live_groups(series):
        return _(
            "New wording and links go live at once. Pallium Canada checks new dates, seats and accreditation first."
        )
    return _("New join links go live at once. Pallium Canada checks your other changes first.")


def _answer(request: HttpRequest, workspace: Workspace, series: Series | None) -> HttpResponse:
    """Answer a form that was sent: do what the pressed button says."""
    editor = ListingEditor.sent(request.POST)
    action = request.POST.get("action", SAVE)
    if action in (SAVE, SAVE_AND_PREVIEW) and editor.is_valid():
        sending = Sending(request, workspace, series, editor)
        return sending.update() if series else sending.create()
    waiting = waiting_request(series) if series else None
    if action in (SAVE, SAVE_AND_PREVIEW):
        return _form(request, workspace, series, editor, waiting, is_changed=True, status=400)
    return _form(request, workspace, series, editor.after(action), waiting, is_changed=True)


def _start_again(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """Return the form for a new series with everything that was typed for one that is deleted by now."""
    editor = ListingEditor.sent(request.POST).as_new()
    editor.add_error(
        ValidationError(_("This series was deleted while you were editing it. Save again to create a new draft."))
    )
    return _form(request, workspace, None, editor, is_changed=True, status=409)


@dataclass
class Sending:
    """A valid form on its way to the database."""

    request: HttpRequest
    workspace: Workspace
    series: Any  # Series, or None for a new one
    editor: ListingEditor

    @cached_property
    def now(self) -> datetime:
        return timezone.now()

    def create(self) -> HttpResponse:
        try:
            self.series = create_once(
                self.request,
                self.workspace,
                lambda: create_listing(self.workspace.hub, self.editor.listing(), by=self.workspace.user, now=self.now),
            )
        except (ListingRefusedError, ValidationError) as error:
            return self._refused(error, self.editor)
        messages.success(self.request, _("Draft saved."))
        return self._done()

    def update(self) -> HttpResponse:
        """Save, unless someone else saved meanwhile, or people have to be told about the changes and nobody confirmed it.

        Raises ListingDeletedError."""
        mine, shown, editing = self.editor.listing(), self.editor, read_for_editing(self.series)
        start, current = self.editor.start, Start.of(editing)
        if current.revision != start.revision:
            comparison = Comparison(start, mine, current, self.editor.form.zone, self.request.POST)
            if not comparison.is_decided:
                context = {"comparison": comparison, "who": self._who_saved(editing.request)}
                return self._page("conflict.html", context, ASKED, status=409)
            mine = comparison.merged
            shown = ListingEditor(current, values_of(mine))
        try:
            edit = preview_save(self.series, editing, mine, self.now)
            return self._confirm(edit, editing) or self._save(mine, current.revision)
        except EditedMeanwhileError:  # in this very moment
            self.series = _get_series(self.workspace, self.series.pk)
            return self.update()
        except ListingDeletedError:  # the same, and `edit` answers it
            raise
        except (ListingRefusedError, ValidationError) as error:
            return self._refused(error, shown, editing.request)

    def _confirm(self, edit: Preview, editing: ForEditing) -> HttpResponse | None:
        """Return the page that says what the changes mean for people, until someone confirms it."""
        is_confirmed = self.request.POST.get("confirmed") == str(editing.revision)
        if self.series.publication != Publication.PUBLISHED or is_confirmed:
            return None
        people, groups = People.of(self.series), live_groups(self.series)
        found, waits = consequences(self.series, edit.target, self.now, people), False
        if found.is_empty and any(
            one.group not in groups for one in compare(editing.data, edit.data, self.series.zone)
        ):
            found, waits = consequences(self.series, edit.data, self.now, people), True
        if found.is_empty:
            return None
        context = {
            "consequences": found,
            "waits": waits,
            "live": edit.live,
            "waiting": edit.waiting,
            "dates_to_check": check_new_dates(editing.saved, edit.data, self.workspace.hub, self.now),
            "revision": editing.revision,
        }
        return self._page("confirm.html", context, ("confirmed",))

    def _save(self, data: ListingData, revision: int) -> HttpResponse:
        saved = save_listing(self.series, data, revision=revision, by=self.workspace.user, now=self.now)
        if saved.waiting:
            messages.success(self.request, _("Saved. Some of your changes are waiting for approval by Pallium Canada."))
        else:
            messages.success(self.request, _("Saved."))
        return self._done()

    def _who_saved(self, waiting: ChangeRequest | None) -> str:
        """The person who saved last: from the history, or from the changes that wait for staff, which are not in it."""
        scope = scope_of_series(self.series.pk).only("listings").for_workspace(self.workspace.hub)
        entries = read_history(scope).entries
        if waiting and waiting.by and not (entries and entries[0].at > waiting.created_at):
            return who_for_hub(waiting.by, self.workspace.hub)
        return entries[0].who if entries else _("Someone else")

    def _refused(self, error: Exception, editor: ListingEditor, waiting: ChangeRequest | None = None) -> HttpResponse:
        """Return the form as it was sent or merged (`editor`), with the reason why it was not saved."""
        editor.add_error(error)
        return _form(self.request, self.workspace, self.series, editor, waiting, is_changed=True, status=400)

    def _page(self, template: str, context: dict[str, Any], asked: tuple[str, ...], status: int = 200) -> HttpResponse:
        """Return a page that asks something before the form is saved. It carries the form as hidden fields."""
        hidden = [(name, value) for name, value in posted(self.request.POST) if name.partition(":")[0] not in asked]
        action = self.request.POST.get("action", SAVE)
        own = {"series": self.series, "hidden": hidden, "action": action}
        return page(self.request, self.workspace, f"listings/{template}", own | context, status=status)

    def _done(self) -> HttpResponse:
        is_preview = self.request.POST.get("action") == SAVE_AND_PREVIEW
        name = "workspace:listing_preview" if is_preview else "workspace:listing"
        return redirect(name, self.workspace.hub.slug, self.series.pk)


class Comparison:
    """My version next to the one that someone else saved while I was editing."""

    def __init__(self, start: Start, mine: ListingData, theirs: Start, zone: ZoneInfo, post: QueryDict) -> None:
        self.revision = theirs.revision
        self.their_changes = compare(start.data, theirs.data, zone)
        _merged, self.conflicts = merge(start.data, mine, theirs.data, zone)
        self.choices = {conflict.name: post.get(f"choice:{conflict.name}", "") for conflict in self.conflicts}
        taken = [name for name, choice in self.choices.items() if choice == "theirs"]
        self.merged, _left = merge(start.data, mine, theirs.data, zone, take_theirs=taken)
        self.was_seen = post.get("seen") == str(theirs.revision)

    @property
    def is_decided(self) -> bool:
        """Whether the person has seen this comparison and chosen a version wherever both changed the same thing."""
        return self.was_seen and all(choice in ("mine", "theirs") for choice in self.choices.values())

    @property
    def taken_over(self) -> list[Change]:
        """What the other person changed and I did not."""
        return [change for change in self.their_changes if change.name not in self.choices]

    @property
    def questions(self) -> list[tuple[Conflict, str]]:
        return [(conflict, self.choices[conflict.name]) for conflict in self.conflicts]
