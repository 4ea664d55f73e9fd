"""Dates such as "every second Thursday, six times" keep their local time, and holidays are named."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.zones import ZONES
from sessions_app.editing.repeat import MOST, days_to_check, repeat_monthly, repeat_weekly
from sessions_app.statutory_holidays import holiday_name

TORONTO, VANCOUVER = ZoneInfo("America/Toronto"), ZoneInfo("America/Vancouver")
NOON, HOUR = time(12), timedelta(hours=1)


def local_days(dates, zone=TORONTO):
    return [starts_at.astimezone(zone).date().isoformat() for starts_at, _ends_at in dates]


def test_every_second_thursday_six_times():
    dates = repeat_weekly(date(2027, 2, 18), NOON, HOUR, every_weeks=2, count=6, zone=TORONTO)
    assert local_days(dates) == ["2027-02-18", "2027-03-04", "2027-03-18", "2027-04-01", "2027-04-15", "2027-04-29"]
    assert [starts_at.hour for starts_at, _ends_at in dates] == [17, 17, 16, 16, 16, 16]  # UTC: the clocks change


def test_british_columbia_keeps_its_offset_all_year():
    dates = repeat_weekly(date(2027, 2, 18), NOON, HOUR, every_weeks=2, count=6, zone=VANCOUVER)
    assert {starts_at.hour for starts_at, _ends_at in dates} == {19}


def test_the_third_thursday_of_each_month():
    dates = repeat_monthly(date(2026, 11, 19), NOON, HOUR, count=4, zone=TORONTO)
    assert local_days(dates) == ["2026-11-19", "2026-12-17", "2027-01-21", "2027-02-18"]


def test_a_fifth_weekday_stands_for_the_last_of_the_month():
    dates = repeat_monthly(date(2027, 3, 31), NOON, HOUR, count=3, zone=TORONTO)
    assert local_days(dates) == ["2027-03-31", "2027-04-28", "2027-05-26"]
    dates = repeat_monthly(date(2027, 2, 24), NOON, HOUR, count=2, zone=TORONTO, last=True)
    assert local_days(dates) == ["2027-02-24", "2027-03-31"]


def test_a_time_that_the_clocks_skip_is_taken_an_hour_later():
    [(starts_at, ends_at)] = repeat_weekly(date(2027, 3, 14), time(2, 30), HOUR, every_weeks=1, count=1, zone=TORONTO)
    assert starts_at.astimezone(TORONTO).time() == time(3, 30)
    assert ends_at - starts_at == HOUR


def test_a_time_that_the_clocks_show_twice_is_the_first_one():
    [(starts_at, _)] = repeat_weekly(date(2027, 11, 7), time(1, 30), HOUR, every_weeks=1, count=1, zone=TORONTO)
    assert starts_at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_a_number_of_dates_that_makes_no_sense_is_refused(count):
    with pytest.raises(ValueError, match="From 1 to"):
        repeat_monthly(date(2027, 1, 1), NOON, HOUR, count=count, zone=TORONTO)
    with pytest.raises(ValueError, match="every week"):
        repeat_weekly(date(2027, 1, 1), NOON, HOUR, every_weeks=0, count=1, zone=TORONTO)


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(2026, 1, 1), date(2031, 1, 1)), st.times().map(lambda t: t.replace(hour=max(t.hour, 4))),
    st.integers(1, 8), st.integers(1, 20), st.sampled_from(sorted(ZONES)),
)  # fmt: skip
def test_dates_keep_their_weekday_their_local_time_and_their_intervals(first, start, every, count, zone_name):
    zone = ZoneInfo(zone_name)
    dates = repeat_weekly(first, start, HOUR, every_weeks=every, count=count, zone=zone)
    local = [starts_at.astimezone(zone) for starts_at, _ends_at in dates]
    assert len(local) == count
    assert {(moment.weekday(), moment.time()) for moment in local} == {(first.weekday(), start)}
    assert [moment.date() for moment in local] == [first + timedelta(weeks=every * n) for n in range(count)]
    monthly = repeat_monthly(first, start, HOUR, count=count, zone=zone)
    days = [starts_at.astimezone(zone).date() for starts_at, _ends_at in monthly]
    assert days[0] == first
    assert {day.weekday() for day in days} == {first.weekday()}
    assert [day.year * 12 + day.month for day in days] == [first.year * 12 + first.month + n for n in range(count)]


@pytest.mark.parametrize(
    ("day", "provinces", "english", "french"),
    [
        ("2027-07-01", None, "Canada Day", "Fête du Canada"),
        ("2027-09-30", None, "National Day for Truth and Reconciliation", "Journée nationale de la vérité et de la réconciliation"),
        ("2027-06-24", None, "", ""),
        ("2027-06-24", ["QC"], "Saint Jean Baptiste Day", "Fête nationale du Québec"),
        ("2027-02-15", ["ON"], "Family Day", "Fête de la famille"),
        ("2027-02-15", ["ON", "QC"], "Family Day (Ontario)", "Fête de la famille (Ontario)"),
        ("2027-01-01", ["ON"], "New Year’s Day", "Jour de l’an"),
        ("2027-05-20", ["ON", "QC"], "", ""),
    ],
)  # fmt: skip
def test_a_statutory_holiday_has_its_name_in_both_languages(day, provinces, english, french):
    assert holiday_name(date.fromisoformat(day), provinces) == english
    with translation.override("fr"):
        assert holiday_name(date.fromisoformat(day), provinces) == french


def test_days_that_deserve_a_look_are_named():
    days = [date(2027, 6, day) for day in (24, 25, 26, 27)]
    notes = [(note.day.day, note.code, note.reason) for note in days_to_check(days, ["QC"])]
    assert notes == [
        (24, "holiday", "a holiday: Saint Jean Baptiste Day"),
        (26, "saturday", "a Saturday"),
        (27, "sunday", "a Sunday"),
    ]
