"""The review of listings: draft → submitted → published, or returned with a comment; and changes that wait for approval.

Each step writes a ReviewEntry and emails the other side. A step that was taken already changes nothing (a double click).
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from accounts.models import User
from sessions_app.editing.checking import check
from sessions_app.editing.data import read
from sessions_app.editing.errors import (
    ChangesConflictError,
    CommentMissingError,
    EditedMeanwhileError,
    NotAllowedToPublishError,
    WrongStepError,
)
from sessions_app.editing.notifications import add_entry
from sessions_app.editing.saving import ForEditing, lock, raise_revision, read_for_editing, settle
from sessions_app.editing.writing import write
from sessions_app.models import ChangeRequest, Publication, ReviewEntry, ReviewStep, Series, SeriesQuerySet

State = ChangeRequest.State


@transaction.atomic
def submit(series: Series, *, comment: str = "", by: User, now: datetime) -> None:
    """Send a draft to staff. Raises WrongStepError if it is neither a draft nor submitted."""
    series = lock(series)
    if series.publication == Publication.SUBMITTED:
        return
    _require(series, Publication.DRAFT)
    _set_publication(series, Publication.SUBMITTED)
    add_entry(series, ReviewStep.SUBMITTED, by=by, now=now, comment=comment)


@transaction.atomic
def withdraw_submission(series: Series, *, by: User, now: datetime) -> None:
    """Take a submitted listing back to draft. Raises WrongStepError if it was published meanwhile."""
    series = lock(series)
    if series.publication == Publication.DRAFT:
        return
    _require(series, Publication.SUBMITTED)
    _set_publication(series, Publication.DRAFT)
    add_entry(series, ReviewStep.WITHDRAWN, by=by, now=now)


def is_staff_here(user: User) -> bool:
    """Whether this person reviews listings for Pallium."""
    return user.is_staff and user.has_perm("sessions_app.change_series")


def may_publish(series: Series, user: User) -> bool:
    """Whether this person may publish the listing: staff always, the team of a hub only if the hub is trusted."""
    return is_staff_here(user) or bool(series.hub and series.hub.is_trusted)


@transaction.atomic
def publish(series: Series, *, by: User, now: datetime, revision: int | None = None, comment: str = "") -> None:
    """Publish a listing. With `revision`, only if nobody edited it after that one.

    The caller has checked that `by` may edit the series. Raises NotAllowedToPublishError and EditedMeanwhileError.
    """
    series = lock(series)
    if series.publication == Publication.PUBLISHED:
        return
    if not may_publish(series, by):
        raise NotAllowedToPublishError
    if revision is not None and series.revision != revision:
        raise EditedMeanwhileError(read(series), series.revision)
    _set_publication(series, Publication.PUBLISHED)
    add_entry(series, ReviewStep.PUBLISHED, by=by, now=now, comment=comment)


@transaction.atomic
def return_to_hub(series: Series, *, comment: str, by: User, now: datetime) -> None:
    """Return a submitted listing to the hub. Raises CommentMissingError, and WrongStepError if it is not submitted."""
    if not comment.strip():
        raise CommentMissingError
    series = lock(series)
    if is_returned(series):
        return
    _require(series, Publication.SUBMITTED)
    _set_publication(series, Publication.DRAFT)
    add_entry(series, ReviewStep.RETURNED, by=by, now=now, comment=comment, from_staff=True)


@transaction.atomic
def comment(series: Series, *, text: str, by: User, now: datetime, from_staff: bool = False) -> ReviewEntry:
    """Add a comment and email it to the other side: to staff or, if it is `from_staff`, to the hub's team.

    The same comment twice in a row is one comment. Raises CommentMissingError.
    """
    if not text.strip():
        raise CommentMissingError
    lock(series)
    latest = series.review.last()
    if latest and (latest.step, latest.by_id, latest.comment) == (ReviewStep.COMMENTED, by.pk, text.strip()):
        return latest
    return add_entry(series, ReviewStep.COMMENTED, by=by, now=now, comment=text, from_staff=from_staff)


def read_request(request: ChangeRequest) -> ForEditing:
    """Return what approving this request would save, with what was edited after it was sent (`conflicts`)."""
    return read_for_editing(request.series, continue_from=request)


@transaction.atomic
def approve(
    change_request: ChangeRequest, *, revision: int, by: User, now: datetime, overwrite: bool = False, comment: str = ""
) -> None:
    """Make the changes live, once. `revision` is the series' revision that the page showed.

    Raises EditedMeanwhileError if the series or the request was edited after `revision`, ChangesConflictError if both
    touched the same thing and `overwrite` is not confirmed, WrongStepError, and what `save_listing` raises.
    """
    series, request = _lock_both(change_request)
    if request.state == State.APPROVED:
        return
    _require_waiting(request)
    editing = read_for_editing(series)
    if series.revision != revision:
        raise EditedMeanwhileError(editing.data, series.revision)
    if editing.conflicts and not overwrite:
        raise ChangesConflictError(editing.conflicts)
    current = read(series)
    check(series, current, editing.data, now)
    write(series, current, editing.data, now)
    settle(request, State.APPROVED, by=by, now=now)
    add_entry(series, ReviewStep.CHANGES_APPROVED, by=by, now=now, comment=comment, from_staff=True)


@transaction.atomic
def return_changes(change_request: ChangeRequest, *, comment: str, by: User, now: datetime) -> None:
    """Return the changes to the hub. The listing stays as it is. Raises CommentMissingError and WrongStepError."""
    if not comment.strip():
        raise CommentMissingError
    series, request = _lock_both(change_request)
    if request.state == State.RETURNED:
        return
    _require_waiting(request)
    settle(request, State.RETURNED, by=by, now=now)
    raise_revision(series)
    add_entry(series, ReviewStep.CHANGES_RETURNED, by=by, now=now, comment=comment, from_staff=True)


@transaction.atomic
def take_back(change_request: ChangeRequest, *, by: User, now: datetime) -> None:
    """The hub takes its changes back. Raises WrongStepError if they were approved or returned meanwhile."""
    series, request = _lock_both(change_request)
    if request.state == State.TAKEN_BACK:
        return
    _require_waiting(request)
    settle(request, State.TAKEN_BACK, by=by, now=now)
    raise_revision(series)
    add_entry(series, ReviewStep.WITHDRAWN, by=by, now=now)


def is_returned(series: Series) -> bool:
    """Whether staff returned this draft and it was not submitted again. One query, or none after `with_review`."""
    if series.publication != Publication.DRAFT:
        return False
    last_step = series.last_step if hasattr(series, "last_step") else _steps().filter(series=series).first()
    return last_step == ReviewStep.RETURNED


def with_review(series: SeriesQuerySet) -> SeriesQuerySet:
    """Annotate `last_step` (a ReviewStep, without comments, or None) and `has_waiting_changes`, for lists."""
    waiting = ChangeRequest.objects.filter(series=OuterRef("pk"), state=State.WAITING)
    return series.annotate(
        last_step=Subquery(_steps().filter(series=OuterRef("pk"))[:1]), has_waiting_changes=Exists(waiting)
    )


def _steps() -> "QuerySet[ReviewEntry, str]":
    """Return the steps of reviews, the latest first. Comments take no step."""
    return ReviewEntry.objects.exclude(step=ReviewStep.COMMENTED).order_by("-at", "-pk").values_list("step", flat=True)


def _lock_both(change_request: ChangeRequest) -> tuple[Series, ChangeRequest]:
    series = lock(change_request.series)
    return series, ChangeRequest.objects.select_for_update().get(pk=change_request.pk)


def _require_waiting(request: ChangeRequest) -> None:
    if request.state != State.WAITING:
        raise WrongStepError


def _require(series: Series, publication: Publication) -> None:
    if series.publication != publication:
        raise WrongStepError


def _set_publication(series: Series, publication: Publication) -> None:
    series.publication = publication
    series.save(update_fields=["publication", "updated_at"])
