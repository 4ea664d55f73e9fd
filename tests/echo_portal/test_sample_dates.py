"""Sample sessions fall on workdays, whichever day they are loaded on: by whole weeks, in their order, clear of holidays."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from echo_portal.sample import dates, handful
from sessions_app import programme_file
from tests.factories import HubFactory

TWO_YEARS = [date(2026, 11, 1) + timedelta(days=n) for n in range(731)]
# The holidays of two years, with the Mondays that stand in for a weekend.
HOLIDAYS = [
    "2026-12-25",
    "2026-12-26",
    "2026-12-28",
    "2027-01-01",
    "2027-02-15",
    "2027-03-26",
    "2027-03-29",
    "2027-05-24",
    "2027-06-24",
    "2027-07-01",
    "2027-08-02",
    "2027-09-06",
    "2027-09-30",
    "2027-10-11",
    "2027-11-11",
    "2027-12-25",
    "2027-12-26",
    "2027-12-27",
    "2027-12-28",
    "2028-01-01",
    "2028-01-03",
    "2028-02-21",
    "2028-04-14",
    "2028-04-17",
    "2028-05-22",
    "2028-06-24",
    "2028-06-26",
    "2028-07-01",
    "2028-07-03",
    "2028-08-07",
    "2028-09-04",
    "2028-09-30",
    "2028-10-02",
    "2028-10-09",
    "2028-11-11",
    "2028-11-13",
    "2028-12-25",
    "2028-12-26",
]
# Workdays close to a holiday, and days that only look like one.
WORKDAYS = [
    "2026-12-23",
    "2027-01-04",
    "2027-02-16",
    "2027-03-25",
    "2027-03-30",
    "2027-05-17",
    "2027-05-25",
    "2027-06-25",
    "2027-11-12",
]


@pytest.mark.parametrize("day", HOLIDAYS)
def test_a_holiday_is_known(day):
    assert dates.is_holiday(date.fromisoformat(day))


@pytest.mark.parametrize("day", WORKDAYS)
def test_a_workday_is_not_taken_for_a_holiday(day):
    assert not dates.is_holiday(date.fromisoformat(day))


@pytest.mark.parametrize("easter", ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25"])
def test_easter_is_found(easter):
    assert dates.easter(int(easter[:4])) == date.fromisoformat(easter)


@pytest.fixture
def written(db):
    """The days of each series as the files say them, on the clock of the series."""
    for slug, *_ in handful.HUBS:
        HubFactory(slug=slug)
    rows = [row for path in handful.FILES.glob("*.yaml") for row in programme_file.read(path)[0]]
    return [[session.day for session in row.sessions] for row in rows if row.sessions]


def test_no_session_falls_on_a_weekend_or_a_holiday_whichever_day_it_is_loaded_on(written):
    assert len(written) > 12
    for today in TWO_YEARS:
        for days in written:
            for day in dates.moved(days, today):
                assert day.weekday() < 5, (today, day)
                assert not dates.is_holiday(day), (today, day)


def test_sessions_keep_their_order_their_weekday_and_their_distance(written):
    for today in TWO_YEARS:
        for days in written:
            moved = dates.moved(days, today)
            assert [day.weekday() for day in moved] == [day.weekday() for day in days]
            gaps = [later - earlier for earlier, later in pairwise(days)]
            for gap, (earlier, later) in zip(gaps, pairwise(moved), strict=True):
                assert gap <= later - earlier <= gap + timedelta(weeks=3), (today, earlier, later)


def test_what_was_past_is_past_and_what_was_to_come_begins_within_weeks(written):
    for today in TWO_YEARS:
        firsts = []
        for days in written:
            for day, as_written in zip(dates.moved(days, today), days, strict=True):
                assert (day < today) == (as_written < dates.WRITTEN_FOR), (today, day)
                firsts += [day] if day > today else []
        assert today < min(firsts) <= today + timedelta(weeks=3)
