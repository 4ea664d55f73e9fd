"""The house of DESIGN.md §2: imports between rooms run down the table only, and time zones come from the pinned package."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "accounts": set(),
    "outbox": set(),
    "hubs": {"accounts", "outbox"},
    "sessions_app": {"hubs", "accounts", "outbox"},
    "registrations": {"sessions_app", "hubs", "accounts", "outbox"},
    "newsletters": {"accounts", "outbox"},
    "echo_portal": {"sessions_app", "hubs", "accounts", "outbox", "registrations", "newsletters"},
}


def imported_rooms(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names} & MAY_IMPORT.keys()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_down_the_table_only(room):
    wrong = {
        f"{path.relative_to(ROOT)} imports {sorted(up)}"
        for path in (ROOT / room).rglob("*.py")
        if (up := imported_rooms(path) - MAY_IMPORT[room] - {room})
    }
    assert wrong == set()


def test_the_rule_sees_an_import_that_runs_up(tmp_path):
    stray = tmp_path / "stray.py"
    stray.write_text("def late():\n    from registrations.models import Registration\n")
    assert imported_rooms(stray) == {"registrations"}


@pytest.mark.parametrize("machine_path", ["/usr/share/zoneinfo", "/nowhere"])
def test_zone_rules_come_from_the_pinned_package_whatever_the_machine_says(machine_path):
    """British Columbia and Alberta stopped changing their clocks in November 2026 (DESIGN.md §4)."""
    script = (
        "import echo_portal, zoneinfo; from datetime import datetime\n"
        "print(zoneinfo.TZPATH, [datetime(2026, 12, 1, tzinfo=zoneinfo.ZoneInfo(z)).utcoffset().total_seconds() / 3600"
        " for z in ('America/Vancouver', 'America/Edmonton')])"
    )
    environment = os.environ | {"PYTHONTZPATH": machine_path}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "() [-7.0, -6.0]"
