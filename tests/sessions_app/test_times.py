"""Dates and times in both languages, in time zones with and without daylight saving time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from accounts.zones import ALIASES, PROVINCE_ZONES, ZONES
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
def test_session_times_include_the_time_zone(language, start, end, expected):
    with translation.override(language):
        assert times.format_when(at(*start), at(*end), TORONTO).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/St_Johns", "Your time: 1:30–2:30 pm (NT)"),
        ("America/Regina", "Your time: 11:00 am–12:00 pm (Saskatchewan time)"),
        ("America/Vancouver", "Your time: 10:00–11:00 am (B.C. time)"),
        ("America/Edmonton", "Your time: 11:00 am–12:00 pm (Alberta time)"),
        ("America/Toronto", ""),
    ],
)
def test_times_in_the_readers_time_zone_use_the_pinned_rules(zone, expected):
    start, end = datetime(2026, 12, 4, 17, tzinfo=UTC), datetime(2026, 12, 4, 18, tzinfo=UTC)
    text = times.readers_times_text(start, end, TORONTO, ZoneInfo(zone))
    assert text.replace("\u00a0", " ") == expected


def test_the_readers_day_is_shown_if_it_differs():
    start, end = at(2026, 12, 4, 23, 0), at(2026, 12, 4, 23, 45)
    text = times.readers_times_text(start, end, TORONTO, ZoneInfo("America/St_Johns"))
    assert text.replace("\u00a0", " ") == "Your time: Saturday, December 5, 12:30–1:15 am (NT)"


def test_an_alias_has_the_same_offset_as_its_time_zone():
    for alias, name in ALIASES.items():
        for year in range(2026, 2031):
            for month in range(1, 13):
                moment = datetime(year, month, 15, 12, tzinfo=UTC)
                assert (
                    moment.astimezone(ZoneInfo(alias)).utcoffset() == moment.astimezone(ZoneInfo(name)).utcoffset()
                ), alias


def test_every_province_has_a_known_time_zone():
    assert set(PROVINCE_ZONES.values()) <= ZONES.keys()


@pytest.mark.parametrize(
    ("now", "english", "french"),
    [
        ((2026, 12, 2, 10), "Tomorrow", "Demain"),
        ((2026, 12, 2, 21, 30), "Tomorrow", "Demain"),
        ((2026, 12, 3, 9), "In one hour", "Dans une heure"),
        ((2026, 12, 3, 9, 0, 30), "In one hour", "Dans une heure"),
        ((2026, 12, 3, 9, 40), "Starting soon", "Bientôt"),
        ((2026, 12, 3, 8), "In 2 hours", "Dans 2 heures"),
        ((2026, 11, 30, 10), "In 3 days", "Dans 3 jours"),
        ((2026, 12, 1, 22), "In 2 days", "Dans 2 jours"),
    ],
)
def test_the_time_until_a_session_is_in_words(now, english, french):
    start = at(2026, 12, 3, 10)
    assert times.format_until(start, at(*now), TORONTO) == english
    with translation.override("fr"):
        assert times.format_until(start, at(*now), TORONTO) == french


def test_today_and_tomorrow_are_in_the_time_zone_of_the_series():
    start, now = at(2026, 12, 3, 19), at(2026, 12, 3, 1)
    assert times.format_until(start, now, TORONTO) == "Today"
    assert times.format_until(start, now, ZoneInfo("America/Vancouver")) == "Tomorrow"


@pytest.mark.parametrize(
    ("hours", "english", "french"),
    [
        ([24, 1], "a day and an hour", "un jour et une heure"),
        ([2, 72, 24], "3 days, a day and 2 hours", "3 jours, un jour et 2 heures"),
        ([36], "36 hours", "36 heures"),
        ([1, 1], "an hour", "une heure"),
        ([], "", ""),
    ],
)
def test_reminder_times_are_in_words(hours, english, french):
    assert times.format_reminders(hours) == english
    with translation.override("fr"):
        assert times.format_reminders(hours) == french


def test_a_moment_in_the_readers_time_zone_has_the_day_if_it_differs():
    moment = at(2026, 12, 10, 18, 45)
    text = times.readers_moment_text(moment, TORONTO, ZoneInfo("America/Edmonton"))
    assert text.replace("\u00a0", " ") == "Your time: 5:45 pm (Alberta time)"
    late = at(2026, 12, 10, 23, 45)
    text = times.readers_moment_text(late, TORONTO, ZoneInfo("America/St_Johns"))
    assert text.replace("\u00a0", " ") == "Your time: Friday, December 11, 1:15 am (NT)"
    assert times.readers_moment_text(moment, TORONTO, TORONTO) == ""
    assert times.readers_moment_text(moment, TORONTO, None) == ""


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "May 21, 2021, 7:00 pm ET"), ("fr", "21 mai 2021 à 19 h (HE)")]
)
def test_a_moment_is_formatted_in_both_languages(language, expected):
    with translation.override(language):
        assert times.format_moment(at(2021, 5, 21, 19), TORONTO).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/Edmonton", "Your time: 11:00 am (Alberta time)"),
        ("America/Toronto", ""),
        (None, ""),
    ],
)
def test_a_moment_is_shown_in_the_readers_time_zone_if_it_differs(zone, expected):
    reader = ZoneInfo(zone) if zone else None
    text = times.readers_moment_text(datetime(2026, 12, 4, 17, tzinfo=UTC), TORONTO, reader)
    assert text.replace("\u00a0", " ") == expected


def test_the_readers_day_is_shown_for_a_moment_too():
    text = times.readers_moment_text(at(2026, 12, 4, 23), TORONTO, ZoneInfo("America/St_Johns"))
    assert text.replace("\u00a0", " ") == "Your time: Saturday, December 5, 12:30 am (NT)"


def test_a_time_range_is_marked_so_that_it_does_not_wrap():
    text = times.format_when(at(2021, 5, 21, 11, 30), at(2021, 5, 21, 12, 30), TORONTO)
    marked = '<span class="unbroken">11:30\u00a0am–12:30\u00a0pm</span>'
    assert times.unbroken(text) == f"Friday, May\u00a021, 2021, {marked} ET"
    assert times.unbroken("<b>") == "&lt;b&gt;"
    assert times.unbroken("") == ""
