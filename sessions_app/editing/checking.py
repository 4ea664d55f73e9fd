"""What the services refuse to save, before anything is written: what the database would refuse, and what people rely on."""

from collections.abc import Iterator
from copy import copy
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import ngettext

from sessions_app.editing.data import EDITABLE_FIELDS, ListingData, SessionData
from sessions_app.editing.errors import (
    CapacityTooLowError,
    QuestionAnsweredError,
    SessionTookPlaceError,
    UnknownRowError,
)
from sessions_app.models import Delivery, Publication, Question, Series, Session, SessionQuerySet

CONSTRAINTS = {one.name: one for model in (Series, Session, Question) for one in model._meta.constraints}  # noqa: SLF001


def check(series: Series, before: ListingData, after: ListingData, now: datetime) -> None:
    """Check an edit of a series from `before` (what is saved) to `after`. Changes nothing. Two queries at most.

    Raises UnknownRowError, CapacityTooLowError, SessionTookPlaceError, QuestionAnsweredError, and ValidationError.
    """
    for old, new in ((before.sessions, after.sessions), (before.questions, after.questions)):
        keys = [row.pk for row in new if row.pk is not None]
        if len(keys) != len(set(keys)) or not set(keys) <= {row.pk for row in old}:
            raise UnknownRowError
    _check_values(series, after)
    _check_removed_sessions(series, before, after, now)
    _check_questions(series, before, after)
    for row in after.sessions:
        if row not in before.sessions:
            Session(**_fields(row)).clean_fields(exclude={"series"})
    if violated := [CONSTRAINTS[name].get_violation_error_message() for name in _violated(after)]:
        raise ValidationError(violated)


def _violated(after: ListingData) -> Iterator[str]:
    """Yield the CHECK constraints that the edit violates. Django would ask the database about each one and each row."""
    values = after.values
    opens_at, closes_at = values["registration_opens_at"], values["registration_closes_at"]
    if not (values["title_en"] or values["title_fr"]):
        yield "series_has_a_title"
    if opens_at and closes_at and closes_at <= opens_at:
        yield "series_closes_after_opening"
    if any(row.ends_at <= row.starts_at for row in after.sessions):
        yield "session_ends_after_start"
    if not all(row.label_en or row.label_fr for row in after.questions):
        yield "question_has_words"


def _check_values(series: Series, after: ListingData) -> None:
    capacity = after.values["capacity"]
    if capacity is not None and capacity < series.seats_taken:
        raise CapacityTooLowError(series.seats_taken)
    candidate = copy(series)
    for name, value in after.values.items():
        setattr(candidate, name, value)
    others = {field.name for field in Series._meta.concrete_fields} - set(EDITABLE_FIELDS)  # noqa: SLF001
    candidate.clean_fields(exclude=others)


def _check_removed_sessions(series: Series, before: ListingData, after: ListingData, now: datetime) -> None:
    """Refuse to remove a session that people attended, or that has ended. A draft may lose a date in the past."""
    kept = {row.pk for row in after.sessions}
    removed = [row.pk for row in before.sessions if row.pk and row.pk not in kept]
    if removed and (session := taken_place(series.sessions.filter(pk__in=removed), now).first()):
        raise SessionTookPlaceError(session)


def taken_place(sessions: SessionQuerySet, now: datetime) -> SessionQuerySet:
    """Return the sessions that people attended, or that have ended on a series that was public. A postponed one is still
    to come."""
    ended = Q(ends_at__lte=now, series__publication__in=[Publication.PUBLISHED, Publication.ARCHIVED])
    ended &= ~Q(delivery=Delivery.POSTPONED)
    return sessions.filter(ended | Q(attendances__isnull=False)).select_related("series")


def _check_questions(series: Series, before: ListingData, after: ListingData) -> None:
    if len(after.questions) > Question.MOST:
        sentence = ngettext("Ask at most %(n)s question.", "Ask at most %(n)s questions.", Question.MOST)
        raise ValidationError(sentence % {"n": Question.MOST})
    kinds = {row.pk: row.kind for row in after.questions}
    touched = [row.pk for row in before.questions if row.pk and kinds.get(row.pk) != row.kind]
    if touched and (answered := series.questions.filter(pk__in=touched, answers__isnull=False).first()):
        raise QuestionAnsweredError(answered)
    for row in after.questions:
        if row not in before.questions:
            question = Question(series=series, **_fields(row))
            question.clean_fields(exclude={"series"})
            question.clean()


def _fields(row: Any) -> dict[str, Any]:
    """Return the fields of a row. Its key is left out, so that it is checked as it would be written."""
    left_out = {"pk", "delivery"} if isinstance(row, SessionData) else {"pk"}
    return {name: value for name, value in asdict(row).items() if name not in left_out}
