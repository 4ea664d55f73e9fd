"""The header's account: the same link for everyone on public pages, a person's menu where the page is theirs."""

import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from echo_portal.page_cache import PUBLIC_PAGES
from sessions_app.version import programme_changed
from tests.factories import HubFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
FRAGMENT = "/en/account/menu/"


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def signed_in(client):
    client.force_login(UserFactory(name="Zoé Roy", email="zoe@example.ca", with_profile=True))
    return client


def text(response):
    return response.content.decode()


def header(response):
    return re.search(r"<header.*?</header>", text(response), re.DOTALL)[0]


@pytest.fixture
def public_addresses(now):
    """One address of each public page."""
    series = SessionFactory(now=now, hub=HubFactory(slug="north")).series
    arguments = {
        "sessions:detail": [series.slug],
        "sessions:series_ics": [series.slug],
        "sessions:language_feed": ["en"],
        "hubs:detail": ["north"],
        "hubs:feed": ["north"],
    }
    return [reverse(name, args=arguments.get(name)) for name in sorted(PUBLIC_PAGES)]


def test_public_pages_are_the_same_for_whoever_is_signed_in(signed_in, public_addresses):
    for address in public_addresses:
        theirs = signed_in.get(address)
        programme_changed()  # so that the next one is made anew, not kept
        everyones = Client().get(address)
        assert theirs.content == everyones.content, address
        for nobodys in (b"Zo\xc3\xa9 Roy", b"zoe@example.ca", b"csrfmiddlewaretoken"):
            assert nobodys not in theirs.content, address


def test_a_public_page_has_one_link_that_leads_everyone_somewhere(client, signed_in):
    part = header(Client().get("/en/about/"))
    assert 'href="/en/account/"' in part
    assert f'data-account="{FRAGMENT}"' in part
    assert Client().get("/en/account/").url == "/en/account/sign-in/"
    page = signed_in.get("/en/account/")
    assert "no-store" in page["Cache-Control"]
    for entry in ("Zoé Roy", 'href="/en/registration/mine/"', 'href="/en/account/profile/"', "Sign out"):
        assert entry in text(page)


def test_the_fragment_holds_the_persons_menu_and_nobody_keeps_it(signed_in, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):  # the session, the person
        response = signed_in.get(FRAGMENT)
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
    for entry in ("Zoé Roy", "zoe@example.ca", 'href="/en/registration/mine/"', 'action="/en/account/sign-out/"'):
        assert entry in text(response)
    assert "Admin" not in text(response)
    assert "Mes séances" in text(signed_in.get("/fr/compte/menu/"))


def test_staff_find_the_admin_in_it(client):
    client.force_login(UserFactory(is_staff=True))
    assert 'href="/en/admin/"' in text(client.get(FRAGMENT))


def test_who_has_signed_out_gets_the_link_again_and_is_known_no_longer(client):
    client.cookies["known"] = "1"
    response = client.get(FRAGMENT)
    assert "Sign in" in text(response)
    assert "<details" not in text(response)
    assert response.cookies["known"]["max-age"] == 0


def test_a_name_is_shown_as_text(client):
    client.force_login(UserFactory(name="<b>Zoé</b>"))
    assert "&lt;b&gt;Zoé&lt;/b&gt;" in text(client.get(FRAGMENT))
    assert "<b>Zoé</b>" not in text(client.get(FRAGMENT))


def test_a_person_without_a_name_is_called_by_their_address(client):
    client.force_login(UserFactory(name="", email="anne@example.ca"))
    assert text(client.get(FRAGMENT)).count("anne@example.ca") == 2


@pytest.mark.parametrize("address", ["/en/registration/mine/", "/en/account/profile/", "/en/account/"])
def test_a_page_that_is_a_persons_own_shows_the_menu_itself(signed_in, address):
    assert "Zoé Roy" in header(signed_in.get(address))
    assert "<details" in header(signed_in.get(address))


def test_signing_out_is_a_form_that_proves_where_it_stood(signed_in):
    assert signed_in.get("/en/account/sign-out/").status_code == 200
    assert signed_in.get("/en/account/").status_code == 200  # asking for the page signed nobody out
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in.cookies
    assert strict.post("/en/account/sign-out/").status_code == 403
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', text(strict.get(FRAGMENT)))[1]
    assert strict.post("/en/account/sign-out/", {"csrfmiddlewaretoken": token}).url == "/en/"
    assert strict.get("/en/account/").status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_menu_is_only_to_read(signed_in, method):
    assert getattr(signed_in, method)(FRAGMENT).status_code == 405
    assert getattr(signed_in, method)("/en/account/").status_code == 405
