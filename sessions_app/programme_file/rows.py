"""Interpret cells, and collect all errors."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from accounts.choices import Profession
from accounts.zones import PROJECT_ZONE, ZONES
from hubs.models import Hub
from sessions_app.models import DeliveryLanguage, Session
from sessions_app.programme_file.cells import SERIES_COLUMNS, SESSION_COLUMNS, Cell, ProgrammeFileError, read_cells

# What the static page said of a series, as the facts behind it.
SHOWN_AS = {"", "open", "opening soon", "full and closed", "past"}


@dataclass
class SessionRow:
    line: int
    label: str
    label_fr: str
    speakers: str
    speakers_fr: str
    join_url: str
    day: date
    start: time
    end: time


@dataclass
class SeriesRow:
    line: int
    values: dict[str, str]
    hub: Hub | None = None
    audience: list[str] = field(default_factory=list)
    capacity: int | None = None
    opens: datetime | None = None
    sessions: list[SessionRow] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return slugify(self.values["title"] or self.values["title_fr"])[:80].rstrip("-")

    @property
    def slug_fr(self) -> str:
        """The French slug, or an empty string if the series has a title in one language only."""
        elisions_apart = re.sub("['’]", "-", self.values["title_fr"])  # l’équipe: "l-equipe", not "lequipe"
        return slugify(elisions_apart)[:80].rstrip("-") if self.values["title"] else ""


def read(path: Path, *, starting: date | None = None) -> tuple[list[SeriesRow], ZoneInfo]:
    """Return the series of a file and the time zone. `starting` moves the earliest session to that date and all others
    with it.

    Raises ProgrammeFileError with all errors.
    """
    complaints: list[str] = []
    raw, zone_cell = read_cells(path)
    zone = _zone(zone_cell, complaints)
    reader = _Reader(zone, complaints)
    rows = [row for row in (reader.series(*one) for one in raw) if row]
    reader.look_for_duplicates(rows)
    if not raw and not complaints:
        complaints.append("line 1: the file has no series.")
    if complaints:
        raise ProgrammeFileError(sorted(complaints, key=_line_of))
    if starting:
        _move(rows, starting)
    return rows, zone


def _line_of(complaint: str) -> int:
    match = re.match(r"line (\d+)", complaint)
    return int(match[1]) if match else 0


def _zone(cell: Cell | None, complaints: list[str]) -> ZoneInfo:
    if cell and cell.value not in available_timezones() & ZONES.keys():
        complaints.append(f"line {cell.line}: “{cell.value}” is not a time zone that the portal knows.")
        cell = None
    return ZoneInfo(cell.value if cell else PROJECT_ZONE)


def _move(rows: list[SeriesRow], starting: date) -> None:
    days = [session.day for row in rows for session in row.sessions]
    if not days:
        return
    shift = starting - min(days)
    for row in rows:
        row.opens = row.opens + shift if row.opens else None
        for session in row.sessions:
            session.day += shift


class _Reader:
    """Turns cells into rows, and collects errors instead of stopping at the first."""

    def __init__(self, zone: ZoneInfo, complaints: list[str]) -> None:
        self.zone = zone
        self.complaints = complaints
        self.hubs = {hub.slug: hub for hub in Hub.objects.all()} | {hub.name_en: hub for hub in Hub.objects.all()}

    def complain(self, line: int, sentence: str) -> None:
        self.complaints.append(f"line {line}: {sentence}")

    def series(
        self, cells: dict[str, Cell], line: int, sessions: list[tuple[dict[str, Cell], int]]
    ) -> SeriesRow | None:
        values = {name: cells[name].value if name in cells else "" for name in SERIES_COLUMNS}
        row = SeriesRow(line, values)
        if not values["title"] and not values["title_fr"]:
            self.complain(line, "the series has no title.")
            return None
        row.hub = self._hub(cells.get("hub"))
        row.audience = self._audience(cells.get("audience"))
        row.capacity = self._capacity(cells.get("capacity"))
        self._one_of(cells.get("shown_as"), SHOWN_AS)
        self._one_of(cells.get("language"), {"", *DeliveryLanguage.values})
        self._one_of(cells.get("waitlist"), {"", "yes", "no", "true", "false"})
        if "opens" in cells and (day := self._date(cells["opens"])):
            row.opens = datetime.combine(day, time(9), self.zone)
        row.sessions = [session for session in (self._session(*one) for one in sessions) if session]
        return row

    def look_for_duplicates(self, rows: list[SeriesRow]) -> None:
        first: dict[str, int] = {}
        for row in rows:
            title = row.values["title"] or row.values["title_fr"]
            if row.slug in first:
                self.complain(row.line, f"the title “{title}” stands on line {first[row.slug]} already.")
            first.setdefault(row.slug, row.line)

    def _one_of(self, cell: Cell | None, known: set[str]) -> None:
        if cell and cell.value not in known:
            choices = ", ".join(sorted(filter(None, known)))
            self.complain(cell.line, f"“{cell.value}” is not one of: {choices}.")

    def _hub(self, cell: Cell | None) -> Hub | None:
        if cell is None or not cell.value:
            return None
        if cell.value not in self.hubs:
            self.complain(cell.line, f"there is no hub “{cell.value}”.")
        return self.hubs.get(cell.value)

    def _audience(self, cell: Cell | None) -> list[str]:
        words = re.split(r"[\n,;]+", cell.value) if cell else []
        found = [word.strip() for word in words if word.strip()]
        for word in found:
            if word not in Profession.values and cell:
                self.complain(cell.line, f"unknown profession “{word}”. Known: {', '.join(Profession.values)}.")
        return found

    def _capacity(self, cell: Cell | None) -> int | None:
        if cell is None or not cell.value:
            return None
        if not re.fullmatch(r"\d{1,6}", cell.value):
            self.complain(cell.line, f"“{cell.value}” is not a number of seats.")
            return None
        return int(cell.value)

    def _session(self, cells: dict[str, Cell], line: int) -> SessionRow | None:
        missing = [name for name in ("date", "start", "end") if name not in cells]
        if missing:
            self.complain(line, f"the session has no {' and no '.join(missing)}.")
            return None
        day, start, end = self._date(cells["date"]), self._time(cells["start"]), self._time(cells["end"])
        if not (day and start and end):
            return None
        if end <= start:
            self.complain(
                cells["end"].line,
                f"the session ends at {cells['end'].value}, before it starts at {cells['start'].value}.",
            )
            return None
        texts = {
            name: cells[name].value if name in cells else "" for name in SESSION_COLUMNS - {"date", "start", "end"}
        }
        self._link(cells.get("join_url"))
        return SessionRow(line=line, day=day, start=start, end=end, **texts)

    def _link(self, cell: Cell | None) -> None:
        """Return a link to a meeting. It must be a web address that fits its column."""
        if cell is None or not cell.value:
            return
        try:
            Session._meta.get_field("join_url").clean(cell.value, None)  # noqa: SLF001 - Django's documented way to a field
            is_web = urlsplit(cell.value).scheme.lower() in ("http", "https")
        except (ValidationError, ValueError):
            is_web = False
        if not is_web:
            self.complain(cell.line, f"“{cell.value}” is not a web address. It starts with https://.")

    def _date(self, cell: Cell) -> date | None:
        try:
            return date.fromisoformat(cell.value)
        except ValueError:
            self.complain(cell.line, f"“{cell.value}” is not a date. Dates are written as 2027-05-21.")
            return None

    def _time(self, cell: Cell) -> time | None:
        if re.fullmatch(r"\d{1,2}:\d{2}", cell.value):
            try:
                return time.fromisoformat(cell.value.zfill(5))
            except ValueError:
                pass
        self.complain(cell.line, f"“{cell.value}” is not a time. Times are written as 13:30.")
        return None
