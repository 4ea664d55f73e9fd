"""Write a listing to its rows. Each row is saved by its model, so that everything that follows from an edit happens."""

from copy import copy
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sessions_app.editing.data import ListingData, QuestionData, SessionData
from sessions_app.editing.slugs import add_french, must_renew, save_with_slugs
from sessions_app.models import Delivery, Question, Series, Session

DATES = ("first_starts_at", "last_starts_at", "last_ends_at", "has_postponed")


def write(series: Series, before: ListingData, after: ListingData, now: datetime) -> None:
    """Save the edit from `before` (what is saved) to `after`. The caller has locked the row and checked the edit.

    The sessions are saved first: what follows for the people in the series depends on its new dates.
    """
    write_rows(series, before, after, now)
    series.refresh_from_db(fields=DATES)
    unchanged = copy(series)
    for name, value in after.values.items():
        setattr(series, name, value)
    series.revision += 1
    if must_renew(unchanged, series):
        save_with_slugs(series)
        return
    add_french(series)
    series.save()


def write_rows(series: Series, before: ListingData, after: ListingData, now: datetime) -> None:
    """Save the sessions and the questions that differ."""
    _write_sessions(series, before.sessions, after.sessions)
    _write_questions(series, before.questions, after.questions)


def _write_sessions(series: Series, before: list[SessionData], after: list[SessionData]) -> None:
    rows = series.sessions.in_bulk() if before else {}
    kept = {row.pk for row in after}
    for row in before:
        if row.pk not in kept and row.pk in rows:
            _remove(series, rows[row.pk])
    for row in after:
        if row in before:
            continue
        session = rows.get(row.pk or 0) or Session(series=series)
        has_moved = (session.starts_at, session.ends_at) != (row.starts_at, row.ends_at)
        if session.delivery == Delivery.POSTPONED and has_moved:
            session.delivery = Delivery.SCHEDULED
        _assign(session, {name: value for name, value in asdict(row).items() if name != "delivery"})


def _remove(series: Series, session: Session) -> None:
    """Delete a session. If people registered for the series, cancel it instead: they are told, and their calendars and
    what refers to it stay right."""
    if series.registrations.exists():
        session.delivery = Delivery.CANCELLED
        session.save()
    else:
        session.delete()


def _write_questions(series: Series, before: list[QuestionData], after: list[QuestionData]) -> None:
    """Save the questions in their new order. Their numbers may clash until the end of the transaction."""
    rows = series.questions.in_bulk() if before else {}
    kept = {row.pk for row in after}
    for row in before:
        if row.pk not in kept and row.pk in rows:
            rows[row.pk].delete()
    for position, row in enumerate(after, start=1):
        question = rows.get(row.pk or 0) or Question(series=series)
        if row not in before or question.position != position:
            _assign(question, asdict(row) | {"position": position})


def _assign(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name != "pk":
            setattr(row, name, value)
    row.save()
