"""Dates for the sample sessions: on workdays, in the weeks before and after the day on which the data is loaded."""

from datetime import date, timedelta

from sessions_app.programme_file.rows import SeriesRow
from sessions_app.statutory_holidays import is_holiday_anywhere

# The Monday that stands for the first day after loading. Sessions before it are past, the others are upcoming.
WRITTEN_FOR = date(2021, 5, 17)
A_WEEK = timedelta(weeks=1)


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
    """Whether `day` is a holiday somewhere in Canada, or between Christmas and New Year."""
    return (day.month, day.day) >= (12, 24) or is_holiday_anywhere(day)
