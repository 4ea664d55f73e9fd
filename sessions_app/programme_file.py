"""Programme files: YAML as in the programme's own file, CSV and XLSX with the same columns (DESIGN.md §5).

Reading never writes. It gives the series of a file, or every complaint at once, each with its line. Writing is all or nothing,
and a second import of the same file changes nothing: a series is known by its English (else French) title.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import yaml
from django.db import transaction
from django.utils.text import slugify

from accounts.choices import Profession
from accounts.zones import PROJECT_ZONE, ZONES
from hubs.models import Hub
from sessions_app.models import DeliveryLanguage, Publication, Series, Session

TEXTS = ("title", "title_fr", "summary", "summary_fr", "description", "description_fr", "objectives", "objectives_fr")
SERIES_COLUMNS = {
    *TEXTS,
    "audience_note",
    "audience_note_fr",
    "hub",
    "audience",
    "language",
    "capacity",
    "waitlist",
    "shown_as",
    "opens",
}
SESSION_COLUMNS = {"label", "label_fr", "date", "start", "end", "speakers", "speakers_fr", "join_url"}
# What the static page said of a series, as the facts behind it.
SHOWN_AS = {"", "open", "opening soon", "full and closed", "past"}
# A page that says "full" says that registration was open once; when, it does not say.
OPENED_BEFORE = timedelta(days=60)


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


class ProgrammeFileError(Exception):
    """The file cannot be imported; `complaints` says line by line why."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


@dataclass
class Cell:
    """A value with the line it stands on."""

    value: str
    line: int


Raw = tuple[dict[str, Cell], int, list[tuple[dict[str, Cell], int]]]  # a series' cells, its line, its sessions


def read(path: Path, *, starting: date | None = None) -> tuple[list[SeriesRow], ZoneInfo]:
    """The series of a file and the zone its times are in. `starting` moves the earliest session to that date, all others with it.

    Raises ProgrammeFileError with every complaint.
    """
    complaints: list[str] = []
    raw, zone_cell = _raw(path)
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


# Files into cells


def _raw(path: Path) -> tuple[list[Raw], Cell | None]:
    if path.suffix.lower() == ".xlsx":
        return _from_table(_xlsx_rows(path)), None
    text = _text(path)
    if path.suffix.lower() == ".csv":
        return _from_table(_csv_rows(text)), None
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(text)
    raise ProgrammeFileError([f"“{path.name}”: a programme file ends in .yaml, .csv or .xlsx."])


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise ProgrammeFileError(
            [
                f"line {line}: the file is not in UTF-8 (byte 0x{byte:02X}). Save it again as UTF-8; nothing else has to change."
            ]
        ) from error


def _csv_rows(text: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, start = [], 1
    for row in reader:
        rows.append((start, row))
        start = reader.line_num + 1
    return rows


def _xlsx_rows(path: Path) -> list[tuple[int, list[str]]]:
    import openpyxl  # noqa: PLC0415 - slow, and only this kind of file needs it

    try:
        sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
    except Exception as error:
        raise ProgrammeFileError([f"“{path.name}” cannot be read as a spreadsheet."]) from error
    return [
        (number, [_cell_text(value) for value in row])
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1)
    ]


def _cell_text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value).strip()


def _from_table(rows: list[tuple[int, list[str]]]) -> list[Raw]:
    """One row a session; the rows of a series follow each other, and only its first one needs the series' own columns."""
    if not rows:
        return []
    head_line, head = rows[0]
    names = [name.strip().lower() for name in head]
    unknown = [name for name in names if name and name not in SERIES_COLUMNS | SESSION_COLUMNS]
    if unknown or "title" not in names:
        what = f"unknown column “{unknown[0]}”" if unknown else "there is no column “title”"
        raise ProgrammeFileError([f"line {head_line}: {what}."])
    found: list[Raw] = []
    for line, row in rows[1:]:
        cells = {
            name: Cell(value.strip(), line) for name, value in zip(names, row, strict=False) if name and value.strip()
        }
        if not cells:
            continue
        series = {name: cell for name, cell in cells.items() if name in SERIES_COLUMNS}
        session = {name: cell for name, cell in cells.items() if name in SESSION_COLUMNS}
        if not (found and _continues(series, found[-1][0])):
            found.append((series, line, []))
        if session:
            found[-1][2].append((session, line))
    return found


def _continues(cells: dict[str, Cell], series: dict[str, Cell]) -> bool:
    """Whether a table's row is one more session of the series above it: it names the same title, or none."""
    own = cells.get("title") or cells.get("title_fr")
    above = series.get("title") or series.get("title_fr")
    return own is None or bool(above and own.value == above.value)


def _from_yaml(text: str) -> tuple[list[Raw], Cell | None]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ProgrammeFileError(
            [f"line {mark.line + 1 if mark else 1}: this is not YAML ({getattr(error, 'problem', None) or error})."]
        ) from error
    top = _mapping(root)
    series_node = top.get("series")
    if not isinstance(series_node, yaml.SequenceNode):
        line = series_node.start_mark.line + 1 if series_node else 1
        raise ProgrammeFileError([f"line {line}: the file needs a list named “series”."])
    zone = top.get("time_zone")
    zone_cell = Cell(zone.value, zone.start_mark.line + 1) if isinstance(zone, yaml.ScalarNode) else None
    return [_yaml_series(node) for node in series_node.value], zone_cell


def _mapping(node: Any) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1 if node else 1
        raise ProgrammeFileError([f"line {line}: names with values are expected here, as in “title: …”."])
    return {key.value: value for key, value in node.value}


def _cells(fields: dict[str, Any], known: set[str]) -> dict[str, Cell]:
    cells = {}
    for name, node in fields.items():
        line = node.start_mark.line + 1
        if name not in known:
            raise ProgrammeFileError([f"line {line}: unknown name “{name}”."])
        if isinstance(node, yaml.SequenceNode):
            cells[name] = Cell("\n".join(item.value for item in node.value), line)
        elif isinstance(node, yaml.ScalarNode) and node.tag != "tag:yaml.org,2002:null":
            cells[name] = Cell(node.value.strip(), line)
    return cells


def _yaml_series(node: Any) -> Raw:
    fields = _mapping(node)
    sessions = fields.pop("sessions", None)
    found = [
        (_cells(_mapping(item), SESSION_COLUMNS), item.start_mark.line + 1)
        for item in (sessions.value if isinstance(sessions, yaml.SequenceNode) else [])
    ]
    return _cells(fields, SERIES_COLUMNS), node.start_mark.line + 1, found


# Cells into rows


class _Reader:
    """Turns cells into rows, and collects what is wrong instead of stopping at the first."""

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
        return SessionRow(line=line, day=day, start=start, end=end, **texts)

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


# Rows into the database


@dataclass
class Outcome:
    created: int = 0
    changed: int = 0
    unchanged: int = 0


@transaction.atomic
def write(rows: list[SeriesRow], zone: ZoneInfo) -> Outcome:
    """Bring the programme to what the rows say, all in one transaction. What people did since (seats) stays."""
    outcome = Outcome()
    for row in rows:
        series = Series.objects.filter(slug=row.slug).first()
        created = series is None
        series = series or Series(slug=row.slug, publication=Publication.PUBLISHED, **_shown_seats(row))
        changed = _assign(series, _series_facts(row, zone))
        if series.capacity is not None and series.capacity < series.seats_taken:
            raise ProgrammeFileError([f"line {row.line}: {series.seats_taken} seats are taken; there cannot be fewer."])
        if created or changed:
            series.save()
        changed |= _write_sessions(series, row, zone)
        if created:
            outcome.created += 1
        elif changed:
            outcome.changed += 1
        else:
            outcome.unchanged += 1
    return outcome


def _shown_seats(row: SeriesRow) -> dict[str, Any]:
    """A new series that was shown as full, with no number of seats given: the portal has none to give, and no line for them."""
    return {"capacity": 0, "waitlist_enabled": False} if row.values["shown_as"] == "full and closed" else {}


def _series_facts(row: SeriesRow, zone: ZoneInfo) -> dict[str, Any]:
    """What the file says. A text, a number of seats or a waitlist that it leaves out stays as it is."""
    values = row.values
    facts: dict[str, Any] = {}
    for name in ("title", "summary", "description", "objectives", "audience_note"):
        facts |= {f"{name}_en": values[name]} if values[name] else {}
        facts |= {f"{name}_fr": values[f"{name}_fr"]} if values[f"{name}_fr"] else {}
    facts |= {"capacity": row.capacity} if row.capacity is not None else {}
    facts |= {"waitlist_enabled": values["waitlist"] in ("yes", "true")} if values["waitlist"] else {}
    first = min((datetime.combine(s.day, s.start, zone) for s in row.sessions), default=None)
    return facts | {
        "hub": row.hub,
        "audience": row.audience,
        "language": values["language"] or DeliveryLanguage.ENGLISH,
        "time_zone": zone.key,
        "registration_opens_at": row.opens
        or (first - OPENED_BEFORE if first and values["shown_as"] != "opening soon" else None),
        "is_concluded": values["shown_as"] == "past",
    }


def _write_sessions(series: Series, row: SeriesRow, zone: ZoneInfo) -> bool:
    """Sessions are matched in their order, so a moved one keeps its identity, and with it everybody's calendar entry."""
    known = list(series.sessions.all())
    changed = len(known) > len(row.sessions)
    for session, fresh in zip_longest(known[: len(row.sessions)], row.sessions):
        texts = {
            "title_en": fresh.label,
            "title_fr": fresh.label_fr,
            "speakers_en": fresh.speakers,
            "speakers_fr": fresh.speakers_fr,
            "join_url": fresh.join_url,
        }
        facts = {name: text for name, text in texts.items() if text} | {
            "starts_at": datetime.combine(fresh.day, fresh.start, zone),
            "ends_at": datetime.combine(fresh.day, fresh.end, zone),
        }
        one = session or Session(series=series)
        if _assign(one, facts) or not one.pk:
            one.save()
            changed = True
    for session in known[len(row.sessions) :]:
        session.delete()
    return changed


def _assign(target: Any, facts: dict[str, Any]) -> bool:
    """Set the facts; says whether any of them is new."""
    changed = False
    for name, value in facts.items():
        if getattr(target, name) != value:
            setattr(target, name, value)
            changed = True
    return changed
