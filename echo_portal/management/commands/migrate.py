"""Django's `migrate` with a lock: if several machines start it at once, one migrates and the others wait."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections

# An arbitrary number that nothing else uses with pg_advisory_lock: "echo" in ASCII.
LOCK = 0x6563686F
PAUSE_SECONDS = 0.5


class Command(DjangoMigrate):
    def handle(self, *args: Any, **options: Any) -> None:
        with self._migration_lock(options["database"]):
            super().handle(*args, **options)

    @contextmanager
    def _migration_lock(self, database: str) -> Iterator[None]:
        """Hold the lock on a separate connection, so that the migrations cannot release it.

        Poll for the lock instead of waiting in Postgres: a waiting statement keeps a snapshot open, and CREATE INDEX
        CONCURRENTLY in the other process would wait for it.
        """
        connection = connections[database].copy()
        try:
            with connection.cursor() as cursor:
                if not self._acquire(cursor):
                    self.stdout.write("Another migrate is running on this database. Waiting for it to end.")
                    while not self._acquire(cursor):
                        time.sleep(PAUSE_SECONDS)
                yield
        finally:
            connection.close()  # releases the lock

    def _acquire(self, cursor: Any) -> bool:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
