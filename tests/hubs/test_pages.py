"""The hub partners' public pages."""

import pytest

from tests.factories import HubFactory

pytestmark = pytest.mark.django_db


def test_the_list_names_every_hub_that_is_shown(client, django_assert_num_queries):
    HubFactory(name_en="Northern hub", provinces=["ON", "MB"], summary_en="Who we are.")
    HubFactory(name_en="Hidden hub", is_listed=False)
    with django_assert_num_queries(1):
        page = client.get("/en/hubs/").content.decode()
    assert "Northern hub" in page
    assert "Ontario, Manitoba" in page
    assert "Hidden hub" not in page


def test_an_empty_list_says_what_is_coming_and_invites(client):
    page = client.get("/fr/poles/").content.decode()
    assert "Les premiers pôles partenaires se joignent à nous" in page
    assert "Devenir pôle partenaire" in page


def test_a_hub_leads_to_its_own_sessions(client):
    hub = HubFactory(slug="north", name_fr="", website="https://north.example.ca")
    page = client.get("/fr/poles/north/").content.decode()
    assert 'href="/fr/seances/?hub=north"' in page
    assert f'<span lang="en">{hub.name_en}</span>' in page
    assert 'href="https://north.example.ca"' in page


def test_a_hub_that_is_not_shown_does_not_exist(client):
    HubFactory(slug="hidden", is_listed=False)
    assert client.get("/en/hubs/hidden/").status_code == 404
    assert client.get("/en/hubs/nowhere/").status_code == 404
