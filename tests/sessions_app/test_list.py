"""The lists of upcoming and past sessions: filters, order, empty states and number of queries."""

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


def create_series(now, title, days=10, **fields):
    series = SeriesFactory(**({"title_en": title, "registration_opens_at": now - timedelta(days=9)} | fields))
    return SessionFactory(now=now, days=days, series=series).series


def test_a_list_of_40_series_takes_at_most_four_queries(client, now, django_assert_max_num_queries):
    hubs = [HubFactory() for _ in range(5)]
    for number in range(40):
        series = create_series(now, f"Series {number}", days=1 + number, hub=hubs[number % 5])
        SessionFactory(now=now, days=2 + number, series=series)
    with django_assert_max_num_queries(4):
        response = client.get("/en/sessions/")
    assert b"40 series" in response.content


def test_the_past_list_takes_at_most_four_queries(client, now, django_assert_max_num_queries):
    for number in range(30):
        SessionFactory(now=now, days=-3 - number, hub=HubFactory())
    with django_assert_max_num_queries(4):
        response = client.get("/en/sessions/past/?page=2")
    assert b"30 series" in response.content


def test_the_next_page_keeps_the_filter(client, now):
    for number in range(30):
        create_series(now, f"Pain {number:02}", days=1 + number)
    assert titles(client, "?q=pain")[0] == "Pain 00"
    page = client.get("/en/sessions/?q=pain")
    assert b'href="?q=pain&amp;page=2"' in page.content
    assert titles(client, "?q=pain&page=2")[-1] == "Pain 29"
    assert titles(client, "?q=pain&page=nonsense")[0] == "Pain 00"


def test_series_are_ordered_by_next_session_and_undated_ones_are_last(client, now):
    create_series(now, "Later", days=20)
    create_series(now, "Soon", days=2)
    running = create_series(now, "Running", days=-5)
    SessionFactory(now=now, days=10, series=running)
    SeriesFactory(title_en="Undated")
    create_series(now, "Over", days=-20)
    assert titles(client) == ["Soon", "Running", "Later", "Undated"]


def test_only_published_series_are_listed(client, now):
    for publication in ("draft", "submitted", "archived"):
        create_series(now, publication, publication=publication)
    create_series(now, "Public")
    assert titles(client) == ["Public"]


def test_a_cancelled_series_is_listed_until_its_dates_have_passed(client, now):
    create_series(now, "Cancelled", is_cancelled=True)
    create_series(now, "Long ago", days=-9, is_cancelled=True)
    assert titles(client) == ["Cancelled"]


def test_each_filter_finds_the_matching_series(client, now):
    north, east = HubFactory(slug="north", provinces=["ON"]), HubFactory(slug="east", provinces=["NS"])
    create_series(now, "Nurses", hub=north, audience=["registered-nurse"], summary_en="About pain at home")
    create_series(now, "Everyone", hub=east, language="fr", title_fr="Détresse respiratoire")
    create_series(now, "National", days=40, capacity=0, language="both")
    create_series(now, "Physicians", hub=north, audience=["physician"], registration_opens_at=None)
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
def test_an_invalid_filter_is_ignored_with_a_message(client, now, query):
    create_series(now, "Here")
    assert titles(client, query) == ["Here"]
    assert "We couldn’t use part of the filter" in client.get("/en/sessions/" + query).content.decode()
    assert "Une partie du filtre n’a pas pu être utilisée" in client.get("/fr/seances/" + query).content.decode()


def test_filter_values_are_escaped(client, now):
    response = client.get("/en/sessions/?q=<script>alert(1)</script>&status=<b>")
    assert b"<script>alert" not in response.content
    assert b"<b>\xe2\x80\x9d" not in response.content


def test_an_empty_list_explains_why_it_is_empty(client):
    assert "There are no upcoming sessions" in client.get("/en/sessions/").content.decode()
    assert "No upcoming sessions match these filters" in client.get("/en/sessions/?status=open").content.decode()
    assert "Il n’y a pas encore de séance passée" in client.get("/fr/seances/passees/").content.decode()


def test_times_are_also_in_the_readers_time_zone_if_it_differs(client, now):
    create_series(now, "Here", days=1)
    assert "Your time" not in client.get("/en/sessions/").content.decode()
    client.cookies["zone"] = "America/St_Johns"
    assert "11:30\u00a0am–12:30\u00a0pm</span> (NT)" in client.get("/en/sessions/").content.decode()
    client.cookies["zone"] = "America/Montreal"
    assert "Your time" not in client.get("/en/sessions/").content.decode()
    client.cookies["zone"] = "../etc/passwd"
    assert "Your time" not in client.get("/en/sessions/").content.decode()


def test_a_search_covers_the_speakers_in_both_languages_with_or_without_accents(client, now):
    spoken = create_series(now, "Spoken")
    SessionFactory(now=now, days=12, series=spoken, speakers_en="Dr. Élise Okemaw, physician", speakers_fr="Dre Okemaw")
    create_series(now, "Other")
    for words in ("okemaw", "Elise", "dre", "élise+physician"):
        assert titles(client, f"?q={words}") == ["Spoken"], words
    assert titles(client, "?q=okemaw+nobody") == []


def test_a_search_takes_at_most_four_queries(client, now, django_assert_max_num_queries):
    for number in range(30):
        SessionFactory(now=now, days=1 + number, speakers_en=f"Speaker {number}")
    with django_assert_max_num_queries(4):
        page = client.get("/en/sessions/?q=speaker&month=2026-12&status=open")
    assert page.context["page"].count == 23


def months(client, query="", language="en"):
    """Return the options of the month filter as {value: label}, and the selected value."""
    page = client.get({"en": "/en/sessions/", "fr": "/fr/seances/"}[language] + query).content.decode()
    select = re.search(r'<select name="month".*?</select>', page, re.DOTALL)[0]
    options = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)</option>', select)
    return {value: label for value, _, label in options}, next((value for value, on, _ in options if on), "")


def headings(page):
    return re.findall(r'<h2 class="month">\s*([^<]+?)\s*</h2>', page)


class TestMonthFilter:
    def test_the_options_are_months_with_sessions_and_their_number_of_series(self, client, now):
        weekly = create_series(now, "Weekly", days=2)
        for days in (9, 16, 45):
            SessionFactory(now=now, days=days, series=weekly)
        create_series(now, "December", days=20)
        create_series(now, "Over", days=-3)
        running = create_series(now, "Running", days=-3)
        SessionFactory(now=now, days=40, series=running)
        SessionFactory(now=now, days=70, series=running, delivery="cancelled")
        create_series(now, "Cancelled", days=21, is_cancelled=True)
        create_series(now, "Draft", days=100, publication="draft")
        options, selected = months(client)
        assert options == {
            "": "Any month",
            "2026-11": "November 2026 (1)",
            "2026-12": "December 2026 (3)",
            "2027-01": "January 2027 (2)",
        }
        assert selected == ""
        for month, label in list(options.items())[1:]:
            assert label.endswith(f"({len(titles(client, f'?month={month}'))})")

    def test_months_are_in_the_time_zone_of_the_project(self, client, now):
        # January 1, 03:30 UTC, is still December in Toronto
        SessionFactory(now=now.replace(hour=3, minute=30), days=39)
        assert list(months(client)[0]) == ["", "2026-12"]
        assert len(titles(client, "?month=2026-12")) == 1

    def test_months_have_french_names(self, client, now):
        create_series(now, "December", days=20)
        assert months(client, language="fr")[0] == {"": "Tous les mois", "2026-12": "Décembre 2026 (1)"}

    def test_a_requested_month_without_sessions_is_an_option_too(self, client, now):
        create_series(now, "December", days=20)
        options, selected = months(client, "?month=2031-03")
        assert (selected, options["2031-03"]) == ("2031-03", "March 2031 (0)")
        assert "No upcoming sessions match" in client.get("/en/sessions/?month=2031-03").content.decode()
        assert months(client, "?month=2026-12")[1] == "2026-12"

    def test_a_month_is_no_option_once_its_last_session_has_ended(self, client, now):
        create_series(now, "Soon", days=1)
        running = create_series(now, "Running", days=1)
        SessionFactory(now=now, days=40, series=running)
        assert list(months(client)[0]) == ["", "2026-11", "2027-01"]
        with time_machine.travel(now + timedelta(days=1, hours=2), tick=False):
            assert list(months(client)[0]) == ["", "2027-01"]
            assert titles(client, "?month=2026-11") == []

    def test_each_past_month_has_one_heading(self, client, now):
        long_series = create_series(now, "Long", days=-70)
        SessionFactory(now=now, days=-5, series=long_series)
        create_series(now, "Short", days=-40)
        create_series(now, "Other", days=-71)
        page = client.get("/en/sessions/past/").content.decode()
        assert headings(page) == ["October 2026", "September 2026"]

    def test_a_filtered_list_shows_the_sessions_of_the_requested_month(self, client, now):
        long_series = create_series(now, "Long", days=2)
        for days in (50, 57, 80):
            SessionFactory(now=now, days=days, series=long_series)
        create_series(now, "Short", days=52)
        page = client.get("/en/sessions/?month=2027-01").content.decode()
        assert headings(page) == ["January 2027"]
        assert re.findall(r"<b>(\d+)</b>", page) == ["12", "14"]
        assert "also January\u00a019\u00a0· February\u00a011" in page
        assert titles(client, "?month=2027-01") == ["Long", "Short"]
        assert titles(client, "?month=2027-02") == ["Long"]
        assert headings(client.get("/en/sessions/").content.decode()) == ["November 2026", "January 2027"]

    def test_a_filtered_past_list_shows_the_sessions_of_the_requested_month(self, client, now):
        long_series = create_series(now, "Long", days=-70)
        SessionFactory(now=now, days=-35, series=long_series)
        create_series(now, "Short", days=-40)
        page = client.get("/en/sessions/past/?month=2026-10").content.decode()
        assert headings(page) == ["October 2026"]
        assert page.index(">Long<") < page.index(">Short<")

    def test_the_past_list_can_be_filtered_by_month(self, client, now):
        create_series(now, "October", days=-40)
        create_series(now, "September", days=-70)
        page = client.get("/en/sessions/past/?month=2026-10").content.decode()
        assert "October" in page
        assert ">September<" not in page
