"""The register page lists the dates of the series, including postponed sessions."""

import re

import pytest
import time_machine

from tests.factories import SessionFactory

pytestmark = pytest.mark.django_db


def dates(client, series):
    page = client.get(f"/en/registration/{series.slug}/").content.decode().replace("\u00a0", " ")
    panel = re.search(r'<ul class="dates">(.*?)</ul>', page, re.DOTALL)[1]
    texts = (re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<li.*?</li>", panel, re.DOTALL))
    return [" ".join(text.split()) for text in texts]


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


def test_a_postponed_session_is_shown_as_postponed_and_a_cancelled_one_is_left_out(client, now):
    series = SessionFactory(now=now, days=3).series
    SessionFactory(now=now, days=10, series=series, delivery="postponed")
    SessionFactory(now=now, days=17, series=series, delivery="cancelled")
    assert dates(client, series) == [
        "Thursday, November 26, 2026, 10:00–11:00 am ET",
        "Postponed, new date to come Original date: Thursday, December 3, 2026, 10:00–11:00 am ET",
    ]


def test_a_series_with_only_a_postponed_session_shows_it(client, now):
    series = SessionFactory(now=now, days=3, delivery="postponed").series
    assert dates(client, series) == [
        "Postponed, new date to come Original date: Thursday, November 26, 2026, 10:00–11:00 am ET"
    ]


def test_the_readers_own_time_is_shown_only_for_sessions_that_take_place(client, now):
    series = SessionFactory(now=now, days=3).series
    SessionFactory(now=now, days=10, series=series, delivery="postponed")
    client.cookies["zone"] = "America/Vancouver"
    planned, postponed = dates(client, series)
    assert "8:00–9:00 am (B.C. time)" in planned
    assert postponed.endswith("10:00–11:00 am ET")
