"""The hub's side of the review: submit, publish, take back, comment."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from sessions_app.editing import review
from sessions_app.editing.data import read
from sessions_app.editing.errors import EditedMeanwhileError, ListingDeletedError, ListingRefusedError, WrongStepError
from sessions_app.models import Publication, Series
from workspace.access import Workspace, for_editors
from workspace.forms.review import CommentForm, SubmitForm
from workspace.pages import page
from workspace.views.listings import checks, get_series, overview_page


def step(
    request: HttpRequest, workspace: Workspace, series: Series, done: str | Promise, act: Callable[[], Any]
) -> HttpResponse:
    """Take a step and go back to the overview, with a sentence that says what happened or why it was refused."""
    try:
        act()
    except EditedMeanwhileError:
        messages.error(request, _("Someone else edited this series a moment ago. Check it, then try again."))
    except ListingRefusedError as error:
        return refused(request, workspace, series, error)
    else:
        messages.success(request, str(done))
    return redirect("workspace:listing", workspace.hub.slug, series.pk)


def refused(request: HttpRequest, workspace: Workspace, series: Series, error: ListingRefusedError) -> HttpResponse:
    """Go back to the overview, or to the list if the series was deleted, with a sentence that says why."""
    messages.error(request, str(error))
    if isinstance(error, ListingDeletedError):
        return redirect("workspace:listings", workspace.hub.slug)
    return redirect("workspace:listing", workspace.hub.slug, series.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def submit(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """Send a draft to staff. What is not a draft any more leads back to the overview, which shows what it is now."""
    found = get_series(workspace, series)
    form = SubmitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        comment, now = form.cleaned_data["comment"], timezone.now()
        done = _("Submitted. We’ll email your team when Pallium Canada has looked at it.")
        return step(
            request,
            workspace,
            found,
            done,
            lambda: review.submit(found, comment=comment, by=workspace.user, now=now),
        )
    if found.publication != Publication.DRAFT:
        return refused(request, workspace, found, WrongStepError())
    context = {"series": found, "form": form} | checks(workspace, found, read(found))
    return page(request, workspace, "listings/submit.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def publish(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """Publish a listing of a trusted hub. Others are led to the page on which they submit it."""
    found = get_series(workspace, series)
    if found.publication == Publication.PUBLISHED:
        return redirect("workspace:listing", workspace.hub.slug, found.pk)
    if not review.may_publish(found, workspace.user):
        return redirect("workspace:listing_submit", workspace.hub.slug, found.pk)
    if request.method == "POST":
        now, seen = timezone.now(), request.POST.get("revision", "")
        revision = int(seen) if seen.isdecimal() and len(seen) <= MOST_DIGITS else -1
        done = _("Published.")
        return step(
            request,
            workspace,
            found,
            done,
            lambda: review.publish(found, by=workspace.user, now=now, revision=revision),
        )
    return page(request, workspace, "listings/publish.html", {"series": found} | checks(workspace, found, read(found)))


MOST_DIGITS = 9


@require_POST
@for_editors
def withdraw(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    found, now = get_series(workspace, series), timezone.now()
    done = _("Taken back. It’s a draft again.")
    return step(request, workspace, found, done, lambda: review.withdraw_submission(found, by=workspace.user, now=now))


@require_POST
@for_editors
def comment(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    found, now, form = get_series(workspace, series), timezone.now(), CommentForm(request.POST)
    if not form.is_valid():
        return overview_page(request, workspace, found, form, status=400)
    try:
        review.comment(found, text=form.cleaned_data["comment"], by=workspace.user, now=now)
    except ListingDeletedError as error:
        return refused(request, workspace, found, error)
    except ListingRefusedError as error:
        form.add_error("comment", str(error))
        return overview_page(request, workspace, found, form, status=400)
    messages.success(request, str(_("Comment sent.")))
    return redirect("workspace:listing", workspace.hub.slug, found.pk)


@require_POST
@for_editors
def take_back(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """Take back the changes that wait for approval. Only the latest changes can wait."""
    found, now = get_series(workspace, series), timezone.now()
    latest = found.change_requests.order_by("pk").last()
    if latest is None:
        messages.error(request, str(_("No changes are waiting for approval.")))
        return redirect("workspace:listing", workspace.hub.slug, found.pk)
    done = _("Your changes are taken back. The series stays as it is.")
    return step(request, workspace, found, done, lambda: review.take_back(latest, by=workspace.user, now=now))
