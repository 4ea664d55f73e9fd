"""Dates such as "every second Thursday, six times". Pure functions: each date can still be adjusted in the form."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST = 60


@dataclass(frozen=True)
class DayNote:
    """A day that deserves a look: a Saturday, a Sunday or a statutory holiday. `reason` is in the reader's language."""

    day: date
    reason: str


def repeat_weekly(
    first: date, start: time, duration: timedelta, *, every_weeks: int, count: int, zone: ZoneInfo
) -> list[tuple[datetime, datetime]]:
    """Return (starts_at, ends_at) in UTC of `count` sessions on the weekday of `first`, every so many weeks.

    The clock in `zone` shows the same time on each date. `count` is at most MOST.
    """
    raise NotImplementedError


def repeat_monthly(
    first: date, start: time, duration: timedelta, *, count: int, zone: ZoneInfo, last: bool = False
) -> list[tuple[datetime, datetime]]:
    """The same, on the same weekday of each month as `first`: its first, second, third or fourth. With `last`, or if
    `first` is a fifth one, always the last of the month."""
    raise NotImplementedError


def days_to_check(days: Iterable[date], provinces: Iterable[str] | None) -> list[DayNote]:
    """Return the days that are a Saturday, a Sunday or a statutory holiday in one of the provinces (None: federal ones)."""
    raise NotImplementedError
