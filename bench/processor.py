"""Processor time, which other programs on the machine hardly change. Time on the clock depends on them."""

import os
import time
from pathlib import Path


def processor_seconds() -> float:
    """Return how long this process and its connection's process in the database have worked.

    Postgres has to be on this machine. Other processes that it starts for large queries are not counted.
    """
    from django.db import connection

    connection.ensure_connection()
    fields = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
