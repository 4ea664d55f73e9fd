"""Create and save listings. Which changes go live at once, and which wait for staff."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import User
from hubs.models import Hub
from sessions_app.editing.changes import Change, Group, compare, pick, with_keys_of
from sessions_app.editing.checking import check
from sessions_app.editing.data import ListingData, from_json, read, to_json
from sessions_app.editing.errors import EditedMeanwhileError, ListingDeletedError
from sessions_app.editing.merging import Conflict, merge
from sessions_app.editing.notifications import add_entry
from sessions_app.editing.slugs import save_with_slugs
from sessions_app.editing.writing import write, write_rows
from sessions_app.models import ChangeRequest, Publication, ReviewStep, Series

NOBODY_SEES = (Publication.DRAFT, Publication.SUBMITTED)
LIVE_FOR_ALL = frozenset({Group.LINK})
LIVE_FOR_TRUSTED = frozenset({Group.WORDING, Group.LINK, Group.SETTINGS})
State = ChangeRequest.State


@dataclass(frozen=True)
class Saved:
    """The saved series, what is live (or in the draft) now, and what waits for staff altogether."""

    series: Series
    live: list[Change]
    waiting: list[Change]


@dataclass(frozen=True)
class Preview:
    """What saving `data` would do: the listing becomes `target`. `live` and `waiting` are as in `Saved`."""

    data: ListingData
    target: ListingData
    live: list[Change]
    waiting: list[Change]


@dataclass(frozen=True)
class ForEditing:
    """What an editor starts from: the saved data with the changes that wait for staff, and its revision.

    Put `revision` and `to_json(data)` into the form: `save_listing` and `merging.merge` need them. `saved` is the data
    without the changes that wait. `conflicts` is what was edited after these were sent, and that they would replace.
    """

    data: ListingData
    revision: int
    saved: ListingData
    request: ChangeRequest | None = None
    conflicts: list[Conflict] = field(default_factory=list)


def live_groups(series: Series) -> AbstractSet[Group]:
    """Return the kinds of change that go live at once when the hub saves. National programming is edited by staff."""
    if series.publication in NOBODY_SEES or series.hub is None:
        return frozenset(Group)
    return LIVE_FOR_TRUSTED if series.hub.is_trusted else LIVE_FOR_ALL


def waiting_request(series: Series) -> ChangeRequest | None:
    return series.change_requests.filter(state=State.WAITING).select_related("by").first()


def read_for_editing(series: Series, *, continue_from: ChangeRequest | None = None) -> ForEditing:
    """Return what an editor starts from: what is saved, with the changes that wait for staff.

    `continue_from` is a request that staff returned, for a hub that goes on from there. Three queries, or one if the
    sessions and questions are prefetched.
    """
    request = continue_from or waiting_request(series)
    current = read(series)
    if request is None:
        return ForEditing(current, series.revision, current)
    data, conflicts = merge(from_json(request.before), from_json(request.changes), current, series.zone)
    return ForEditing(data, series.revision, current, request, conflicts)


@transaction.atomic
def create_listing(hub: Hub | None, data: ListingData, *, by: User, now: datetime) -> Series:
    """Create a draft. Its page addresses are made from the titles; those of an unlisted series cannot be guessed.

    Raises ValidationError for what the database would refuse, such as a series without a title.
    """
    series = Series(hub=hub, publication=Publication.DRAFT, **data.values)
    nothing = ListingData({})
    check(series, nothing, data, now)
    save_with_slugs(series)
    write_rows(series, nothing, data, now)
    series.refresh_from_db()
    return series


@transaction.atomic
def save_listing(series: Series, data: ListingData, *, revision: int, by: User, now: datetime) -> Saved:
    """Save an edit that started from `revision`, in one transaction with everything that follows from it.

    A draft is saved whole. On a published listing, a trusted hub's wording, links and settings go live at once, and its
    dates, seats and accreditation wait for staff. Of another hub only links go live at once. Adding and removing a
    session changes the dates; cancelling one never waits (cancelling.py). What waits is one ChangeRequest, which a second
    save replaces. Saving the same again changes nothing.

    Raises EditedMeanwhileError if someone saved after `revision`, ListingDeletedError, CapacityTooLowError,
    SessionTookPlaceError, QuestionAnsweredError, UnknownRowError, and ValidationError for what the database would refuse.
    """
    series = lock(series)
    editing = read_for_editing(series)
    if series.revision != revision and compare(editing.data, data, series.zone):
        raise EditedMeanwhileError(editing.data, series.revision)
    edit = preview_save(series, editing, data, now)
    if edit.live:
        write(series, editing.saved, edit.target, now)
    has_new_request = _keep_waiting(series, editing.request, edit, by=by, now=now)
    if has_new_request and not edit.live:
        raise_revision(series)
    return Saved(series, edit.live, edit.waiting)


def preview_save(series: Series, editing: ForEditing, data: ListingData, now: datetime) -> Preview:
    """Return what `save_listing` would make live, and what would wait for staff. Changes nothing.

    `editing` is what `read_for_editing` returned. Raises what `save_listing` raises, except EditedMeanwhileError.
    """
    data = with_keys_of(editing.data, data)
    check(series, editing.saved, data, now)
    target = pick(editing.saved, data, live_groups(series))
    return Preview(data, target, compare(editing.saved, target, series.zone), compare(target, data, series.zone))


def lock(series: Series) -> Series:
    """Lock the series' row until the end of the transaction, and read it again.

    Raises ListingDeletedError if someone deleted the series a moment ago.
    """
    locked = Series.objects.select_for_update(of=["self"]).select_related("hub").filter(pk=series.pk).first()
    if locked is None:
        raise ListingDeletedError
    return locked


def raise_revision(series: Series) -> None:
    """Make everyone who is editing look again. The caller has locked the row."""
    Series.objects.filter(pk=series.pk).update(revision=F("revision") + 1)
    series.revision += 1


def _keep_waiting(series: Series, request: ChangeRequest | None, edit: Preview, *, by: User, now: datetime) -> bool:
    """Write what waits for staff to the series' one open request, or close it if nothing waits. Returns whether that
    changed anything."""
    if not edit.waiting:
        if request:
            settle(request, State.TAKEN_BACK, by=by, now=now)
            add_entry(series, ReviewStep.WITHDRAWN, by=by, now=now)
        return request is not None
    request = request or ChangeRequest(series=series)
    contents = to_json(edit.target), to_json(edit.data)
    if request.pk and (request.before, request.changes) == contents:
        return False
    request.before, request.changes = contents
    request.by, request.created_at = by, now
    request.save()
    add_entry(series, ReviewStep.CHANGES_SENT, by=by, now=now, request=request)
    return True


def settle(request: ChangeRequest, state: str, *, by: User, now: datetime) -> None:
    request.state, request.settled_by, request.settled_at = state, by, now
    request.save(update_fields=["state", "settled_by", "settled_at"])
