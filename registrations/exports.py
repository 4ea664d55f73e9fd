"""The people of one series as a table, for CSV and XLSX files. Rows are read and written one by one, so memory stays flat."""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, Any, Protocol

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from accounts.choices import PracticeSetting, Profession, Province
from registrations.models import Registration, RegistrationQuerySet, RegistrationState
from registrations.registrants import Registrant, answer_text, for_list, option_labels
from sessions_app.models import Series
from sessions_app.times import format_date

READ_AT_ONCE = 500
BOM = "\ufeff"  # without it, Excel does not read a CSV file as UTF-8
WIDTH = 24  # of each column, in characters
LONGEST_SHEET_NAME = 31
FORMULA = re.compile(r"(^|[\n\r\t;])([=+\-@\t\r])")
Cell = str | int
Row = list[Cell]


def neutralized(value: Cell) -> Cell:
    """Return the text so that no spreadsheet takes it for a formula (OWASP, "CSV injection").

    An apostrophe goes before =, +, -, @, a tab and a carriage return at the start, also after what a spreadsheet may take
    for the end of a cell. Numbers stay as they are.
    """
    return FORMULA.sub(r"\1'\2", value) if isinstance(value, str) else value


def _labels(choices: Iterable[tuple[str, Any]]) -> dict[str, str]:
    return {value: str(label) for value, label in choices}


class Table(Protocol):
    """What can be written as a CSV file. The cells of `rows` are neutralized."""

    header: Row

    def rows(self) -> Iterator[Row]: ...


class RegistrantTable:
    """The table of some of a series' registrations, in the language that is active when it is made."""

    def __init__(self, series: Series, registrations: RegistrationQuerySet, now: datetime) -> None:
        self.series, self.now = series, now
        self.registrations = for_list(registrations).prefetch_related("answers")
        self.sessions = list(series.sessions.order_by("starts_at", "pk"))
        self.questions = list(series.questions.all())
        self.language = translation.get_language()
        # read once, because Django's get_profession_display takes most of the time of a row
        self.professions, self.provinces = _labels(Profession.choices), _labels(Province.choices)
        self.settings, self.languages = _labels(PracticeSetting.choices), _labels(settings.LANGUAGES)
        self.states = _labels(RegistrationState.choices)
        self.options = {question.pk: option_labels(question) for question in self.questions}
        self.header = self._header()

    def _header(self) -> Row:
        return [
            _("Name"),
            _("Email address"),
            _("Profession"),
            _("Province or territory"),
            _("Practice setting"),
            _("Organization"),
            _("Language"),
            _("State"),
            _("Place on the waitlist"),
            _("Registered on"),
            _("Accessibility needs"),
            *(neutralized(str(question.label)) for question in self.questions),
            *(self._session_title(n, session.starts_at) for n, session in enumerate(self.sessions, start=1)),
        ]

    def _session_title(self, n: int, starts_at: datetime) -> str:
        return f"{n}. {format_date(starts_at, self.series.zone, weekday=False)}"

    def rows(self) -> Iterator[Row]:
        places = self._places()
        for registration in self.registrations.iterator(chunk_size=READ_AT_ONCE):
            registrant = Registrant(registration, self.sessions, self.now)
            with translation.override(self.language):  # rows are written after the view has returned
                row = self._row(registrant, places.get(registration.pk, ""))
            yield [neutralized(cell) for cell in row]

    def _places(self) -> dict[int, int]:
        """Return the place on the waitlist by registration, counted once for the whole series."""
        waitlisted = Registration.objects.waitlisted().filter(series=self.series).values_list("pk", flat=True)
        return {pk: n for n, pk in enumerate(waitlisted, start=1)}

    def _row(self, registrant: Registrant, place: Cell) -> Row:
        profile, registration = registrant.profile, registrant.registration
        details: Row = ["", "", "", ""]
        if profile:
            details = [
                self.professions[profile.profession],
                self.provinces[profile.province],
                self.settings.get(profile.practice_setting, ""),
                profile.organization,
            ]
        answers = {answer.question_id: answer.value for answer in registration.answers.all()}
        presences = [presence for _n, _session, presence in registrant.presences]
        return [
            registrant.name,
            registrant.email,
            *details,
            self.languages[registrant.person.language] if registrant.is_known else "",
            registrant.state if registration.is_held else self.states[registration.state],
            place,
            f"{registration.created_at.astimezone(self.series.zone):%Y-%m-%d %H:%M}",
            registrant.accessibility_needs,
            *(answer_text(answers.get(question.pk, []), self.options[question.pk]) for question in self.questions),
            *(str(presence.label) if presence else "" for presence in presences),
        ]


class _Line:
    """A file for csv.writer that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(table: Table) -> Iterator[str]:
    """Yield the lines of a CSV file: UTF-8 with a BOM, commas, and every text in quotes."""
    writer = csv.writer(_Line(), quoting=csv.QUOTE_NONNUMERIC)
    yield BOM + writer.writerow(table.header)
    for row in table.rows():
        yield writer.writerow(row)


def xlsx_file(table: RegistrantTable) -> IO[bytes]:
    """Write an XLSX file to a temporary file and return it, open at its start. It is deleted when it is closed."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(_sheet_name(str(table.series.title)))
    sheet.freeze_panes = "B2"
    for n in range(1, len(table.header) + 1):
        sheet.column_dimensions[get_column_letter(n)].width = WIDTH
    sheet.append(_cells(sheet, table.header, font=Font(bold=True)))
    for row in table.rows():
        sheet.append(_cells(sheet, row))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    workbook.save(file)
    file.seek(0)
    return file


def _sheet_name(title: str) -> str:
    """Return the title as Excel takes it for a sheet: certain characters left out, no apostrophe at either end."""
    allowed = re.sub(r"[\\*?:/\[\]]", " ", ILLEGAL_CHARACTERS_RE.sub("", title))
    return " ".join(allowed.split())[:LONGEST_SHEET_NAME].strip("' ")


def _cells(sheet: Any, row: Iterable[Cell], font: Font | None = None) -> Iterator[Any]:
    for value in row:
        cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value)
        if isinstance(value, str):
            cell.data_type = "s"  # text, whatever it looks like
        if font:
            cell.font = font
        yield cell
