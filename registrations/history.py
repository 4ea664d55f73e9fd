"""The history of a hub, a series or a registration: who changed what and when, with the values before and after.

Database triggers write an event for each change (django-pghistory). This module reads the events of all tracked models,
newest first, a page at a time, in five queries. The value before a change is that of the object's previous event. Objects
that were deleted keep their names, because the events hold them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.models import Exists, F, ForeignKey, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.languages import Bilingual, Text, current_language
from accounts.models import User
from accounts.zones import PROJECT_ZONE
from hubs.history import START
from hubs.models import Hub, Membership
from registrations.history_values import format_value, name_of_program
from registrations.models import Registration
from registrations.registrants import registered_themselves
from sessions_app.models import Question, Series, Session
from sessions_app.times import format_when

PER_PAGE = 50
# The tracked models, by the name under which their events are read.
TRACKED: dict[str, type[Model]] = {
    "hub": Hub,
    "membership": Membership,
    "series": Series,
    "session": Session,
    "question": Question,
    "registration": Registration,
}
# What a filter offers: the models of each subject.
SUBJECTS: dict[str, tuple[str, ...]] = {
    "listings": ("series", "session", "question"),
    "registrations": ("registration",),
    "team": ("hub", "membership"),
}
# Columns that say nothing by themselves: the state of a registration says what its times do.
NOT_SHOWN = {
    "id",
    "created_at",
    "joined_at",
    "confirmed_at",
    "waitlisted_at",
    "recording_at",
    "cancelled_at",
    "series",
    "user",
}


@dataclass(frozen=True)
class FieldChange:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One object that was added, changed or deleted. `series` is the title of the series it belongs to, if any."""

    action: str  # "insert", "update" or "delete"
    kind: str  # what it is, such as "Session"
    name: str
    series: str
    fields: list[FieldChange]


@dataclass(frozen=True)
class Entry:
    """What one person, task or command did at one time."""

    at: datetime
    who: str
    changes: list[Change]


@dataclass(frozen=True)
class HistoryPage:
    entries: list[Entry]
    number: int
    has_next: bool


@dataclass(frozen=True)
class Scope:
    """Which events are read: a condition for each kind, and the key of the hub in whose workspace they are shown. There,
    staff and the teams of other hubs are not named."""

    conditions: dict[str, Q]
    hub: int | None = None

    def for_workspace(self, hub: Hub) -> "Scope":
        return Scope(self.conditions, hub.pk)

    def only(self, subject: str) -> "Scope":
        """Return the same scope for one of the SUBJECTS. It may be empty: a series has no team."""
        wanted = SUBJECTS[subject]
        return Scope({kind: condition for kind, condition in self.conditions.items() if kind in wanted}, self.hub)

    def by(self, user_id: int) -> "Scope":
        """Return the same scope for the changes that one person made."""
        own = Q(pgh_context__user=user_id)
        return Scope({kind: condition & own for kind, condition in self.conditions.items()}, self.hub)


def scope_of_hub(hub: int) -> Scope:
    """Return the scope of everything that belongs to the hub with this key, also of what was deleted.

    A series that moved to another hub takes its history along.
    """
    elsewhere = Series.objects.filter(pk=OuterRef("pgh_obj_id")).exclude(hub=hub)
    theirs = events_of("series").filter(hub=hub).exclude(Exists(elsewhere)).values_list("pgh_obj_id", flat=True)
    conditions = {"hub": Q(pgh_obj=hub), "membership": Q(hub=hub)}
    # read once, because each kind of event needs it
    return Scope(conditions | _conditions_of_series(list(theirs.distinct())))


def scope_of_series(key: int) -> Scope:
    """Return the scope of a series with its sessions, questions and registrations."""
    return Scope(_conditions_of_series([key]))


def scope_of_registration(key: int) -> Scope:
    return Scope({"registration": Q(pgh_obj=key)})


def _conditions_of_series(keys: Any) -> dict[str, Q]:
    own = dict.fromkeys(("session", "question", "registration"), Q(series__in=keys))
    return {"series": Q(pgh_obj__in=keys), **own}


def events_of(kind: str) -> QuerySet[Any]:
    """Return all events of one kind of object."""
    meta = TRACKED[kind]._meta  # noqa: SLF001 - Django's documented way to a model's names
    return cast("Any", apps.get_model(f"{meta.label}Event")).objects.order_by()


def was_deleted(kind: str, key: int, hub: Hub) -> bool:
    """Whether the object with this key belonged to the hub and was deleted. One query."""
    return events_of(kind).filter(pgh_obj=key, pgh_label="delete", hub=hub.pk).exists()


def has_left(user: User, slug: str) -> bool:
    """Whether the person was in the team of the hub with this slug, and left or was removed. One query."""
    return events_of("membership").filter(user=user.pk, pgh_label="delete", hub__slug=slug).exists()


def was_in_team(hub: int | None, user: str) -> Exists:
    """Whether the person whose key is in the column `user` is or was in the team of the hub with this key."""
    return Exists(events_of("membership").filter(hub=hub, user=OuterRef(user)))


@dataclass(frozen=True)
class ShownAction:
    """Something that was done to a registration, as a hub's team sees it."""

    what: str
    who: str
    reason: str
    at: datetime


def actions_for_hub(registration: Registration, hub: Hub) -> list[ShownAction]:
    """Return what staff and the hub's team did to a registration. What staff wrote is not for hubs, nor is their name."""
    actions: Any = registration.staff_actions.select_related("by").annotate(in_team=was_in_team(hub.pk, "by"))
    return [
        ShownAction(
            what=action.get_action_display(),
            who=_who_acted(action),
            reason=action.reason if action.in_team and not action.by.is_staff else "",
            at=action.at,
        )
        for action in actions
    ]


def _who_acted(action: Any) -> str:
    if not action.in_team:
        return _("Pallium Canada")
    return _("Someone who has closed their account") if action.by.closed_at else str(action.by)


def who_for_hub(person: User, hub: Hub) -> str:
    """Return what the workspace of a hub calls someone who edited a listing, as its history does. One query at most."""
    if person.closed_at:
        return _("Someone who has closed their account")
    if events_of("membership").filter(hub=hub.pk, user=person.pk).exists():
        return str(person)
    return _("Pallium staff") if person.is_staff else _("Someone from another hub")


def read_history(scope: Scope, number: int = 1) -> HistoryPage:
    """Return a page of the history, newest first. `number` counts from 1."""
    if not scope.conditions:
        return HistoryPage([], number, has_next=False)
    start = (number - 1) * PER_PAGE
    keys = [
        events_of(kind)
        .filter(condition)
        .exclude(pgh_label=START)
        .annotate(tracked=Value(kind))
        .values_list("tracked", "pgh_id", "pgh_created_at")
        for kind, condition in scope.conditions.items()
    ]
    ordered = keys[0].union(*keys[1:], all=True).order_by("-pgh_created_at", "tracked", "-pgh_id")
    found = list(ordered[start : start + PER_PAGE + 1])
    events = _load(found[:PER_PAGE])
    return HistoryPage(_Reader(events, scope.hub).entries(), number, len(found) > PER_PAGE)


@dataclass(frozen=True)
class _Event:
    """An event with the values of its object after the change, and those of the object's previous event."""

    kind: str
    pgh_id: int
    at: datetime
    label: str
    context: dict[str, Any] | None
    context_id: Any
    after: dict[str, Any]
    before: dict[str, Any] | None


def _load(keys: Sequence[tuple[str, int, datetime]]) -> list[_Event]:
    """Read the events of a page and their previous events, in one query."""
    if not keys:
        return []
    by_kind: dict[str, list[int]] = {}
    for kind, pgh_id, _at in keys:
        by_kind.setdefault(kind, []).append(pgh_id)
    reads = [_with_values(kind).filter(pgh_id__in=ids) for kind, ids in by_kind.items()]
    columns = ("tracked", "pgh_id", "pgh_created_at", "pgh_label", "pgh_context", "pgh_context_id", "after", "before")
    rows = [read.values_list(*columns) for read in reads]
    loaded = {(row[0], row[1]): _Event(*row) for row in rows[0].union(*rows[1:], all=True)}
    return [loaded[kind, pgh_id] for kind, pgh_id, _at in keys]


def _with_values(kind: str) -> QuerySet[Any]:
    events = events_of(kind)
    names = [field.attname for field in events.model._meta.fields if not field.name.startswith("pgh_")]  # noqa: SLF001
    values = JSONObject(**{name: F(name) for name in names})
    previous = events.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id")).order_by("-pgh_id")
    before = Subquery(previous.annotate(values=values).values("values")[:1])
    return events.annotate(tracked=Value(kind), after=values, before=before)


@dataclass
class _Reader:
    """Puts a page of events into words. The people and the series that they name are read at once."""

    events: list[_Event]
    hub: int | None

    def entries(self) -> list[Entry]:
        grouped = groupby(self.events, key=lambda event: (event.at, event.context_id, self._who(event)))
        entries = []
        for (at, _context_id, who), events in grouped:
            if changes := [change for event in events if (change := self._change(event))]:
                entries.append(Entry(at, who, changes))
        return entries

    @cached_property
    def _people(self) -> dict[int, Any]:
        """The people who are named, each with whether they are or were in the hub's team (`in_team`) or another's
        (`in_another`), and whether they registered themselves for a series of the hub (`is_known`)."""
        named = {(event.context or {}).get("user") for event in self.events}
        named |= {event.after["user_id"] for event in self.events if "user_id" in event.after}
        elsewhere = events_of("membership").filter(user=OuterRef("pk")).exclude(hub=self.hub)
        own = registered_themselves().filter(series__hub=self.hub, user=OuterRef("pk"))
        people = User.objects.annotate(
            in_team=was_in_team(self.hub, "pk"), in_another=Exists(elsewhere), is_known=Exists(own)
        )
        return people.in_bulk(named - {None})

    def _person(self, person: Any) -> str:
        """Return what a person is called. A hub sees the names of its team and of people it knows (registrants.py)."""
        return person.email if self.hub and not (person.in_team or person.is_known) else str(person)

    @cached_property
    def _series(self) -> dict[Any, Any]:
        """The latest event of each series that is named, which exists also if the series was deleted."""
        keys = {event.after["series_id"] for event in self.events if "series_id" in event.after}
        latest = events_of("series").filter(pgh_obj__in=keys).order_by("pgh_obj_id", "-pgh_id").distinct("pgh_obj_id")
        return {event.pgh_obj_id: event for event in latest}

    def _who(self, event: _Event) -> str:
        context = event.context or {}
        if not (key := context.get("user")):
            return name_of_program(context)
        person = self._people.get(key)
        if person is None or person.closed_at:
            return _("Someone who has closed their account")
        is_theirs = event.after.get("user_id") == key
        if self.hub and not person.in_team and not is_theirs:
            if person.is_staff:
                return _("Pallium staff")
            if person.in_another:  # from before the series moved here
                return _("Someone from another hub")
        return self._person(person)

    def _change(self, event: _Event) -> Change | None:
        """Return what changed, or None if nothing that is shown did."""
        before = event.before or {}
        if event.label != "update":
            before = event.after if event.label == "delete" else {}
        after = {} if event.label == "delete" else event.after
        fields = list(self._fields(event.kind, before, after, self._zone(event)))
        if event.label == "update" and not fields:
            return None
        kind = str(capfirst(TRACKED[event.kind]._meta.verbose_name))  # noqa: SLF001
        return Change(event.label, kind, self._name(event), self._series_title(event), fields)

    def _fields(
        self, kind: str, before: dict[str, Any], after: dict[str, Any], zone: ZoneInfo
    ) -> Iterator[FieldChange]:
        """Yield what differs. Of an object that was added or deleted, that is every value it has."""
        for field in TRACKED[kind]._meta.concrete_fields:  # noqa: SLF001
            name = field.attname
            if field.name in NOT_SHOWN or name not in (after or before):
                continue
            old, new = before.get(name), after.get(name)
            if old == new or not (old or new):
                continue
            if isinstance(field, ForeignKey):
                if not before or not after:  # the page says anyway what it belongs to
                    continue
                texts = [self._hub_names.get(key or 0, "") for key in (old, new)]
            else:
                texts = [format_value(field, value, zone) for value in (old, new)]
            yield FieldChange(str(capfirst(field.verbose_name)), *texts)

    @cached_property
    def _hub_names(self) -> dict[int, str]:
        """The names of hubs, read only if a series moved from one to another."""
        return {hub.pk: hub.name for hub in Hub.objects.all()}

    def _zone(self, event: _Event) -> ZoneInfo:
        name = event.after.get("time_zone")
        if not name and (series := self._series.get(event.after.get("series_id"))):
            name = series.time_zone
        return ZoneInfo(name or PROJECT_ZONE)

    def _name(self, event: _Event) -> str:
        values = event.after
        if event.kind in ("membership", "registration"):
            person = self._people.get(values["user_id"])
            is_open = person and not person.closed_at
            return self._person(person) if is_open else _("Someone who has closed their account")
        if event.kind == "session":
            return self._session_name(values, self._zone(event))
        return _in_language({"hub": "name", "series": "title", "question": "label"}[event.kind], values)

    def _session_name(self, values: dict[str, Any], zone: ZoneInfo) -> str:
        start, end = (datetime.fromisoformat(values[name]) for name in ("starts_at", "ends_at"))
        when, title = format_when(start, end, zone), _in_language("title", values)
        return f"{title} ({when})" if title else when

    def _series_title(self, event: _Event) -> str:
        series = self._series.get(event.after.get("series_id"))
        return _in_language("title", vars(series)) if series else ""


def _in_language(name: str, values: dict[str, Any]) -> Text:
    """Return a bilingual text of an event's values, in the reader's language where there is one."""
    reader = Bilingual()
    reader.__set_name__(object, name)
    return reader.read(_Values(values), current_language())


class _Values:
    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)
