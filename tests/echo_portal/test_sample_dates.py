"""Sample sessions are moved by whole weeks to workdays, in their order and not on holidays, on any day they are loaded."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from echo_portal.checkout.sample import dates, handful
from sessions_app import programme_file
from tests.factories import HubFactory

TWO_YEARS = [date(2026, 11, 1) + timedelta(days=n) for n in range(731)]
HOLIDAYS = {
    "Christmas Eve": "2026-12-24",
    "Christmas Day": "2026-12-25",
    "Boxing Day, in lieu": "2026-12-28",
    "New Year's Day": "2027-01-01",
    "New Year's Day, in lieu": "2028-01-03",
    "Family Day": "2027-02-15",
    "Good Friday": "2027-03-26",
    "Easter Monday": "2028-04-17",
    "Victoria Day": "2027-05-24",
    "Victoria Day, at its earliest": "2026-05-18",
    "Quebec's national holiday": "2027-06-24",
    "Canada Day": "2027-07-01",
    "Canada Day, in lieu": "2028-07-03",
    "Civic holiday": "2027-08-02",
    "Labour Day": "2027-09-06",
    "Truth and Reconciliation": "2027-09-30",
    "Thanksgiving": "2027-10-11",
    "Remembrance Day": "2027-11-11",
}
# Workdays close to a holiday.
WORKDAYS = ["2026-12-23", "2027-01-04", "2027-02-16", "2027-03-25", "2027-03-30", "2027-05-17", "2027-06-25"]


@pytest.mark.parametrize("day", HOLIDAYS.values(), ids=HOLIDAYS.keys())
def test_a_holiday_is_recognized(day):
    assert dates.is_holiday(date.fromisoformat(day))


@pytest.mark.parametrize("day", WORKDAYS)
def test_a_workday_is_not_a_holiday(day):
    assert not dates.is_holiday(date.fromisoformat(day))


@pytest.fixture
def written_days(db):
    """The days of each series as in the sample files, in the time zone of the series."""
    for slug, *_ in handful.HUBS:
        HubFactory(slug=slug)
    rows = [row for path in handful.FILES.glob("*.yaml") for row in programme_file.read(path)[0]]
    return [[session.day for session in row.sessions] for row in rows if row.sessions]


def test_no_session_is_on_a_weekend_or_a_holiday(written_days):
    assert len(written_days) > 12
    for today in TWO_YEARS:
        for days in written_days:
            for day in dates.moved(days, today):
                assert day.weekday() < 5, (today, day)
                assert not dates.is_holiday(day), (today, day)


def test_sessions_keep_their_order_their_weekday_and_their_intervals(written_days):
    for today in TWO_YEARS:
        for days in written_days:
            moved = dates.moved(days, today)
            assert [day.weekday() for day in moved] == [day.weekday() for day in days]
            gaps = [later - earlier for earlier, later in pairwise(days)]
            for gap, (earlier, later) in zip(gaps, pairwise(moved), strict=True):
                assert gap <= later - earlier <= gap + timedelta(weeks=3), (today, earlier, later)


def test_past_sessions_stay_past_and_the_first_upcoming_one_is_within_three_weeks(written_days):
    for today in TWO_YEARS:
        firsts = []
        for days in written_days:
            for day, as_written in zip(dates.moved(days, today), days, strict=True):
                assert (day < today) == (as_written < dates.WRITTEN_FOR), (today, day)
                firsts += [day] if day > today else []
        assert today < min(firsts) <= today + timedelta(weeks=3)
