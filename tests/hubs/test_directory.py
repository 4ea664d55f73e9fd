"""The list of hubs: filters, the map of Canada and its table, counts of sessions, pages and number of queries."""

import re

import pytest
import time_machine

from hubs.services import logos
from tests.factories import HubFactory, SeriesFactory, SessionFactory
from tests.hubs.logo_files import picture, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


def names(client, query=""):
    return re.findall(r'<h3>\s*<a href="[^"]+">([^<]+)</a>', client.get(f"/en/hubs/{query}").content.decode())


def tiles(page):
    """Return the words of each tile, by its two letters."""
    words = [
        " ".join(text.split())
        for text in re.findall(r'<span class="visually-hidden">(.*?)</span>\s*</a>', page, re.DOTALL)
    ]
    return {text[:2]: text for text in words}


def test_the_list_shows_every_listed_hub_with_its_logo_and_sessions(client, now):
    hub = HubFactory(name_en="Northern hub", provinces=["ON", "MB"], summary_en="Who we are.", region_en="The north")
    logos.save_logo(hub, logos.redraw(upload(picture())), alt_en="A pine", alt_fr="Un pin", now=now)
    HubFactory(name_en="Hidden hub", is_listed=False)
    for days in (1, 8):
        SessionFactory(now=now, days=days, hub=hub)
    page = client.get("/en/hubs/").content.decode()
    for text in ("Northern hub", "Manitoba, Ontario", "The north", "2 upcoming sessions", hub.logo.get_absolute_url()):
        assert text in page
    assert "Hidden hub" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Hôpital régional", "Lakes hub", "Prairies hub"]),
        ("?province=SK", ["Prairies hub"]),
        ("?province=YT", []),
        ("?q=hopital", ["Hôpital régional"]),
        ("?q=HUB+lakes", ["Lakes hub"]),
        ("?q=timmins", ["Lakes hub"]),
        ("?q=Grands", ["Lakes hub"]),
        ("?q=deuil", ["Prairies hub"]),
        ("?q=hub&province=ON", ["Lakes hub"]),
        ("?province=XX&q=lakes", ["Lakes hub"]),
        ("?q=hidden", []),
    ],
)
def test_the_list_can_be_filtered_by_province_and_text(client, query, found):
    HubFactory(name_en="Lakes hub", name_fr="Pôle des Grands Lacs", provinces=["ON"], region_en="Timmins")
    HubFactory(name_en="Prairies hub", provinces=["AB", "SK"], description_fr="Le deuil")
    HubFactory(name_en="Hôpital régional", provinces=["QC"])
    HubFactory(name_en="Hidden hub", provinces=["SK"], is_listed=False)
    assert names(client, query) == found


def test_an_unknown_province_is_reported_and_an_empty_result_leads_on(client):
    HubFactory(provinces=["ON"])
    assert "“XX” is not one of the choices." in client.get("/en/hubs/?province=XX").content.decode()
    page = client.get("/en/hubs/?province=YT").content.decode()
    assert "No hubs match these filters yet." in page
    assert 'href="/en/sessions/"' in page


def test_the_map_counts_hubs_and_sessions_of_each_province(client, now):
    east = HubFactory(provinces=["NB", "NS", "ON"])
    HubFactory(provinces=["ON"])
    hidden = HubFactory(provinces=["NS"], is_listed=False)
    series = SessionFactory(now=now, days=3, hub=east).series
    SessionFactory(now=now, days=10, series=series)
    SessionFactory(now=now, days=-3, series=series)
    SessionFactory(now=now, days=5, series=series, delivery="cancelled")
    for fields in ({"publication": "draft"}, {"is_unlisted": True}, {"is_cancelled": True}, {"is_concluded": True}):
        SessionFactory(now=now, days=4, hub=east, **fields)
    SessionFactory(now=now, days=4, hub=hidden)
    SessionFactory(now=now, days=4)
    page = client.get("/en/hubs/?province=NS").content.decode()
    shown = tiles(page)
    assert len(shown) == 13
    assert shown["NS"] == "NS, Nova Scotia: 1 hub, 2 upcoming sessions"
    assert shown["ON"] == "ON, Ontario: 2 hubs, 2 upcoming sessions"
    assert shown["YT"] == "YT, Yukon: 0 hubs, 0 upcoming sessions"
    assert "National programming is for every province and territory: 1 upcoming session." in page
    assert re.search(r'href="/en/hubs/\?province=NS#results"\s+aria-current="true"', page)


def test_the_table_has_the_same_facts(client, now):
    SessionFactory(now=now, days=3, hub=HubFactory(provinces=["QC"]))
    page = client.get("/fr/poles/").content.decode()
    table = page[page.index("<table") : page.index("</table>")]
    rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)[1:]
    facts = [re.sub(r"<[^>]+>", " ", row).split() for row in rows]
    assert len(facts) == 13
    assert ["Québec", "1", "1"] in facts
    assert ["Ontario", "0", "0"] in facts


def test_many_hubs_take_four_queries_and_are_on_pages(client, now, django_assert_num_queries):
    hubs = [HubFactory(name_en=f"Hub {n:03}", provinces=["ON", "QC"]) for n in range(60)]
    logo = logos.redraw(upload(picture()))
    for hub in hubs[:30]:
        logos.save_logo(hub, logo, alt_en="A pine", alt_fr="Un pin", now=now)
        SessionFactory(now=now, hub=hub)
    with django_assert_num_queries(4):
        page = client.get("/en/hubs/?q=hub&province=ON").content.decode()
    assert "60 hubs" in page
    assert len(names(client, "?q=hub")) == 24
    assert 'href="?q=hub&amp;province=ON&amp;page=2"' in page
    assert names(client, "?page=3")[-1] == "Hub 059"
    assert len(names(client, "?page=99")) == 12
    assert len(names(client, "?page=x")) == 24


@pytest.mark.django_db(transaction=True)
def test_a_change_of_a_hub_or_session_shows_at_once(client, now):
    hub = HubFactory(provinces=["ON"])
    assert "ON, Ontario: 1 hub, 0 upcoming sessions" in tiles(client.get("/en/hubs/").content.decode())["ON"]
    SessionFactory(now=now, series=SeriesFactory(hub=hub))
    assert tiles(client.get("/en/hubs/").content.decode())["ON"].endswith("1 upcoming session")
    hub.is_listed = False
    hub.save()
    assert tiles(client.get("/en/hubs/").content.decode())["ON"].endswith("0 hubs, 0 upcoming sessions")
