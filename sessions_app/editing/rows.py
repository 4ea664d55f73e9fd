"""Match the sessions or questions of two versions of a listing with each other."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sessions_app.editing.data import QuestionData, SessionData

Row = TypeVar("Row", SessionData, QuestionData)
# What is edited of a session, as units that change together, with their field names.
SESSION_UNITS: dict[str, tuple[str, ...]] = {
    "when": ("starts_at", "ends_at"),
    "title_en": ("title_en",),
    "title_fr": ("title_fr",),
    "speakers_en": ("speakers_en",),
    "speakers_fr": ("speakers_fr",),
    "join_url": ("join_url",),
}
QUESTION_UNITS: dict[str, tuple[str, ...]] = {
    name: (name,) for name in ("kind", "label_en", "label_fr", "options_en", "options_fr", "is_required")
}


def units_of(row: SessionData | QuestionData) -> dict[str, tuple[str, ...]]:
    return SESSION_UNITS if isinstance(row, SessionData) else QUESTION_UNITS


def values_of(row: SessionData | QuestionData, unit: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in units_of(row)[unit]}


def is_same(one: Row, other: Row) -> bool:
    """Whether two rows have the same content. Their keys may differ, because one of them may not have been saved."""
    return all(values_of(one, unit) == values_of(other, unit) for unit in units_of(one))


def match(before: Sequence[Row], after: Sequence[Row], *, exactly: bool = False) -> tuple[list[Row | None], list[Row]]:
    """Find each row of `before` in `after`.

    Returns a list as long as `before`, with None where a row was removed, and the rows of `after` that are new. Rows
    without a key are matched by their content, then (unless `exactly`) by their start or their text.
    """
    found: list[Row | None] = [None] * len(before)
    left = list(after)
    rules: list[Callable[[Row, Row], bool]] = [_has_same_key, is_same, *([] if exactly else [_is_alike])]
    for rule in rules:
        for index, row in enumerate(before):
            if found[index] is None:
                candidate = next((other for other in left if rule(row, other)), None)
                if candidate is not None:
                    found[index] = candidate
                    left.remove(candidate)
    return found, left


def _has_same_key(one: Row, other: Row) -> bool:
    return one.pk is not None and one.pk == other.pk


def _is_alike(one: Row, other: Row) -> bool:
    if one.pk is not None and other.pk is not None:
        return False
    names = ("starts_at",) if isinstance(one, SessionData) else ("label_en", "label_fr")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def with_units(row: Row, other: Row, units: set[str]) -> Row:
    """Return `row` with those units of `other`."""
    new: dict[str, Any] = {}
    for unit in units:
        new |= values_of(other, unit)
    return replace(row, **new)
