"""What the services refuse to save, before anything is written: what the database would refuse, and what people rely on."""

from copy import copy
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import ngettext

from sessions_app.editing.data import EDITABLE_FIELDS, ListingData, SessionData
from sessions_app.editing.errors import (
    CapacityTooLowError,
    QuestionAnsweredError,
    SessionTookPlaceError,
    UnknownRowError,
)
from sessions_app.models import Delivery, Publication, Question, Series, Session


def check(series: Series, before: ListingData, after: ListingData, now: datetime) -> None:
    """Check an edit of a series from `before` (what is saved) to `after`. Changes nothing.

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
            _clean(Session(series=series, **_fields(row)))


def _check_values(series: Series, after: ListingData) -> None:
    capacity = after.values["capacity"]
    if capacity is not None and capacity < series.seats_taken:
        raise CapacityTooLowError(series.seats_taken)
    candidate = copy(series)
    for name, value in after.values.items():
        setattr(candidate, name, value)
    others = {field.name for field in Series._meta.concrete_fields} - set(EDITABLE_FIELDS)  # noqa: SLF001
    _clean(candidate, exclude=others)


def _check_removed_sessions(series: Series, before: ListingData, after: ListingData, now: datetime) -> None:
    """Refuse to remove a session that people attended, or that has ended. A draft may lose a date in the past."""
    kept = {row.pk for row in after.sessions}
    removed = [row.pk for row in before.sessions if row.pk and row.pk not in kept]
    if not removed:
        return
    for session in series.sessions.filter(pk__in=removed).select_related("series"):
        if has_taken_place(session, now):
            raise SessionTookPlaceError(session)


def has_taken_place(session: Session, now: datetime) -> bool:
    """Whether people attended the session, or it has ended on a series that was public. A postponed one is still to come."""
    was_public = session.series.publication in (Publication.PUBLISHED, Publication.ARCHIVED)
    has_ended = session.ends_at <= now and session.delivery != Delivery.POSTPONED
    return (was_public and has_ended) or session.attendances.exists()


def _check_questions(series: Series, before: ListingData, after: ListingData) -> None:
    if len(after.questions) > Question.MOST:
        sentence = ngettext("Ask at most %(n)s question.", "Ask at most %(n)s questions.", Question.MOST)
        raise ValidationError(sentence % {"n": Question.MOST})
    kinds = {row.pk: row.kind for row in after.questions}
    touched = [row.pk for row in before.questions if row.pk and kinds.get(row.pk) != row.kind]
    for question in series.questions.filter(pk__in=touched) if touched else []:
        if question.answers.exists():
            raise QuestionAnsweredError(question)
    for row in after.questions:
        if row not in before.questions:
            question = Question(series=series, **_fields(row))
            _clean(question)
            question.clean()


def _fields(row: Any) -> dict[str, Any]:
    """Return the fields of a row. Its key is left out, so that it is checked as it would be written."""
    left_out = {"pk", "delivery"} if isinstance(row, SessionData) else {"pk"}
    return {name: value for name, value in asdict(row).items() if name not in left_out}


def _clean(row: models.Model, exclude: set[str] | None = None) -> None:
    exclude = exclude or {"series"}
    row.clean_fields(exclude=exclude)
    row.validate_constraints(exclude=exclude)
