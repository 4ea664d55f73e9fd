"""The log format of web, worker, beat and commands. Lines contain no personal data, and times are in UTC.

By default, Django logs the path of a failed request, which can contain a personal token. The text of an exception can contain
anything from the request (Postgres quotes the row that it refused).
"""

import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

from django.db import InterfaceError, OperationalError

LINE = "%(asctime)s %(levelname)s %(name)s[%(process)d]: %(message)s"
# The texts of these exceptions are about connections and files, not people, and help the person on call.
SAFE_TO_QUOTE = (OSError, OperationalError, InterfaceError)
EMAIL = re.compile(r"[^\s@<>\"'()\[\]{},;:=]+@[^\s@<>\"'()\[\]{},;:=]+")


class PathFilter(logging.Filter):
    """Replaces the requested path with the name of the view."""

    def filter(self, record: logging.LogRecord) -> bool:
        request: Any = getattr(record, "request", None)
        path = getattr(request, "path", "")
        if path and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            name = f"{request.method} {match.view_name if match else 'an unknown page'}"
            escaped = path.encode("unicode_escape").decode("ascii")
            record.args = tuple(name if arg in (path, escaped) else arg for arg in record.args)
        return True


class RedactingFormatter(logging.Formatter):
    """Logs the type and traceback of exceptions, but not their texts, and no email addresses. Times are in UTC by ISO 8601."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(LINE)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's own name
        return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return "\n".join(_lines(ei[1]))

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # may be another formatter's, with the exception's text
        return EMAIL.sub("[address]", super().format(record))


def _lines(error: BaseException | None) -> list[str]:
    """Return the tracebacks of the chain of exceptions, starting with the first one raised."""
    lines: list[str] = []
    while error is not None:
        text = f": {error}" if isinstance(error, SAFE_TO_QUOTE) else ""
        frames = [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
        lines = ["Traceback (most recent call last):", *frames, f"{type(error).__qualname__}{text}", "", *lines]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines[:-1]
