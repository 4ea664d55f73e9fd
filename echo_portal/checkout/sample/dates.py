"""Dates for the sample sessions: on workdays, in the weeks before and after the day on which the data is loaded."""

from datetime import date, timedelta
from functools import cache

from sessions_app.programme_file.rows import SeriesRow

# The Monday that stands for the first day after loading. Sessions before it are past, the others are upcoming.
WRITTEN_FOR = date(2021, 5, 17)
A_WEEK = timedelta(weeks=1)
SATURDAY = 5
# New Year's Day, Quebec's national holiday, Canada Day, National Day for Truth and Reconciliation, Remembrance Day.
FIXED_HOLIDAYS = [(1, 1), (6, 24), (7, 1), (9, 30), (11, 11)]


def move(rows: list[SeriesRow], today: date) -> None:
    """Move all dates of the rows by whole weeks, so that WRITTEN_FOR becomes the next Monday after `today`.

    Weekdays do not change. If a session would fall on a holiday, it moves one more week away from `today`, and so do the
    later sessions of its series (for past sessions, the earlier ones). The order and the minimum gaps stay the same.
    """
    for row in rows:
        days = moved([session.day for session in row.sessions], today)
        for session, day in zip(row.sessions, days, strict=True):
            session.day = day
        if row.opens:
            row.opens += moved([row.opens.date()], today)[0] - row.opens.date()


def moved(days: list[date], today: date) -> list[date]:
    """Return the new dates of one series, in order (see `move`)."""
    shift = today + timedelta(days=7 - today.weekday()) - WRITTEN_FOR
    past = [day + shift for day in days if day < WRITTEN_FOR]
    upcoming = [day + shift for day in days if day >= WRITTEN_FOR]
    return _clear_of_holidays(past[::-1], -A_WEEK)[::-1] + _clear_of_holidays(upcoming, A_WEEK)


def _clear_of_holidays(days: list[date], step: timedelta) -> list[date]:
    delay, clear = timedelta(0), []
    for day in days:
        while is_holiday(day + delay):
            delay += step
        clear.append(day + delay)
    return clear


def is_holiday(day: date) -> bool:
    """Whether `day` is a holiday somewhere in Canada, the Monday after one, or between Christmas and New Year."""
    return (day.month, day.day) >= (12, 24) or day in _holidays(day.year)


@cache
def _holidays(year: int) -> frozenset[date]:
    fixed = {date(year, *month_and_day) for month_and_day in FIXED_HOLIDAYS}
    victoria_day = date(year, 5, 24) - timedelta(days=date(year, 5, 24).weekday())
    good_friday, easter_monday = easter(year) - timedelta(days=2), easter(year) + timedelta(days=1)
    family_day, civic_holiday = _nth_monday(year, 2, 3), _nth_monday(year, 8, 1)
    labour_day, thanksgiving = _nth_monday(year, 9, 1), _nth_monday(year, 10, 2)
    floating = {victoria_day, good_friday, easter_monday, family_day, civic_holiday, labour_day, thanksgiving}
    return frozenset(fixed | {_observed(day) for day in fixed} | floating)


def _observed(holiday: date) -> date:
    return holiday + timedelta(days=7 - holiday.weekday()) if holiday.weekday() >= SATURDAY else holiday


def _nth_monday(year: int, month: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7, weeks=n - 1)


def easter(year: int) -> date:
    """Return Easter Sunday in the Gregorian calendar (algorithm of Meeus, Jones and Butcher)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    correction = (8 * century + 13) // 25
    moon = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
