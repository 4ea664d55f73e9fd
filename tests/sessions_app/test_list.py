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
    names = dict(Series.objects.values_list("slug", "title_en"))
    return [names[slug] for slug in re.findall(r'<h3><a href="[^"]+/([\w-]+)/"', response.content.decode())]


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


def test_the_past_list_takes_at_most_four_queries(client, now, django_assert_max_num_queries):
    for number in range(30):
        SessionFactory(now=now, days=-3 - number, hub=HubFactory())
    with django_assert_max_num_queries(4):
        response = client.get("/en/sessions/past/?page=2")
    assert b"30 series" in response.content


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
    assert "We couldn’t use part of the filter" in client.get("/en/sessions/" + query).content.decode()
    assert "Une partie du filtre n’a pas pu être utilisée" in client.get("/fr/seances/" + query).content.decode()


def test_what_a_reader_typed_is_never_markup(client, now):
    response = client.get("/en/sessions/?q=<script>alert(1)</script>&status=<b>")
    assert b"<script>alert" not in response.content
    assert b"<b>\xe2\x80\x9d" not in response.content


def test_an_empty_list_says_why_and_what_next(client):
    assert "There are no upcoming sessions" in client.get("/en/sessions/").content.decode()
    assert "No upcoming sessions match these filters" in client.get("/en/sessions/?status=open").content.decode()
    assert "Il n’y a pas encore de séance passée" in client.get("/fr/seances/passees/").content.decode()


def test_the_readers_own_time_stands_beside_where_it_differs(client, now):
    make(now, "Here", days=1)
    assert "Your time" not in client.get("/en/sessions/").content.decode()
    client.cookies["zone"] = "America/St_Johns"
    assert "11:30\u00a0am–12:30\u00a0pm</span> (NT)" in client.get("/en/sessions/").content.decode()
    client.cookies["zone"] = "America/Montreal"
    assert "Your time" not in client.get("/en/sessions/").content.decode()
    client.cookies["zone"] = "../etc/passwd"
    assert "Your time" not in client.get("/en/sessions/").content.decode()


def test_a_search_covers_the_speakers_in_both_languages_with_or_without_accents(client, now):
    spoken = make(now, "Spoken")
    SessionFactory(now=now, days=12, series=spoken, speakers_en="Dr. Élise Okemaw, physician", speakers_fr="Dre Okemaw")
    make(now, "Other")
    for words in ("okemaw", "Elise", "dre", "élise+physician"):
        assert titles(client, f"?q={words}") == ["Spoken"], words
    assert titles(client, "?q=okemaw+nobody") == []


def test_a_search_of_many_sessions_takes_no_more_queries(client, now, django_assert_max_num_queries):
    for number in range(30):
        SessionFactory(now=now, days=1 + number, speakers_en=f"Speaker {number}")
    with django_assert_max_num_queries(4):
        page = client.get("/en/sessions/?q=speaker&month=2026-12&status=open")
    assert page.context["page"].count == 23


def months(client, query="", language="en"):
    """The months that the select offers, and the one that is chosen."""
    page = client.get({"en": "/en/sessions/", "fr": "/fr/seances/"}[language] + query).content.decode()
    select = re.search(r'<select name="month".*?</select>', page, re.DOTALL)[0]
    offered = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)</option>', select)
    return {value: words for value, _, words in offered}, next((value for value, on, _ in offered if on), "")


def headings(page):
    return re.findall(r'<h2 class="month">\s*([^<]+?)\s*</h2>', page)


class TestMonthFilter:
    def test_it_offers_the_months_that_have_sessions_with_the_number_of_series_that_the_list_then_shows(
        self, client, now
    ):
        weekly = make(now, "Weekly", days=2)
        for days in (9, 16, 45):
            SessionFactory(now=now, days=days, series=weekly)
        make(now, "December", days=20)
        make(now, "Over", days=-3)
        running = make(now, "Running", days=-3)
        SessionFactory(now=now, days=40, series=running)
        SessionFactory(now=now, days=70, series=running, delivery="cancelled")
        make(now, "Cancelled", days=21, is_cancelled=True)
        make(now, "Draft", days=100, publication="draft")
        offered, chosen = months(client)
        assert offered == {
            "": "Any month",
            "2026-11": "November 2026 (1)",
            "2026-12": "December 2026 (3)",
            "2027-01": "January 2027 (2)",
        }
        assert chosen == ""
        for month, words in list(offered.items())[1:]:
            assert words.endswith(f"({len(titles(client, f'?month={month}'))})")

    def test_a_month_is_one_on_the_projects_clock(self, client, now):
        # January 1, 03:30 UTC, is still December in Toronto
        SessionFactory(now=now.replace(hour=3, minute=30), days=39)
        assert list(months(client)[0]) == ["", "2026-12"]
        assert len(titles(client, "?month=2026-12")) == 1

    def test_the_months_are_named_in_french(self, client, now):
        make(now, "December", days=20)
        assert months(client, language="fr")[0] == {"": "Tous les mois", "2026-12": "Décembre 2026 (1)"}

    def test_a_month_without_sessions_is_shown_as_chosen_all_the_same(self, client, now):
        make(now, "December", days=20)
        offered, chosen = months(client, "?month=2031-03")
        assert (chosen, offered["2031-03"]) == ("2031-03", "March 2031 (0)")
        assert "No upcoming sessions match" in client.get("/en/sessions/?month=2031-03").content.decode()
        assert months(client, "?month=2026-12")[1] == "2026-12"

    def test_a_session_that_ends_takes_its_month_away_within_a_minute(self, client, now):
        make(now, "Soon", days=1)
        running = make(now, "Running", days=1)
        SessionFactory(now=now, days=40, series=running)
        assert list(months(client)[0]) == ["", "2026-11", "2027-01"]
        with time_machine.travel(now + timedelta(days=1, hours=2), tick=False):
            assert list(months(client)[0]) == ["", "2027-01"]
            assert titles(client, "?month=2026-11") == []

    def test_each_month_of_the_past_stands_there_once_though_a_long_series_ended_after_a_later_one(self, client, now):
        long = make(now, "Long", days=-70)
        SessionFactory(now=now, days=-5, series=long)
        make(now, "Short", days=-40)
        make(now, "Other", days=-71)
        page = client.get("/en/sessions/past/").content.decode()
        assert headings(page) == ["October 2026", "September 2026"]

    def test_a_series_stands_under_the_month_that_is_asked_for_by_its_session_in_that_month(self, client, now):
        long = make(now, "Long", days=2)
        for days in (50, 57, 80):
            SessionFactory(now=now, days=days, series=long)
        make(now, "Short", days=52)
        page = client.get("/en/sessions/?month=2027-01").content.decode()
        assert headings(page) == ["January 2027"]
        assert re.findall(r"<b>(\d+)</b>", page) == ["12", "14"]
        assert "also January\u00a019\u00a0· February\u00a011" in page
        assert titles(client, "?month=2027-01") == ["Long", "Short"]
        assert titles(client, "?month=2027-02") == ["Long"]
        assert headings(client.get("/en/sessions/").content.decode()) == ["November 2026", "January 2027"]

    def test_the_same_holds_for_a_month_of_the_past(self, client, now):
        long = make(now, "Long", days=-70)
        SessionFactory(now=now, days=-35, series=long)
        make(now, "Short", days=-40)
        page = client.get("/en/sessions/past/?month=2026-10").content.decode()
        assert headings(page) == ["October 2026"]
        assert page.index(">Long<") < page.index(">Short<")

    def test_a_past_list_can_still_be_narrowed_to_a_month(self, client, now):
        make(now, "October", days=-40)
        make(now, "September", days=-70)
        page = client.get("/en/sessions/past/?month=2026-10").content.decode()
        assert "October" in page
        assert ">September<" not in page
