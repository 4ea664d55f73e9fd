"""Dates and times as a person says them, in both languages, in zones that change their clocks and in those that don't."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from accounts.zones import ALIASES, OF_PROVINCE, ZONES
from sessions_app import times

TORONTO = ZoneInfo("America/Toronto")


def at(*moment, zone=TORONTO):
    return datetime(*moment, tzinfo=zone)


@pytest.mark.parametrize(
    ("language", "start", "end", "expected"),
    [
        ("en", (2021, 5, 21, 12), (2021, 5, 21, 13), "Friday, May 21, 2021, 12:00–1:00 pm ET"),
        ("fr", (2021, 5, 21, 12), (2021, 5, 21, 13), "vendredi 21 mai 2021, de 12 h à 13 h (HE)"),
        ("en", (2021, 6, 1, 11, 30), (2021, 6, 1, 12, 30), "Tuesday, June 1, 2021, 11:30 am–12:30 pm ET"),
        ("fr", (2021, 6, 1, 9, 5), (2021, 6, 1, 10, 30), "mardi 1er juin 2021, de 9 h 05 à 10 h 30 (HE)"),
        ("en", (2027, 1, 1, 0), (2027, 1, 1, 1), "Friday, January 1, 2027, 12:00–1:00 am ET"),
    ],
)
def test_a_session_is_said_with_its_zone(language, start, end, expected):
    with translation.override(language):
        assert times.say_when(at(*start), at(*end), TORONTO).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/St_Johns", "1:30–2:30 pm NT for you"),
        ("America/Regina", "11:00 am–12:00 pm SK time for you"),
        ("America/Vancouver", "10:00–11:00 am BC time for you"),
        ("America/Edmonton", "11:00 am–12:00 pm AB time for you"),
        ("America/Toronto", ""),
    ],
)
def test_the_readers_time_in_december_2026_by_the_pinned_rules(zone, expected):
    start, end = datetime(2026, 12, 4, 17, tzinfo=UTC), datetime(2026, 12, 4, 18, tzinfo=UTC)
    said = times.say_readers_times(start, end, TORONTO, ZoneInfo(zone))
    assert said.replace("\u00a0", " ") == expected


def test_the_readers_day_is_said_where_it_is_another_one():
    start, end = at(2026, 12, 4, 23, 0), at(2026, 12, 4, 23, 45)
    said = times.say_readers_times(start, end, TORONTO, ZoneInfo("America/St_Johns"))
    assert said.replace("\u00a0", " ") == "Saturday, December 5, 12:30–1:15 am NT for you"


def test_an_alias_keeps_the_same_clock_as_the_zone_it_stands_for():
    for alias, name in ALIASES.items():
        for year in range(2026, 2031):
            for month in range(1, 13):
                moment = datetime(year, month, 15, 12, tzinfo=UTC)
                assert (
                    moment.astimezone(ZoneInfo(alias)).utcoffset() == moment.astimezone(ZoneInfo(name)).utcoffset()
                ), alias


def test_every_province_has_a_zone_that_the_portal_speaks_of():
    assert set(OF_PROVINCE.values()) <= ZONES.keys()


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "May 21, 2021, 7:00 pm ET"), ("fr", "21 mai 2021 à 19 h (HE)")]
)
def test_a_moment_is_said_as_people_say_it(language, expected):
    with translation.override(language):
        assert times.say_moment(at(2021, 5, 21, 19), TORONTO).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/Edmonton", "11:00 am AB time for you"),
        ("America/Toronto", ""),
        (None, ""),
    ],
)
def test_a_moment_is_also_said_on_the_readers_clock_where_it_differs(zone, expected):
    reader = ZoneInfo(zone) if zone else None
    said = times.say_readers_moment(datetime(2026, 12, 4, 17, tzinfo=UTC), TORONTO, reader)
    assert said.replace("\u00a0", " ") == expected


def test_the_readers_day_is_said_for_a_moment_too():
    said = times.say_readers_moment(at(2026, 12, 4, 23), TORONTO, ZoneInfo("America/St_Johns"))
    assert said.replace("\u00a0", " ") == "Saturday, December 5, 12:30 am NT for you"


def test_a_range_of_times_is_marked_so_that_it_never_breaks_after_the_dash():
    said = times.say_when(at(2021, 5, 21, 11, 30), at(2021, 5, 21, 12, 30), TORONTO)
    marked = '<span class="unbroken">11:30\u00a0am–12:30\u00a0pm</span>'
    assert times.unbroken(said) == f"Friday, May\u00a021, 2021, {marked} ET"
    assert times.unbroken("<b>") == "&lt;b&gt;"
    assert times.unbroken("") == ""
