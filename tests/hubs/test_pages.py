"""The public page of a hub, and the empty list."""

import pytest
import time_machine

from tests.factories import HubFactory, SeriesFactory, SessionFactory

pytestmark = pytest.mark.django_db


def test_an_empty_list_invites_hub_partners(client):
    page = client.get("/fr/poles/").content.decode()
    assert "Les premiers pôles partenaires se joignent à nous" in page
    assert "Devenir pôle partenaire" in page


def test_a_hub_page_lists_upcoming_sessions_and_links_to_all_and_past_ones(client, now, django_assert_num_queries):
    hub = HubFactory(slug="north", name_fr="", website="https://www.north.example.ca/team")
    with time_machine.travel(now, tick=False):
        for days, title, fields in (
            (9, "Demain", {"hub": hub}),
            (8, "Aujourd’hui", {"hub": hub}),
            (-8, "Hier", {"hub": hub}),
            (8, "Brouillon", {"hub": hub, "publication": "draft"}),
            (8, "Secret", {"hub": hub, "is_unlisted": True}),
            (-8, "Passée et secrète", {"hub": hub, "is_unlisted": True}),
            (8, "Ailleurs", {}),
        ):
            SessionFactory(now=now, days=days, series=SeriesFactory(title_fr=title, **fields))
        with django_assert_num_queries(4):
            page = client.get("/fr/poles/north/").content.decode()
    assert page.index("Aujourd’hui") < page.index("Demain") < page.index("Séances passées") < page.index("Hier")
    for title in ("Brouillon", "Secret", "secrète", "Ailleurs"):
        assert title not in page
    assert 'href="/fr/seances/?hub=north"' in page
    assert 'href="/fr/seances/passees/?hub=north"' in page
    assert f'<span lang="en">{hub.name_en}</span>' in page
    assert '<a href="https://www.north.example.ca/team">north.example.ca</a>' in page


def test_a_hub_page_says_who_they_are_where_and_for_whom(client):
    HubFactory(
        slug="north",
        provinces=["ON", "MB"],
        region_en="Kenora to Moosonee",
        audience=["physician", "paramedic"],
        description_fr="Qui nous sommes.\n\n<script>alert(1)</script>",
    )
    page = client.get("/en/hubs/north/").content.decode()
    for text in ("Kenora to Moosonee", "Manitoba, Ontario", "<li>Paramedic</li>", "&lt;script&gt;alert(1)"):
        assert text in page
    assert page.index('lang="fr"', page.index("<h1>")) < page.index("<p>Qui nous sommes.</p>")


def test_a_hub_for_everyone_says_so(client):
    HubFactory(slug="north")
    assert "À toutes les personnes qui soignent" in client.get("/fr/poles/north/").content.decode()


def test_a_hub_without_sessions_says_so_and_links_to_its_calendar(client):
    HubFactory(slug="north")
    page = client.get("/en/hubs/north/").content.decode()
    assert "This hub has no upcoming sessions." in page
    assert 'href="webcal://127.0.0.1:8000/en/hubs/north.ics"' in page
    assert 'href="/en/sessions/?hub=north"' not in page
    assert "Past sessions</h2>" not in page


def test_a_hub_page_shows_the_next_ten_sessions(client, now):
    hub = HubFactory(slug="north")
    with time_machine.travel(now, tick=False):
        for day in range(12):
            SessionFactory(now=now, days=1 + day, hub=hub)
        assert client.get("/en/hubs/north/").content.count(b"<h3>") == 10


def test_an_unlisted_hub_is_a_404(client):
    HubFactory(slug="hidden", is_listed=False)
    assert client.get("/en/hubs/hidden/").status_code == 404
    assert client.get("/en/hubs/nowhere/").status_code == 404
