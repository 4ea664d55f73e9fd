"""The workspace shows the code for the hub's own site, to everyone in the team."""

import html
import re

import pytest
import time_machine

from tests.factories import HubFactory, MembershipFactory, SessionFactory

pytestmark = pytest.mark.django_db
PAGE = "/en/workspace/north/on-your-site/"


@pytest.fixture
def hub():
    return HubFactory(slug="north", name_en='The "North" & more', name_fr="Le Nord")


def test_each_member_can_copy_the_code_in_both_languages(client, hub):
    for role in ("viewer", "coordinator"):
        client.force_login(MembershipFactory(hub=hub, role=role).user)
        response = client.get(PAGE)
        page = html.unescape(response.content.decode())
        for language in ("en", "fr"):
            assert f'<iframe src="http://127.0.0.1:8000/embed/hubs/north/?lang={language}"' in page
        assert 'title="Upcoming sessions: The &quot;North&quot; &amp; more"' in page
        assert 'title="Séances à venir\u00a0: Le Nord"' in page
        assert '<script src="http://127.0.0.1:8000/embed/embed.js" async></script>' in page
        assert "http://127.0.0.1:8000/api/hubs/north/sessions.json?lang=en" in page


def test_the_page_explains_every_field_of_the_json(client, hub, now):
    session = SessionFactory(now=now, hub=hub)
    with time_machine.travel(now, tick=False):
        client.force_login(MembershipFactory(hub=hub).user)
        explained = set(re.findall("<code>([^<]+)</code>", client.get(PAGE).content.decode()))
        found = client.get(f"/api/hubs/{hub.slug}/sessions.json?lang=en").json()
    series = found["series"][0]
    assert series["url"].endswith(session.series.get_absolute_url())
    assert {*found, *found["hub"], *series, *series["sessions"][0], series["status"]} <= explained


def test_only_this_page_may_show_our_own_frames(client, hub, settings):
    client.force_login(MembershipFactory(hub=hub).user)
    response = client.get(PAGE)
    assert "frame-src 'self'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"


def test_a_hub_that_is_not_listed_gets_no_code(client):
    client.force_login(MembershipFactory(hub=HubFactory(slug="north", is_listed=False)).user)
    page = client.get(PAGE).content.decode()
    assert "isn’t shown to the public yet" in page
    assert "<iframe" not in page


def test_other_people_get_a_404(client, hub):
    client.force_login(MembershipFactory().user)
    assert client.get(PAGE).status_code == 404
    client.logout()
    assert "/account/sign-in/" in client.get(PAGE)["Location"]
