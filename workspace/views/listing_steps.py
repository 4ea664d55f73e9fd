"""Other steps of a listing: duplicate, cancel, archive, delete; cancel or postpone one session."""

from datetime import date, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from registrations.consequences import People
from registrations.history import was_deleted
from sessions_app.editing import cancelling, removing
from sessions_app.editing.data import read
from sessions_app.editing.duplicate import duplicate as make_copy
from sessions_app.editing.duplicate import may_duplicate, moved
from sessions_app.editing.errors import ListingDeletedError, ListingRefusedError
from sessions_app.models import Delivery, Publication, Series, Session
from workspace.access import Workspace, for_editors
from workspace.forms.review import CancelForm, DuplicateForm
from workspace.once import create_once
from workspace.pages import page
from workspace.views.listing_review import refused, step
from workspace.views.listings import get_series


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def duplicate(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """Make a copy on new dates. A first button shows the dates, the second one makes the copy."""
    found, now = get_series(workspace, series), timezone.now()
    form = DuplicateForm(request.POST or None)
    is_valid = request.method == "POST" and form.is_valid()
    if is_valid and request.POST.get("action") == "duplicate":
        return _make_copy(request, workspace, found, form.cleaned_data["first_date"], now)
    if not may_duplicate(found, workspace.user):
        return redirect("workspace:listing", workspace.hub.slug, found.pk)
    dates = moved(read(found).sessions, form.cleaned_data["first_date"], found) if is_valid else []
    context = {"series": found, "form": form, "dates": dates}
    return page(request, workspace, "listings/duplicate.html", context, status=400 if form.errors else 200)


def _make_copy(
    request: HttpRequest, workspace: Workspace, series: Series, first_date: date, now: datetime
) -> HttpResponse:
    try:
        copy = create_once(request, workspace, lambda: make_copy(series, first_date, by=workspace.user, now=now))
    except ListingRefusedError as refusal:
        return refused(request, workspace, series, refusal)
    messages.success(request, _("This is a copy. Check the dates and add the join links."))
    return redirect("workspace:listing_edit", workspace.hub.slug, copy.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def cancel(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """Cancel the whole series, with a message to everyone in it."""
    found, now, form = get_series(workspace, series), timezone.now(), CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        notes = form.cleaned_data
        return step(
            request,
            workspace,
            found,
            _("The series is cancelled. Everyone is told by email."),
            lambda: cancelling.cancel_series(found, **notes, by=workspace.user, now=now),
        )
    if found.is_cancelled or found.publication != Publication.PUBLISHED:
        return redirect("workspace:listing", workspace.hub.slug, found.pk)
    context = {"series": found, "form": form, "told": _reached(workspace, found)}
    return page(request, workspace, "listings/cancel.html", context, status=400 if form.errors else 200)


def _reached(workspace: Workspace, series: Series) -> int:
    """How many people are told by email: everyone with a seat, on the waitlist or waiting for the recording."""
    return workspace.registrations.active().filter(series=series).count()


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def change_session(request: HttpRequest, workspace: Workspace, series: int, session: int) -> HttpResponse:
    """Cancel or postpone one session, with a message to everyone in the series."""
    found = get_series(workspace, series)
    one = get_object_or_404(Session.objects.select_related("series"), pk=session, series=found)
    if request.method != "POST" and one.delivery not in (Delivery.SCHEDULED, Delivery.POSTPONED):
        return redirect("workspace:listing", workspace.hub.slug, found.pk)
    form = CancelForm(request.POST or None)
    act, done = SESSION_STEPS.get(request.POST.get("action", ""), (None, ""))
    if request.method == "POST" and act and form.is_valid():
        notes, now = form.cleaned_data, timezone.now()
        return step(request, workspace, found, done, lambda: act(one, **notes, by=workspace.user, now=now))
    context = {"series": found, "session": one, "form": form, "told": People.of(found).total}
    return page(request, workspace, "listings/session.html", context, status=400 if request.method == "POST" else 200)


SESSION_STEPS = {
    "postpone": (
        cancelling.postpone_session,
        gettext_lazy("The session is postponed. We’ll email people in 5 minutes."),
    ),
    "cancel": (cancelling.cancel_session, gettext_lazy("The session is cancelled. We’ll email people in 5 minutes.")),
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def archive(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """Archive a series that is over, after a page that asks."""
    found, now = get_series(workspace, series), timezone.now()
    if request.method != "POST":
        if not removing.may_archive(found, now):
            return redirect("workspace:listing", workspace.hub.slug, found.pk)
        return page(request, workspace, "listings/archive.html", {"series": found})
    return step(request, workspace, found, _("Archived."), lambda: removing.archive(found, now=now))


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def delete(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """Delete a draft, after a page that asks."""
    if was_deleted("series", series, workspace.hub):  # by a first click, or by someone else
        return _deleted(request, workspace)
    found = get_series(workspace, series)
    if request.method != "POST":
        return page(request, workspace, "listings/delete.html", {"series": found})
    try:
        removing.delete_draft(found)
    except ListingRefusedError:
        messages.error(
            request, _("Only a draft that nobody registered for can be deleted. You can archive it instead.")
        )
        return redirect("workspace:listing_archive", workspace.hub.slug, found.pk)
    return _deleted(request, workspace)


def _deleted(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    if request.method == "POST":
        messages.success(request, _("Draft deleted."))
    else:
        messages.error(request, str(ListingDeletedError()))
    return redirect("workspace:listings", workspace.hub.slug)
