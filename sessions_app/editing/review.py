"""The review of listings: draft → submitted → published, or returned with a comment; and changes that wait for approval.

Each step writes a ReviewEntry and emails the other side. A step that was taken already changes nothing (a double click).
"""

from datetime import datetime

from accounts.models import User
from sessions_app.models import ChangeRequest, ReviewEntry, Series, SeriesQuerySet


def submit(series: Series, *, comment: str = "", by: User, now: datetime) -> None:
    """Send a draft to staff. Raises WrongStepError if it is not a draft (nor submitted)."""
    raise NotImplementedError


def withdraw_submission(series: Series, *, by: User, now: datetime) -> None:
    """Take a submitted listing back to draft. Raises WrongStepError if it was published meanwhile."""
    raise NotImplementedError


def may_publish(series: Series, user: User) -> bool:
    """Whether this person may publish the listing: staff always, the team of a hub only if the hub is trusted."""
    raise NotImplementedError


def publish(series: Series, *, by: User, now: datetime, revision: int | None = None) -> None:
    """Publish a listing. With `revision`, only that one.

    Raises NotAllowedToPublishError, and EditedMeanwhileError if the listing was edited after `revision`.
    """
    raise NotImplementedError


def return_to_hub(series: Series, *, comment: str, by: User, now: datetime) -> None:
    """Return a submitted listing to the hub. Raises CommentMissingError, and WrongStepError if it is not submitted."""
    raise NotImplementedError


def comment(series: Series, *, text: str, by: User, now: datetime) -> ReviewEntry:
    """Add a comment and email it to the other side: the hub's team or, if someone of the hub wrote it, staff.

    Raises CommentMissingError.
    """
    raise NotImplementedError


def approve(
    change_request: ChangeRequest, *, revision: int, by: User, now: datetime, overwrite: bool = False, comment: str = ""
) -> None:
    """Make the changes live, once. `revision` is the series' revision that the page showed.

    Raises EditedMeanwhileError if the series or the request was edited after `revision`, ChangesConflictError if both
    touched the same thing and `overwrite` is not confirmed, WrongStepError, and what `save_listing` raises.
    """
    raise NotImplementedError


def return_changes(change_request: ChangeRequest, *, comment: str, by: User, now: datetime) -> None:
    """Return the changes to the hub. The listing stays as it is. Raises CommentMissingError and WrongStepError."""
    raise NotImplementedError


def take_back(change_request: ChangeRequest, *, by: User, now: datetime) -> None:
    """The hub takes its changes back. Raises WrongStepError if they were approved or returned meanwhile."""
    raise NotImplementedError


def is_returned(series: Series) -> bool:
    """Whether staff returned this draft and it was not submitted again. One query, or none after `with_review`."""
    raise NotImplementedError


def with_review(series: SeriesQuerySet) -> SeriesQuerySet:
    """Annotate `last_step` (a ReviewStep, without comments, or None) and `has_waiting_changes`, for lists."""
    raise NotImplementedError
