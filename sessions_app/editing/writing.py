"""Write a listing to its rows. Each row is saved by its model, so that everything that follows from an edit happens."""

from copy import copy
from dataclasses import asdict
from datetime import datetime
from itertools import count
from typing import Any

from sessions_app.editing.data import ListingData, QuestionData, SessionData
from sessions_app.editing.slugs import add_french, must_renew, save_with_slugs
from sessions_app.models import Delivery, Question, Series, Session, dates_of

DATES = ("first_starts_at", "last_starts_at", "last_ends_at", "has_postponed")


def write(series: Series, before: ListingData, after: ListingData, now: datetime) -> None:
    """Save the edit from `before` (what is saved) to `after`. The caller has locked the row and checked the edit.

    The sessions are saved first: what follows for the people in the series depends on its new dates.
    """
    write_rows(series, before, after, now)
    series.refresh_from_db(fields=DATES)
    unchanged = copy(series)
    _assign(series, after.values)
    series.revision += 1
    if must_renew(unchanged, series):
        save_with_slugs(series)
        return
    add_french(series)
    series.save()


def edited_copy(series: Series, after: ListingData, now: datetime) -> Series:
    """Return the series with its sessions as `write` would leave them if people are registered. Nothing is saved.

    New sessions have a key that no other session of the series has. One query unless the sessions are prefetched.
    """
    edited, rows = copy(series), {row.pk: row for row in after.sessions}
    sessions = [copy(session) for session in series.sessions.all()]
    for session in sessions:
        if session.pk in rows:
            _edit_session(session, rows[session.pk])
        else:
            session.delivery = Delivery.CANCELLED
    unused = count(max((session.pk for session in sessions), default=0) + 1)
    for row in after.sessions:
        if row.pk is None:
            sessions.append(Session(pk=next(unused), updated_at=now))
            _edit_session(sessions[-1], row)
    for session in sessions:
        session.series = edited
    _assign(edited, after.values | dates_of(sessions))
    in_order = sorted(sessions, key=lambda session: (session.starts_at, session.pk))
    edited._prefetched_objects_cache = {"sessions": in_order}  # type: ignore[attr-defined]  # noqa: SLF001 - as prefetched
    return edited


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
        _edit_session(session, row)
        session.save()


def _edit_session(session: Session, row: SessionData) -> None:
    """Give a session the values of its row. A new date schedules a postponed session again."""
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
            question.save()


def _assign(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name != "pk":
            setattr(row, name, value)
