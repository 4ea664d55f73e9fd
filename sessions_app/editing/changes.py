"""What differs between two versions of a listing, in words, and how the work of two people is merged."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.editing.data import ListingData


class Group(models.TextChoices):
    """What kind of change it is. It decides whether the change goes live at once (saving.py)."""

    WORDING = "wording", _("Wording")
    DATES = "dates", _("Dates")
    SEATS = "seats", _("Seats")
    CREDITS = "credits", _("Accreditation")
    LINK = "link", _("Join link")
    SETTINGS = "settings", _("Settings")


@dataclass(frozen=True)
class Change:
    """One difference, in the reader's language. `before` is empty for something added, `after` for something removed.

    `name` is the field ("title_fr"), or "sessions.12.starts_at", "sessions.new", "questions.7.label_en".
    """

    group: Group
    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Conflict:
    """Something that both people changed, in different ways. `name` is as in `Change`. The texts are for the page."""

    name: str
    label: str
    base: str
    mine: str
    theirs: str


def compare(before: ListingData, after: ListingData, zone: ZoneInfo) -> list[Change]:
    """Return what differs, in the order of the page: texts and settings, then sessions added, removed, moved or
    retitled, then questions. Times are in `zone`. Empty if nothing differs."""
    raise NotImplementedError


def merge(
    base: ListingData, mine: ListingData, theirs: ListingData, zone: ZoneInfo
) -> tuple[ListingData, list[Conflict]]:
    """Merge two versions that both started from `base`.

    What only one of the two changed is taken over. What both changed in different ways is a conflict: the merged data
    has my value, and the person must decide. New sessions of both are kept, unless they are the same.
    """
    raise NotImplementedError


def pick(before: ListingData, after: ListingData, groups: frozenset[Group]) -> ListingData:
    """Return `before` with only those changes of `after` that are in one of the `groups`."""
    raise NotImplementedError
