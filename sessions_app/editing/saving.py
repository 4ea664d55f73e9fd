"""Create and save listings. Which changes go live at once, and which wait for staff."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from hubs.models import Hub
from sessions_app.editing.changes import Change
from sessions_app.editing.data import ListingData
from sessions_app.models import ChangeRequest, Series


@dataclass(frozen=True)
class Saved:
    """The saved series, what is live (or in the draft) now, and what waits for staff altogether."""

    series: Series
    live: list[Change]
    waiting: list[Change]


@dataclass(frozen=True)
class ForEditing:
    """What an editor starts from: the saved data with the changes that wait for staff, and its revision.

    Put `revision` and `to_json(data)` into the form: `save_listing` and `changes.merge` need them.
    """

    data: ListingData
    revision: int
    request: ChangeRequest | None


def read_for_editing(series: Series) -> ForEditing:
    """Return what an editor starts from. At most four queries."""
    raise NotImplementedError


def create_listing(hub: Hub | None, data: ListingData, *, by: User, now: datetime) -> Series:
    """Create a draft. Its page addresses are made from the titles; those of an unlisted series cannot be guessed.

    Raises ValidationError for what the database would refuse, such as a series without a title.
    """
    raise NotImplementedError


def save_listing(series: Series, data: ListingData, *, revision: int, by: User, now: datetime) -> Saved:
    """Save an edit that started from `revision`, in one transaction with everything that follows from it.

    A draft is saved whole. On a published listing, a trusted hub's wording, links and settings go live at once, and its
    dates, seats and accreditation wait for staff. Of another hub only links go live at once. What waits is one
    ChangeRequest, which a second save replaces. Saving the same again changes nothing.

    Raises EditedMeanwhileError if someone saved after `revision`, CapacityTooLowError, SessionTookPlaceError,
    QuestionAnsweredError, UnknownRowError, and ValidationError for what the database would refuse.
    """
    raise NotImplementedError


def preview_save(series: Series, data: ListingData) -> tuple[list[Change], list[Change]]:
    """Return what `save_listing` would make live, and what would wait for staff. Changes nothing."""
    raise NotImplementedError
