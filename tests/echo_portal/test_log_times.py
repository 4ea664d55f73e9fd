"""Log lines have their time in UTC, in any time zone of the machine."""

import logging
import re
import subprocess
import sys

import pytest

from echo_portal.logs import RedactingFormatter
from tests.processes import ROOT

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def test_log_times_are_iso_8601_in_utc():
    record = logging.LogRecord("outbox", logging.ERROR, "x.py", 1, "3 messages are uncertain.", (), None)
    record.created = 1795532645.678
    line = RedactingFormatter().format(record)
    assert re.fullmatch(r"2026-11-24T15:04:05\.678Z ERROR outbox\[\d+\]: 3 messages are uncertain\.", line)


@pytest.mark.drill
def test_django_and_celery_log_in_utc_on_a_machine_in_another_time_zone():
    script = (
        "import django, logging; django.setup(); logging.getLogger('outbox').info('from Django')\n"
        "from echo_portal.celery import app; app.log.setup(loglevel='INFO')\n"
        "logging.getLogger('celery.worker').info('from Celery')"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"TZ": "America/Vancouver", "DJANGO_SETTINGS_MODULE": "echo_portal.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = result.stderr.strip().splitlines()
    assert re.fullmatch(rf"{STAMP} INFO outbox\[\d+\]: from Django", first)
    assert re.fullmatch(rf"{STAMP} INFO celery.worker\[\d+\]: from Celery", second)
