"""Dates such as "every second Thursday, six times". Pure functions: each date can still be adjusted in the form."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from sessions_app.statutory_holidays import holiday_name

MOST = 60
A_WEEK_IN_DAYS, MONTHS_A_YEAR = 7, 12
SATURDAY, SUNDAY = 5, 6
When = tuple[datetime, datetime]


def repeat_weekly(
    first: date, start: time, duration: timedelta, *, every_weeks: int, count: int, zone: ZoneInfo
) -> list[When]:
    """Return (starts_at, ends_at) in UTC of `count` sessions on the weekday of `first`, every so many weeks.

    The clock in `zone` shows the same time on each date. Raises ValueError if `count` is not from 1 to MOST.
    """
    if every_weeks < 1:
        raise ValueError("Sessions repeat every week or less often.")
    days = [first + timedelta(weeks=every_weeks * number) for number in _numbers(count)]
    return [when(day, start, duration, zone) for day in days]


def repeat_monthly(
    first: date, start: time, duration: timedelta, *, count: int, zone: ZoneInfo, last: bool = False
) -> list[When]:
    """The same, on the same weekday of each month as `first`: its first, second, third or fourth. With `last`, or if
    `first` is a fifth one, always the last of the month, beginning with the month of `first`."""
    place = (first.day - 1) // A_WEEK_IN_DAYS
    is_last = last or place == 4  # noqa: PLR2004 - not every month has a fifth one
    months = [divmod(first.month - 1 + number, MONTHS_A_YEAR) for number in _numbers(count)]
    days = [
        _in_month(first.year + years, month + 1, first.weekday(), None if is_last else place) for years, month in months
    ]
    return [when(day, start, duration, zone) for day in days]


def _numbers(count: int) -> range:
    if not 1 <= count <= MOST:
        raise ValueError(f"From 1 to {MOST} dates can be made at once.")
    return range(count)


def _in_month(year: int, month: int, weekday: int, place: int | None) -> date:
    """Return the first (`place` 0), second, … of that weekday in a month; the last one if `place` is None."""
    first_weekday, length = monthrange(year, month)
    first = 1 + (weekday - first_weekday) % A_WEEK_IN_DAYS
    if place is None:
        place = (length - first) // A_WEEK_IN_DAYS
    return date(year, month, first + place * A_WEEK_IN_DAYS)


def when(day: date, start: time, duration: timedelta, zone: ZoneInfo) -> When:
    """Return (starts_at, ends_at) in UTC for a time on the clock of `zone`.

    A time that the clocks skip in spring is taken an hour later, one that they show twice in fall the first time.
    """
    starts_at = datetime.combine(day, start, tzinfo=zone).astimezone(UTC)
    return starts_at, starts_at + duration


@dataclass(frozen=True)
class DayNote:
    """A day that deserves a look. `reason` is in the reader's language: "a Saturday", "a holiday: Canada Day"."""

    day: date
    code: str  # "saturday", "sunday" or "holiday"
    reason: str


def days_to_check(days: Iterable[date], provinces: Iterable[str] | None) -> list[DayNote]:
    """Return the days that are a Saturday, a Sunday or a statutory holiday in one of the provinces (None: federal ones)."""
    provinces = None if provinces is None else list(provinces)
    notes = []
    for day in days:
        holiday = holiday_name(day, provinces)
        if holiday:
            notes.append(DayNote(day, "holiday", _("a holiday: %(name)s") % {"name": holiday}))
        elif day.weekday() == SATURDAY:
            notes.append(DayNote(day, "saturday", _("a Saturday")))
        elif day.weekday() == SUNDAY:
            notes.append(DayNote(day, "sunday", _("a Sunday")))
    return notes
