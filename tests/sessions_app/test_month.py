"""The month view: each session with its status, in its own time zone and in the reader's."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from sessions_app.models import Session
from tests.factories import SeriesFactory, SessionFactory

pytestmark = pytest.mark.django_db
ADDRESS = {"en": "/en/sessions/month/?month=", "fr": "/fr/seances/mois/?month="}


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


def days(client, month, language="en"):
    """Return {date: text} for each day of the month that has a session."""
    page = client.get(ADDRESS[language] + month).content.decode().replace("\u00a0", " ")
    cells = re.findall(r"<td class=\"[^\"]*\">.*?</td>", page, re.DOTALL)
    texts = {
        re.search(r'datetime="([^"]*)"', cell)[1]: re.sub(r"<[^>]+>", " ", cell) for cell in cells if "<ul>" in cell
    }
    return {day: " ".join(text.split()) for day, text in texts.items()}


def test_each_session_has_its_status_in_words_and_a_shape(client, now):
    opened = now - timedelta(days=9)
    SessionFactory(now=now, days=8, title_en="A", registration_opens_at=opened)
    SessionFactory(now=now, days=9, capacity=0, registration_opens_at=opened)
    SessionFactory(now=now, days=10, registration_opens_at=None)
    SessionFactory(now=now, days=11, capacity=3, registration_opens_at=opened)
    texts = days(client, "2026-12")
    words = ["Open", "Full: waitlist", "Opening soon", "Open: 3 seats left"]
    assert [text.endswith(word) for text, word in zip(texts.values(), words, strict=True)] == [True] * 4
    assert client.get(ADDRESS["en"] + "2026-12").content.count(b'<svg class="icon"') == 4


def test_a_past_session_of_a_current_series_is_marked_as_past(client, now):
    series = SessionFactory(now=now, days=-3).series
    SessionFactory(now=now, days=3, series=series)
    texts = days(client, "2026-11")
    assert texts["2026-11-20"].endswith("Past session")
    assert texts["2026-11-26"].endswith("Registration closed")


@pytest.mark.parametrize(("language", "words"), [("en", "Thursday, November 26"), ("fr", "jeudi 26 novembre")])
def test_days_have_full_names(client, now, language, words):
    SessionFactory(now=now, days=3)
    assert days(client, "2026-11", language)["2026-11-26"].startswith(words)


def test_times_are_in_the_time_zone_of_the_series_and_of_the_reader(client, now):
    series = SeriesFactory(time_zone="America/Vancouver")
    start = datetime(2026, 12, 11, 5, 0, tzinfo=UTC)  # 10 pm on December 10 in Vancouver, midnight in Toronto
    Session.objects.create(series=series, starts_at=start, ends_at=start + timedelta(hours=1))
    texts = days(client, "2026-12")
    assert list(texts) == ["2026-12-10"]
    assert "10:00–11:00 pm B.C. time" in texts["2026-12-10"]
    assert "Your time" not in texts["2026-12-10"]
    client.cookies["zone"] = "America/Toronto"
    assert "Your time: Friday, December 11, 12:00–1:00 am (ET)" in days(client, "2026-12")["2026-12-10"]


def test_a_reader_in_another_time_zone_takes_no_more_queries(client, now, django_assert_num_queries):
    for day in range(5):
        SessionFactory(now=now, days=8 + day)
    client.cookies["zone"] = "America/Edmonton"
    with django_assert_num_queries(1):
        client.get(ADDRESS["en"] + "2026-12")
