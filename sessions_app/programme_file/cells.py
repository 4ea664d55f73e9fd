"""Read a file into cells, each with its line. rows.py interprets them."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

import yaml

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


class ProgrammeFileError(Exception):
    """The file cannot be imported; `complaints` says why, line by line."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


@dataclass
class Cell:
    """A value with its line."""

    value: str
    line: int


Raw = tuple[dict[str, Cell], int, list[tuple[dict[str, Cell], int]]]  # a series' cells, its line, its sessions


def read_cells(path: Path) -> tuple[list[Raw], Cell | None]:
    if path.suffix.lower() == ".xlsx":
        return _from_table(_xlsx_rows(path)), None
    text = _text(path)
    if path.suffix.lower() == ".csv":
        return _from_table(_csv_rows(text)), None
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(text)
    raise ProgrammeFileError([f"“{path.name}”: a program file ends in .yaml, .csv or .xlsx."])


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
    """Read one row for each session. Only the first row of a series needs the series' own columns."""
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
    """Whether a row is one more session of the series above it: it has the same title, or none."""
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
