"""What differs between two versions of a listing, in words, and which kind of change each difference is."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Profession
from accounts.zones import ZONES
from sessions_app.editing.data import EDITABLE_FIELDS, ListingData, QuestionData, SessionData
from sessions_app.editing.rows import match, units_of, values_of, with_units
from sessions_app.models import DeliveryLanguage, Question, QuestionKind, Series, Session
from sessions_app.times import format_date, format_moment, format_reminders, format_when


class Group(models.TextChoices):
    """What kind of change it is. It decides whether the change goes live at once (saving.py)."""

    WORDING = "wording", gettext_lazy("Wording")
    DATES = "dates", gettext_lazy("Dates")
    SEATS = "seats", gettext_lazy("Seats")
    CREDITS = "credits", gettext_lazy("Accreditation")
    LINK = "link", gettext_lazy("Join link")
    SETTINGS = "settings", gettext_lazy("Settings")


WORDING_FIELDS = ("title", "summary", "description", "objectives", "audience_note")
SESSION_GROUPS = {"when": Group.DATES, "join_url": Group.LINK}  # the others are wording


def group_of(name: str) -> Group:
    """Return the kind of change that a change of this field of the series is."""
    stem = name.removesuffix("_en").removesuffix("_fr")
    if stem in WORDING_FIELDS:
        return Group.WORDING
    return {"credits": Group.CREDITS, "capacity": Group.SEATS, "time_zone": Group.DATES}.get(stem, Group.SETTINGS)


def group_of_unit(row: SessionData | QuestionData, unit: str) -> Group:
    return SESSION_GROUPS.get(unit, Group.WORDING) if isinstance(row, SessionData) else Group.SETTINGS


@dataclass(frozen=True)
class Change:
    """One difference, in the reader's language. `before` is empty for something added, `after` for something removed.

    `name` is the field ("title_fr"), or "sessions.12.when", "sessions.new", "questions.7.label_en".
    """

    group: Group
    name: str
    label: str
    before: str
    after: str


def compare(before: ListingData, after: ListingData, zone: ZoneInfo) -> list[Change]:
    """Return what differs, in the order of the page: texts and settings, then sessions removed, moved, retitled or
    added, then questions. Times are in `zone`. Empty if nothing differs."""
    changes = [
        Change(
            group_of(name),
            name,
            label_of(name),
            value_text(name, before.values[name], zone),
            value_text(name, after.values[name], zone),
        )
        for name in EDITABLE_FIELDS
        if before.values[name] != after.values[name]
    ]
    changes += _row_changes("sessions", before.sessions, after.sessions, zone)
    changes += _row_changes("questions", before.questions, after.questions, zone)
    return changes + _order_of_questions(before, after)


def _row_changes(kind: str, before: list[Any], after: list[Any], zone: ZoneInfo) -> Iterator[Change]:
    found, added = match(before, after)
    for row, other in zip(before, found, strict=True):
        if other is None:
            group = Group.DATES if kind == "sessions" else Group.SETTINGS
            yield Change(group, f"{kind}.{row.pk or 'new'}", removed_label(row), row_text(row, zone), "")
            continue
        for unit in units_of(row):
            if values_of(row, unit) != values_of(other, unit):
                name, label = f"{kind}.{row.pk or 'new'}.{unit}", unit_label(row, unit, zone)
                texts = unit_text(row, unit, zone), unit_text(other, unit, zone)
                yield Change(group_of_unit(row, unit), name, label, *texts)
    for row in added:
        group = Group.DATES if kind == "sessions" else Group.SETTINGS
        yield Change(group, f"{kind}.new", added_label(row), "", row_text(row, zone))


def _order_of_questions(before: ListingData, after: ListingData) -> list[Change]:
    """Return the new order of the questions that are in both versions, if it is another one."""
    found, _added = match(before.questions, after.questions)
    kept = [row for row in found if row is not None]
    ordered = [row for row in after.questions if row in kept]
    if kept == ordered:
        return []
    old, new = (" · ".join(question_text(row) for row in rows) for rows in (kept, ordered))
    return [Change(Group.SETTINGS, "questions.order", _("Order of the questions"), old, new)]


def pick(before: ListingData, after: ListingData, groups: AbstractSet[Group]) -> ListingData:
    """Return `before` with only those changes of `after` that are in one of the `groups`."""
    values = {name: (after if group_of(name) in groups else before).values[name] for name in EDITABLE_FIELDS}
    found, added = match(before.sessions, after.sessions)
    sessions = []
    for row, other in zip(before.sessions, found, strict=True):
        if other is not None:
            sessions.append(with_units(row, other, {u for u in units_of(row) if group_of_unit(row, u) in groups}))
        elif Group.DATES not in groups:
            sessions.append(row)
    if Group.DATES in groups:
        sessions += added
    questions = after.questions if Group.SETTINGS in groups else before.questions
    return ListingData(values, in_order(sessions), questions)


def in_order(sessions: list[SessionData]) -> list[SessionData]:
    return sorted(sessions, key=lambda session: session.starts_at)


def with_keys_of(before: ListingData, after: ListingData) -> ListingData:
    """Return `after`, in which a row without a key that is already in `before` has the key that it has there.

    A form that was sent twice adds its new sessions once.
    """
    return ListingData(
        after.values, _with_keys(before.sessions, after.sessions), _with_keys(before.questions, after.questions)
    )


def _with_keys(before: list[Any], after: list[Any]) -> list[Any]:
    found, _added = match(before, after, exactly=True)
    keys = {id(other): row.pk for row, other in zip(before, found, strict=True) if other is not None}
    return [replace(row, pk=keys[id(row)]) if row.pk is None and id(row) in keys else row for row in after]


# The words of a change, in the reader's language.


def label_of(name: str) -> str:
    return capfirst(_verbose_name(Series, name))


def _verbose_name(model: type[models.Model], name: str) -> str:
    field = model._meta.get_field(name)  # noqa: SLF001 - Django's documented way to a field
    return str(field.verbose_name) if isinstance(field, models.Field) else name


def value_text(name: str, value: Any, zone: ZoneInfo) -> str:  # noqa: PLR0911 - one line for each kind of value
    """Return a value of the series as a person reads it."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return format_moment(value, zone)
    if name == "capacity":
        return _("no limit") if value is None else str(value)
    if name == "audience":
        return ", ".join(str(Profession(code).label) for code in value) or _("everyone")
    if name == "reminder_hours":
        return format_reminders(value) or _("none")
    if name == "language":
        return str(DeliveryLanguage(value).label)
    if name == "time_zone":
        return str(ZONES[value][0]) if value in ZONES else value
    return value or ""


def unit_label(row: SessionData | QuestionData, unit: str, zone: ZoneInfo) -> str:
    """Return "Session on May 21: join link" or "Question “Where do you work?”: required"."""
    if isinstance(row, QuestionData):
        field = _verbose_name(Question, unit)
        return _("Question “%(question)s”: %(field)s") % {"question": question_text(row), "field": field}
    field = _("date and time") if unit == "when" else _verbose_name(Session, unit)
    day = format_date(row.starts_at, zone, year=False, weekday=False)
    return _("Session on %(day)s: %(field)s") % {"day": day, "field": field}


def unit_text(row: SessionData | QuestionData, unit: str, zone: ZoneInfo) -> str:
    if isinstance(row, SessionData):
        return format_when(row.starts_at, row.ends_at, zone) if unit == "when" else getattr(row, unit)
    if unit == "kind":
        return str(QuestionKind(row.kind).label)
    return (_("Yes") if row.is_required else _("No")) if unit == "is_required" else getattr(row, unit)


def row_text(row: SessionData | QuestionData, zone: ZoneInfo) -> str:
    if isinstance(row, QuestionData):
        return question_text(row)
    titles = [title for title in (row.title_en, row.title_fr) if title]
    return "\n".join([format_when(row.starts_at, row.ends_at, zone), *titles])


def question_text(row: QuestionData) -> str:
    return " / ".join(label for label in (row.label_en, row.label_fr) if label)


def removed_label(row: SessionData | QuestionData) -> str:
    return _("Removed session") if isinstance(row, SessionData) else _("Removed question")


def added_label(row: SessionData | QuestionData) -> str:
    return _("New session") if isinstance(row, SessionData) else _("New question")
