"""A migrated, empty database that the test databases are copied from.

Migrating takes ten seconds of each process of the suite, and copying half a second. The name of the template has a digest of
everything that decides what is in it, so a new or changed migration makes a new one.
"""

import fcntl
import hashlib
from pathlib import Path

from django.core.management import call_command
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "test_template_"


def ensure() -> str:
    """Return the name of the template, and make it if it does not exist. Only one process at a time makes it."""
    name = PREFIX + _digest()
    with (ROOT / "var" / "test-template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        existing = _existing()
        if name not in existing:
            for old in existing:
                _execute(f"DROP DATABASE {old}")
            _make(f"{PREFIX}unfinished")
            _execute(f"ALTER DATABASE {PREFIX}unfinished RENAME TO {name}")
    return name


def _digest() -> str:
    """Ours are in the migration files. Those of libraries change with the locked requirements."""
    files = sorted([*ROOT.glob("*/migrations/*.py"), ROOT / "requirements" / "dev.txt"])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _existing() -> list[str]:
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return [name for (name,) in cursor.fetchall()]


def _execute(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def _make(name: str) -> None:
    _execute(f"CREATE DATABASE {name}")
    connection.close()
    usual, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    try:
        call_command("migrate", verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
