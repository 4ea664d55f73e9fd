"""Rules for the source code: which app may import which (docs/structure.md), where time zones come from, line lengths."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "accounts": set(),
    "outbox": set(),
    "hubs": {"accounts", "outbox"},
    "sessions_app": {"hubs", "accounts", "outbox"},
    "registrations": {"sessions_app", "hubs", "accounts", "outbox"},
    "newsletters": {"registrations", "sessions_app", "hubs", "accounts", "outbox"},
    "workspace": {"newsletters", "registrations", "sessions_app", "hubs", "accounts", "outbox"},
    "reports": {"newsletters", "registrations", "sessions_app", "hubs", "accounts", "outbox"},
    "echo_portal": {
        "reports", "workspace", "newsletters", "registrations", "sessions_app", "hubs", "accounts", "outbox",
    },
}  # fmt: skip


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_apps(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported_modules(path)} & MAY_IMPORT.keys()


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_an_app_imports_only_apps_below_it(app):
    violations = {
        f"{path.relative_to(ROOT)} imports {sorted(forbidden)}"
        for path in (ROOT / app).rglob("*.py")
        if (forbidden := imported_apps(path) - MAY_IMPORT[app] - {app})
    }
    assert violations == set()


def test_an_import_inside_a_function_counts(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("def late():\n    from registrations.models import Registration\n")
    assert imported_apps(module) == {"registrations"}


def test_the_site_does_not_import_code_that_exists_only_in_a_checkout():
    site = [path for app in MAY_IMPORT for path in (ROOT / app).rglob("*.py") if "checkout" not in path.parts]
    assert len(site) > 100
    violations = [
        path for path in site if any(name.startswith("echo_portal.checkout") for name in imported_modules(path))
    ]
    assert violations == []


@pytest.mark.parametrize("machine_path", ["/usr/share/zoneinfo", "/nowhere"])
def test_time_zones_come_from_the_pinned_package_and_not_from_the_machine(machine_path):
    """British Columbia and Alberta stopped changing their clocks in November 2026."""
    script = (
        "import echo_portal, zoneinfo; from datetime import datetime\n"
        "print(zoneinfo.TZPATH, [datetime(2026, 12, 1, tzinfo=zoneinfo.ZoneInfo(z)).utcoffset().total_seconds() / 3600"
        " for z in ('America/Vancouver', 'America/Edmonton')])"
    )
    environment = os.environ | {"PYTHONTZPATH": machine_path}
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.stdout.strip() == "() [-7.0, -6.0]"


def test_no_line_of_a_template_is_longer_than_120_characters():
    """djLint does not break long lines of text."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["djlint"]
    excluded = [re.compile(pattern) for pattern in settings.get("extend_exclude", [])]
    templates = [path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"}]
    checked = [path for path in templates if not any(pattern.search(str(path)) for pattern in excluded)]
    assert len(checked) > 100
    too_long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in checked
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > 120
    ]
    assert too_long == []
