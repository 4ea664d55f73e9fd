"""The buttons that only change the form: they fill in dates, add and remove rows, and copy the join link.

Each works on what was typed, unchecked, and returns a sentence that says what happened.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import BadRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_app.editing.repeat import repeat_monthly, repeat_weekly
from sessions_app.models import Question, QuestionKind
from workspace.forms.fields import DATE_FORMAT, lasts, local_parts
from workspace.forms.rows import Typed
from workspace.forms.sessions import MOST_SESSIONS, RepeatForm

MOST_DIGITS = 4
Values = dict[str, Any]  # "form" and "repeat": what was typed in each; "sessions" and "questions": a list of rows


def press(action: str, values: Values) -> str:
    """Do what a button says, in `values`. Raises BadRequest for a button that the form does not have."""
    name, _dash, number = action.rpartition("-")
    if name in REMOVE and number.isdecimal() and len(number) <= MOST_DIGITS:
        return _remove(values[REMOVE[name]], int(number))
    if action not in BUTTONS:
        raise BadRequest("The form has no such button.")
    return BUTTONS[action](values)


def add_session(values: Values) -> str:
    """Add an empty row at the end, at the same time of day as the last one."""
    rows = values["sessions"]
    if len(rows) >= MOST_SESSIONS:
        return _("A series can have up to %(n)s sessions.") % {"n": MOST_SESSIONS}
    times = {name: rows[-1].get(name) for name in ("start", "end")} if rows else {}
    rows.append(times)
    return ""


def add_question(values: Values) -> str:
    if len(values["questions"]) >= Question.MOST:
        return _("You can ask up to %(n)s questions.") % {"n": Question.MOST}
    values["questions"].append({"kind": QuestionKind.TEXT})
    return ""


def copy_join_link(values: Values) -> str:
    """Copy the first join link to the sessions that have none."""
    links = [row["join_url"] for row in values["sessions"] if row.get("join_url")]
    if not links:
        return _("Enter a join link in one of the sessions first.")
    without = [row for row in values["sessions"] if not row.get("join_url")]
    for row in without:
        row["join_url"] = links[0]
    return ngettext("Link copied to %(n)s session.", "Link copied to %(n)s sessions.", len(without)) % {
        "n": len(without)
    }


def fill_in_dates(rows: list[Typed], helper: dict[str, Any], zone: ZoneInfo) -> str:
    """Fill in dates as the helper says: first in rows without a date, then in new ones. Dates that are there already stay."""
    there = {str(row.get("date")) for row in rows if row.get("date")}
    free = [row for row in rows if not row.get("date")]
    added = 0
    for starts_at, ends_at in dates(helper, zone):
        day, start = local_parts(starts_at, zone)
        if f"{day:{DATE_FORMAT}}" in there:
            continue
        if not free and len(rows) >= MOST_SESSIONS:
            break
        row = free.pop(0) if free else {}
        if row not in rows:
            rows.append(row)
        row |= {"date": day, "start": start, "end": local_parts(ends_at, zone)[1]}
        added += 1
    return ngettext(
        "%(n)s date filled in. Check it below. Nothing is saved yet.",
        "%(n)s dates filled in. Check each one below. Nothing is saved yet.",
        added,
    ) % {"n": added}


def dates(helper: dict[str, Any], zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Return the start and end of each session that the helper (RepeatForm.cleaned_data) describes."""
    first: date = helper["first"]
    duration = lasts(helper["start"], helper["end"])
    assert duration  # noqa: S101 - RepeatForm has checked it
    common: dict[str, Any] = {"count": helper["count"], "zone": zone}
    if helper["every"] == RepeatForm.MONTHLY:
        return repeat_monthly(first, helper["start"], duration, **common)
    return repeat_weekly(first, helper["start"], duration, every_weeks=int(helper["every"]), **common)


def _remove(rows: list[Typed], number: int) -> str:
    if number >= len(rows):
        raise BadRequest("The form has no such row.")
    del rows[number]
    return _("Removed from this form. Nothing is saved yet.")


REMOVE = {"remove-session": "sessions", "remove-question": "questions"}
BUTTONS: dict[str, Callable[[Values], str]] = {
    "add-session": add_session,
    "add-question": add_question,
    "copy-link": copy_join_link,
}
