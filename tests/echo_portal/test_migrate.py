"""`migrate` may be started on several machines at once."""

import os
import subprocess
import sys
import uuid
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection

from echo_portal.management.commands.migrate import LOCK
from tests.processes import ROOT, wait_until


def ask(url, sql):
    database = psycopg2.connect(url)
    database.autocommit = True
    try:
        with database.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        database.close()


@pytest.fixture
def fresh_database():
    """The address of an empty database of the test's own."""
    parts, name = urlsplit(os.environ["DATABASE_URL"]), f"fresh_{uuid.uuid4().hex[:12]}"
    ask(os.environ["DATABASE_URL"], f"CREATE DATABASE {name}")
    yield urlunsplit(parts._replace(path=f"/{name}"))
    ask(os.environ["DATABASE_URL"], f"DROP DATABASE {name} WITH (FORCE)")


def test_two_at_once_on_a_fresh_database_both_end_well(fresh_database):
    command = [sys.executable, "manage.py", "migrate"]
    environment = os.environ | {"DATABASE_URL": fresh_database, "DJANGO_SETTINGS_MODULE": "echo_portal.settings"}
    running = [
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=180)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert sorted("No migrations to apply" in words for words in said) == [False, True], said
    assert ask(fresh_database, "SELECT count(*) FROM django_migrations GROUP BY app, name HAVING count(*) > 1") == []


def test_the_lock_is_free_again_afterwards(db):
    call_command("migrate", verbosity=0)

    def is_free():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", [LOCK])
            return cursor.fetchone() == (0,)

    wait_until(is_free, "Giving the lock back", 5)
