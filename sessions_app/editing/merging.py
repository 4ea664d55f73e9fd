"""Merge the work of two people who edited the same listing at the same time."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from sessions_app.editing.changes import (
    in_order,
    label_of,
    removed_label,
    row_text,
    unit_label,
    unit_text,
    value_text,
)
from sessions_app.editing.data import EDITABLE_FIELDS, ListingData
from sessions_app.editing.rows import is_same, match, units_of, values_of, with_units


@dataclass(frozen=True)
class Conflict:
    """Something that both people changed, in different ways. `name` is as in `Change`. The texts are for the page."""

    name: str
    label: str
    base: str
    mine: str
    theirs: str


def merge(
    base: ListingData, mine: ListingData, theirs: ListingData, zone: ZoneInfo, *, take_theirs: Collection[str] = ()
) -> tuple[ListingData, list[Conflict]]:
    """Merge two versions that both started from `base`. `theirs` is the one that is saved.

    What only one of the two changed is taken over. What both changed in different ways is a conflict, which the person
    must decide: the merged data has my value, or theirs for the names in `take_theirs`, which are no conflicts then.
    New sessions of both are kept, unless they are the same.
    """
    merger = _Merger(zone, frozenset(take_theirs))
    merged = ListingData(
        merger.values(base, mine, theirs),
        in_order(merger.rows("sessions", base.sessions, mine.sessions, theirs.sessions)),
        _ordered(base, mine, theirs, merger.rows("questions", base.questions, mine.questions, theirs.questions)),
    )
    return merged, merger.conflicts


@dataclass
class _Merger:
    zone: ZoneInfo
    take_theirs: frozenset[str]
    conflicts: list[Conflict] = field(default_factory=list)

    def values(self, base: ListingData, mine: ListingData, theirs: ListingData) -> dict[str, Any]:
        return {
            name: self._value(name, *(one.values[name] for one in (base, mine, theirs))) for name in EDITABLE_FIELDS
        }

    def _value(self, name: str, base: Any, mine: Any, theirs: Any) -> Any:
        if base != mine != theirs != base:
            texts = [value_text(name, value, self.zone) for value in (base, mine, theirs)]
            return mine if self._is_mine(Conflict(name, label_of(name), *texts)) else theirs
        return theirs if mine == base else mine

    def _is_mine(self, conflict: Conflict) -> bool:
        """Whether my value is taken. Then it is a conflict that the page shows."""
        if conflict.name in self.take_theirs:
            return False
        self.conflicts.append(conflict)
        return True

    def rows(self, kind: str, base: list[Any], mine: list[Any], theirs: list[Any]) -> list[Any]:
        my_rows, my_new = match(base, mine)
        their_rows, their_new = match(base, theirs)
        merged = [self._row(kind, *three) for three in zip(base, my_rows, their_rows, strict=True)]
        _same, only_mine = match(their_new, my_new, exactly=True)
        return [row for row in merged if row is not None] + their_new + [_as_new(row) for row in only_mine]

    def _row(self, kind: str, base: Any, mine: Any, theirs: Any) -> Any:
        name = f"{kind}.{base.pk or 'new'}"
        if mine is None or theirs is None:
            return self._removed(name, base, mine, theirs)
        # the key, and whether the session is postponed, as saved; then what I changed
        changed = {unit for unit in units_of(base) if values_of(base, unit) != values_of(mine, unit)}
        for unit in list(changed):
            theirs_too = values_of(theirs, unit) != values_of(base, unit)
            if theirs_too and values_of(theirs, unit) != values_of(mine, unit):
                texts = [unit_text(row, unit, self.zone) for row in (base, mine, theirs)]
                conflict = Conflict(f"{name}.{unit}", unit_label(base, unit, self.zone), *texts)
                if not self._is_mine(conflict):
                    changed.discard(unit)
        return with_units(theirs, mine, changed)

    def _removed(self, name: str, base: Any, mine: Any, theirs: Any) -> Any:
        """Merge a row that one of the two removed: a conflict if the other one changed it."""
        kept = mine or theirs
        if kept is None or is_same(kept, base):
            return None
        texts = [row_text(row, self.zone) if row else _("removed") for row in (base, mine, theirs)]
        is_mine = self._is_mine(Conflict(name, removed_label(base), *texts))
        if not is_mine:
            return theirs
        return mine and _as_new(mine)  # its row does not exist any more


def _as_new(row: Any) -> Any:
    return replace(row, pk=None)


def _ordered(base: ListingData, mine: ListingData, theirs: ListingData, merged: list[Any]) -> list[Any]:
    """Return the merged questions in my order if I changed it, else in theirs. New ones of the other follow."""
    order = [row.pk for row in base.questions]
    wanted = theirs if [row.pk for row in mine.questions] == order else mine
    places = {row.pk: place for place, row in enumerate(wanted.questions) if row.pk is not None}
    return sorted(merged, key=lambda row: places.get(row.pk, len(places)))
