"""Read a CSV file of subscribers with the proof of their consent. Reading never writes (services/importing.py does).

One row is one person. COLUMNS are required. Files of spreadsheets in French, which have semicolons, are read too.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.fields import normalize_email, validate_address
from accounts.zones import PROJECT_ZONE
from newsletters.models import ConsentEvent, Subscriber, Topic

COLUMNS = ("email", "language", "topics", "consent_date", "consent_source", "consent_wording")
OPTIONAL = ("name", "profession", "province", "organization", "reminder_days")
MOST_WORDING = 5000


class SubscriberFileError(Exception):
    """The file cannot be read as a table. The text says why, for whoever made it."""


@dataclass
class Row:
    """A person in the file. `problems` says what is wrong with the row, in the active language."""

    line: int
    values: dict[str, str]
    topics: list[str] = field(default_factory=list)
    consent_on: date | None = None
    problems: list[str] = field(default_factory=list)
    is_known: bool = False  # subscribed already, so nothing is done

    @property
    def email(self) -> str:
        return self.values["email"]


def read(content: bytes, *, now: datetime) -> list[Row]:
    """Return the rows, each with what is wrong with it by itself. Raises SubscriberFileError."""
    rows = [_row(line, values, now) for line, values in _table(_text(content))]
    if not rows:
        raise SubscriberFileError(_("The file has no rows."))
    _look_for_duplicates(rows)
    return rows


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        sentence = _("Line %(n)s: the file is not in UTF-8. Save it as “CSV UTF-8”.")
        raise SubscriberFileError(sentence % {"n": line}) from error
    if "\x00" in text:
        raise SubscriberFileError(_("This isn’t a CSV file. Save the spreadsheet as “CSV UTF-8”."))
    return text


def _table(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line and the cells of each row that is not empty."""
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        _check_columns(names)
        line = reader.line_num + 1
        for cells in reader:
            values = dict.fromkeys((*COLUMNS, *OPTIONAL), "") | dict(zip(names, map(str.strip, cells), strict=False))
            if any(values.values()):
                yield line, values
            line = reader.line_num + 1
    except csv.Error as error:
        raise SubscriberFileError(_("Line %(n)s can’t be read.") % {"n": reader.line_num}) from error


def _check_columns(names: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in names]
    unknown = [name for name in names if name not in (*COLUMNS, *OPTIONAL)]
    if missing:
        raise SubscriberFileError(_("Columns are missing: %(names)s.") % {"names": ", ".join(missing)})
    if unknown or len(set(names)) < len(names):
        known = ", ".join((*COLUMNS, *OPTIONAL))
        raise SubscriberFileError(_("The columns may only be these, each once: %(names)s.") % {"names": known})


def _row(line: int, values: dict[str, str], now: datetime) -> Row:
    row = Row(line, values | {"email": normalize_email(values["email"])})
    row.problems += _problems_of_address(row.email)
    if values["language"] not in dict(settings.LANGUAGES):
        row.problems.append(_("The language must be en or fr."))
    row.topics = re.split(r"[\s,;|]+", values["topics"]) if values["topics"] else []
    if not row.topics or not set(row.topics) <= set(Topic.values):
        row.problems.append(_("Topics must be one or more of these: %(names)s.") % {"names": ", ".join(Topic.values)})
    row.problems += _problems_of_consent(row, now)
    for name in OPTIONAL:
        row.problems += _problems_of_field(name, values[name])
    return row


def _problems_of_address(email: str) -> list[str]:
    try:
        validate_address(email)
    except ValidationError as error:
        return [str(message) for message in error.messages]
    return []


def _problems_of_consent(row: Row, now: datetime) -> list[str]:
    """Without a date, a source and the exact wording nobody can prove the consent (Canada's anti-spam law, s. 13)."""
    problems = []
    try:
        row.consent_on = date.fromisoformat(row.values["consent_date"])
    except ValueError:
        problems.append(_("The date of consent must be written as 2024-05-31."))
    if row.consent_on and row.consent_on > now.astimezone(ZoneInfo(PROJECT_ZONE)).date():
        problems.append(_("The date of consent is in the future."))
    if not row.values["consent_source"]:
        problems.append(_("The source of the consent is missing."))
    if not row.values["consent_wording"]:
        problems.append(_("The exact wording of the consent is missing."))
    most_source = ConsentEvent._meta.get_field("page").max_length  # noqa: SLF001 - Django's documented way to a field
    for name, most in (("consent_source", most_source), ("consent_wording", MOST_WORDING)):
        if most and len(row.values[name]) > most:
            problems.append(_("%(name)s has more than %(n)s characters.") % {"name": name, "n": most})
    return problems


def _problems_of_field(name: str, value: str) -> list[str]:
    if not value:
        return []
    field_of_model: Any = Subscriber._meta.get_field(name)  # noqa: SLF001
    try:
        field_of_model.clean(value, None)
    except ValidationError as error:
        return [f"{name}: {message}" for message in error.messages]
    return []


def _look_for_duplicates(rows: list[Row]) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if row.email in first:
            row.problems.append(_("The address is on line %(n)s already.") % {"n": first[row.email]})
        first.setdefault(row.email, row.line)
