"""The list of upcoming sessions: its filters, its order, its empty states, its cost."""

import re
from datetime import timedelta

import pytest
import time_machine

from sessions_app.models import Series
from tests.factories import HubFactory, SeriesFactory, SessionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


def titles(client, query="", language="en"):
    response = client.get({"en": "/en/sessions/", "fr": "/fr/seances/"}[language] + query)
    assert response.status_code == 200
    items = (item.html for item in response.context["agenda"].items)
    names = dict(Series.objects.values_list("slug", "title_en"))
    return [names[re.search(r'href="[^"]+/([\w-]+)/"', html)[1]] for html in items]


def make(now, title, days=10, **fields):
    series = SeriesFactory(**({"title_en": title, "registration_opens_at": now - timedelta(days=9)} | fields))
    return SessionFactory(now=now, days=days, series=series).series


def test_two_hundred_upcoming_series_take_at_most_four_queries(client, now, django_assert_max_num_queries):
    hubs = [HubFactory() for _ in range(5)]
    for number in range(200):
        series = make(now, f"Series {number}", days=1 + number, hub=hubs[number % 5])
        SessionFactory(now=now, days=2 + number, series=series)
    with django_assert_max_num_queries(4):
        response = client.get("/en/sessions/")
    assert b"200 series" in response.content


def test_further_pages_keep_the_filter(client, now):
    for number in range(30):
        make(now, f"Pain {number:02}", days=1 + number)
    assert titles(client, "?q=pain")[0] == "Pain 00"
    page = client.get("/en/sessions/?q=pain")
    assert b'href="?q=pain&amp;page=2"' in page.content
    assert titles(client, "?q=pain&page=2")[-1] == "Pain 29"
    assert titles(client, "?q=pain&page=nonsense")[0] == "Pain 00"


def test_the_next_session_leads_and_what_has_no_date_comes_last(client, now):
    make(now, "Later", days=20)
    make(now, "Soon", days=2)
    running = make(now, "Running", days=-5)
    SessionFactory(now=now, days=10, series=running)
    SeriesFactory(title_en="Undated")
    make(now, "Over", days=-20)
    assert titles(client) == ["Soon", "Running", "Later", "Undated"]


def test_only_published_series_are_listed(client, now):
    for publication in ("draft", "submitted", "archived"):
        make(now, publication, publication=publication)
    make(now, "Public")
    assert titles(client) == ["Public"]


def test_a_cancelled_series_stays_in_the_list_until_its_dates_are_over(client, now):
    make(now, "Cancelled", is_cancelled=True)
    make(now, "Long ago", days=-9, is_cancelled=True)
    assert titles(client) == ["Cancelled"]


def test_each_filter_narrows(client, now):
    north, east = HubFactory(slug="north", provinces=["ON"]), HubFactory(slug="east", provinces=["NS"])
    make(now, "Nurses", hub=north, audience=["registered-nurse"], summary_en="About pain at home")
    make(now, "Everyone", hub=east, language="fr", title_fr="Détresse respiratoire")
    make(now, "National", days=40, capacity=0, language="both")
    make(now, "Physicians", hub=north, audience=["physician"], registration_opens_at=None)
    assert titles(client, "?q=pain") == ["Nurses"]
    assert titles(client, "?q=detresse") == ["Everyone"]
    assert titles(client, "?status=waitlist") == ["National"]
    assert titles(client, "?status=open&status=opening-soon") == ["Nurses", "Everyone", "Physicians"]
    assert titles(client, "?profession=registered-nurse") == ["Nurses", "Everyone", "National"]
    assert titles(client, "?province=NS") == ["Everyone", "National"]
    assert titles(client, "?hub=north&hub=national") == ["Nurses", "Physicians", "National"]
    assert titles(client, "?language=fr") == ["Everyone", "National"]
    assert titles(client, "?month=2027-01") == ["National"]
    assert titles(client, "?hub=north&status=open", "fr") == ["Nurses"]


@pytest.mark.parametrize(
    "query",
    [
        "?status=maybe",
        "?hub=nowhere",
        "?month=2027-13",
        "?month=x",
        "?profession=%00",
        "?province=ZZ",
        "?q=" + "x" * 200,
    ],
)
def test_a_filter_that_makes_no_sense_is_named_and_left_out(client, now, query):
    make(now, "Here")
    assert titles(client, query) == ["Here"]
    assert "Part of the filter was left out" in client.get("/en/sessions/" + query).content.decode()
    assert "Une partie du filtre a été laissée de côté" in client.get("/fr/seances/" + query).content.decode()


def test_what_a_reader_typed_is_never_markup(client, now):
    response = client.get("/en/sessions/?q=<script>alert(1)</script>&status=<b>")
    assert b"<script>alert" not in response.content
    assert b"<b>\xe2\x80\x9d" not in response.content


def test_an_empty_list_says_why_and_what_next(client):
    assert "No session is planned just now" in client.get("/en/sessions/").content.decode()
    assert "No upcoming session fits these filters" in client.get("/en/sessions/?status=open").content.decode()
    assert "Rien n’a encore eu lieu" in client.get("/fr/seances/passees/").content.decode()


def test_the_readers_own_time_stands_beside_where_it_differs(client, now):
    make(now, "Here", days=1)
    assert "for you" not in client.get("/en/sessions/").content.decode()
    client.cookies["zone"] = "America/St_Johns"
    assert "11:30\u00a0am–12:30\u00a0pm NT for you" in client.get("/en/sessions/").content.decode()
    client.cookies["zone"] = "America/Montreal"
    assert "for you" not in client.get("/en/sessions/").content.decode()
    client.cookies["zone"] = "../etc/passwd"
    assert "for you" not in client.get("/en/sessions/").content.decode()
