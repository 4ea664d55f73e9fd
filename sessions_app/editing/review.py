"""The review of listings: draft → submitted → published, or returned with a comment; and changes that wait for approval.

Each step writes a ReviewEntry and emails the other side. A step that was taken already changes nothing (a double click).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from sessions_app.editing.checking import check
from sessions_app.editing.data import read
from sessions_app.editing.errors import (
    ChangesConflictError,
    CommentMissingError,
    EditedMeanwhileError,
    NotAllowedToPublishError,
    TooManyCommentsError,
    WrongStepError,
)
from sessions_app.editing.notifications import add_entry, in_both_languages
from sessions_app.editing.saving import ForEditing, lock, raise_revision, read_for_editing, settle
from sessions_app.editing.writing import write
from sessions_app.models import ChangeRequest, Publication, ReviewEntry, ReviewStep, Series, SeriesQuerySet

State = ChangeRequest.State
TO_PUBLISH = (Publication.DRAFT, Publication.SUBMITTED)
TAKEN_OFF = _("Pallium Canada took this series off the site.")
# So that a hub cannot flood our mailbox: this many comments within a day, on all its listings.
MOST_COMMENTS, A_DAY = 30, timedelta(days=1)


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
    """Whether this person may publish the listing: staff always, the team of a hub only if the hub is trusted.

    A listing that staff returned, or took off the site, is published again only by staff.
    """
    if is_staff_here(user):
        return True
    return bool(series.hub and series.hub.is_trusted) and not _needs_staff(series)


def _needs_staff(series: Series) -> bool:
    """Whether staff returned the listing and it was not published since. Submitting it doesn't change that.

    One query, or none after `with_review`."""
    if hasattr(series, "last_decision"):
        return series.last_decision == ReviewStep.RETURNED
    return _decisions().filter(series=series).first() == ReviewStep.RETURNED


@transaction.atomic
def publish(series: Series, *, by: User, now: datetime, revision: int | None = None, comment: str = "") -> None:
    """Publish a draft or a submitted listing. With `revision`, only if nobody edited it after that one.

    The caller has checked that `by` may edit the series. Raises WrongStepError if it is archived,
    NotAllowedToPublishError and EditedMeanwhileError.
    """
    series = lock(series)
    if series.publication == Publication.PUBLISHED:
        return
    _require(series, *TO_PUBLISH)
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
def take_off_site(series: Series, *, by: User, now: datetime) -> None:
    """Staff set a series back to draft. If it was published, its hub is told and only staff can publish it again."""
    series = lock(series)
    before = series.publication
    if before == Publication.DRAFT:
        return
    _set_publication(series, Publication.DRAFT)
    note_taken_off(series, before, by=by, now=now)


def note_taken_off(series: Series, before: str, *, by: User, now: datetime) -> None:
    """If staff just took a hub's listing off the site, write that down in both languages. `before` is what it was."""
    if series.hub_id is None or before != Publication.PUBLISHED or series.publication == Publication.PUBLISHED:
        return
    comment = in_both_languages(TAKEN_OFF)
    add_entry(series, ReviewStep.RETURNED, by=by, now=now, comment=comment, from_staff=True)


@transaction.atomic
def comment(series: Series, *, text: str, by: User, now: datetime, from_staff: bool = False) -> ReviewEntry:
    """Add a comment and email it to the other side: to staff or, if it is `from_staff`, to the hub's team.

    The same comment twice in a row is one comment. Raises CommentMissingError, and TooManyCommentsError if the hub wrote
    MOST_COMMENTS within a day.
    """
    if not text.strip():
        raise CommentMissingError
    lock(series)
    latest = series.review.last()
    if latest and (latest.step, latest.by_id, latest.comment) == (ReviewStep.COMMENTED, by.pk, text.strip()):
        return latest
    if not from_staff and _comments_of_today(series, now) >= MOST_COMMENTS:
        raise TooManyCommentsError
    return add_entry(series, ReviewStep.COMMENTED, by=by, now=now, comment=text, from_staff=from_staff)


def _comments_of_today(series: Series, now: datetime) -> int:
    """How many comments the team of the series' hub wrote within a day."""
    comments = ReviewEntry.objects.filter(series__hub=series.hub_id, step=ReviewStep.COMMENTED, at__gt=now - A_DAY)
    return comments.exclude(by__is_staff=True).count()


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
    check(series, editing.saved, editing.data, now)
    write(series, editing.saved, editing.data, now)
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
    """Annotate `last_step` and `last_decision` (each a ReviewStep or None) and `has_waiting_changes`, for lists."""
    waiting = ChangeRequest.objects.filter(series=OuterRef("pk"), state=State.WAITING)
    return series.annotate(
        last_step=Subquery(_steps().filter(series=OuterRef("pk"))[:1]),
        last_decision=Subquery(_decisions().filter(series=OuterRef("pk"))[:1]),
        has_waiting_changes=Exists(waiting),
    )


def _steps() -> "QuerySet[ReviewEntry, str]":
    """Return the steps of reviews, the latest first. Comments take no step."""
    return ReviewEntry.objects.exclude(step=ReviewStep.COMMENTED).order_by("-at", "-pk").values_list("step", flat=True)


def _decisions() -> "QuerySet[ReviewEntry, str]":
    """Return the steps that say whether staff are content with the listing, the latest first."""
    return _steps().filter(step__in=[ReviewStep.RETURNED, ReviewStep.PUBLISHED])


def _lock_both(change_request: ChangeRequest) -> tuple[Series, ChangeRequest]:
    series = lock(change_request.series)
    return series, ChangeRequest.objects.select_for_update().get(pk=change_request.pk)


def _require_waiting(request: ChangeRequest) -> None:
    if request.state != State.WAITING:
        raise WrongStepError


def _require(series: Series, *publications: Publication) -> None:
    if series.publication not in publications:
        raise WrongStepError


def _set_publication(series: Series, publication: Publication) -> None:
    series.publication = publication
    series.save(update_fields=["publication", "updated_at"])
