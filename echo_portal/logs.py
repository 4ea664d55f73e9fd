"""How a log line looks, the same in web, worker, beat and commands: its time is ISO 8601 in UTC."""

import logging
from datetime import UTC, datetime
from typing import Any

LINE = "%(asctime)s %(levelname)s %(name)s[%(process)d]: %(message)s"


class UtcFormatter(logging.Formatter):
    """Times as `2026-11-24T15:04:05.678Z`, whatever the machine's own zone is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(LINE)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
