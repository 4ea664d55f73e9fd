"""`migrate` can run on several machines at once."""

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


def query(url, sql):
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
    """The URL of an empty database."""
    parts, name = urlsplit(os.environ["DATABASE_URL"]), f"fresh_{uuid.uuid4().hex[:12]}"
    query(os.environ["DATABASE_URL"], f"CREATE DATABASE {name}")
    yield urlunsplit(parts._replace(path=f"/{name}"))
    query(os.environ["DATABASE_URL"], f"DROP DATABASE {name} WITH (FORCE)")


def test_two_processes_can_migrate_a_new_database_at_once(fresh_database):
    command = [sys.executable, "manage.py", "migrate"]
    environment = os.environ | {"DATABASE_URL": fresh_database, "DJANGO_SETTINGS_MODULE": "echo_portal.settings"}
    running = [
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=180)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    assert sorted("No migrations to apply" in output for output in outputs) == [False, True], outputs
    assert query(fresh_database, "SELECT count(*) FROM django_migrations GROUP BY app, name HAVING count(*) > 1") == []


# Other tests may migrate their own databases on the same server at this moment.
LOCKS_OF_THIS_DATABASE = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND objid = %s AND datname = current_database()
"""


def test_migrate_releases_its_lock(db):
    call_command("migrate", verbosity=0)

    def is_free():
        with connection.cursor() as cursor:
            cursor.execute(LOCKS_OF_THIS_DATABASE, [LOCK])
            return cursor.fetchone() == (0,)

    wait_until(is_free, "Releasing the lock", 5)
