"""Log lines, the same in web, worker, beat and commands: what went wrong, where and when in UTC, and nothing personal.

Django logs the path of a failed request, which can hold a personal token. The text of an exception can hold anything
from the request (Postgres quotes the row that it refused).
"""

import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

from django.db import InterfaceError, OperationalError

LINE = "%(asctime)s %(levelname)s %(name)s[%(process)d]: %(message)s"
# What these say is about connections and files, not about people; and it is what whoever is on call needs.
TELLING = (OSError, OperationalError, InterfaceError)
EMAIL = re.compile(r"[^\s@<>\"'()\[\]{},;:=]+@[^\s@<>\"'()\[\]{},;:=]+")


class PathFilter(logging.Filter):
    """Replaces the requested path with the name of the page."""

    def filter(self, record: logging.LogRecord) -> bool:
        request: Any = getattr(record, "request", None)
        path = getattr(request, "path", "")
        if path and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            name = f"{request.method} {match.view_name if match else 'an unknown page'}"
            escaped = path.encode("unicode_escape").decode("ascii")
            record.args = tuple(name if arg in (path, escaped) else arg for arg in record.args)
        return True


class DiscreetFormatter(logging.Formatter):
    """Logs exceptions by type and place, without what they quote, and no email address. Times are in UTC by ISO 8601."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(LINE)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's own name
        return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return "\n".join(_lines(ei[1]))

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler's, with all that it quotes
        return EMAIL.sub("[address]", super().format(record))


def _lines(error: BaseException | None) -> list[str]:
    """Return the chain of exceptions, the first one first, each with where it was raised."""
    lines: list[str] = []
    while error is not None:
        said = f": {error}" if isinstance(error, TELLING) else ""
        frames = [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
        lines = ["Traceback (most recent call last):", *frames, f"{type(error).__qualname__}{said}", "", *lines]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines[:-1]
