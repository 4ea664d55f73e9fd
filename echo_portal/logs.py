"""Log lines, the same in web, worker, beat and commands: what went wrong, where and when in UTC, and nothing about whom.

Django writes the path of a request that failed, which can hold the token of a personal link; and the text of an exception can
hold anything that the request held (Postgres quotes the row that it refused).
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
    """Writes the name of the page in place of the path that was asked for."""

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
    """Exceptions by their type and place, without what they quote; no email address in any line; times in ISO 8601 and UTC."""

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
    """The exceptions that led to each other, the first one first, each with where it was raised."""
    lines: list[str] = []
    while error is not None:
        said = f": {error}" if isinstance(error, TELLING) else ""
        frames = [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
        lines = ["Traceback (most recent call last):", *frames, f"{type(error).__qualname__}{said}", "", *lines]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines[:-1]
