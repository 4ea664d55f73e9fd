"""The account in the header: a link on public pages, which are cached for everyone, and a menu on a person's own pages."""

import re
from urllib.parse import unquote

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from echo_portal.page_cache import PUBLIC_PAGES
from sessions_app.version import programme_changed
from tests.factories import HubFactory, IssueFactory, SessionFactory, UserFactory

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
    """One URL of each public page."""
    series = SessionFactory(now=now, hub=HubFactory(slug="north")).series
    arguments = {
        "sessions:detail": [series.slug],
        "sessions:series_ics": [series.slug],
        "sessions:language_feed": ["en"],
        "hubs:detail": ["north"],
        "hubs:feed": ["north"],
        "embed:hub": ["north"],
        "embed:sessions": ["north"],
        "newsletters:detail": [IssueFactory(state="sent", published_at=now).slug],
    }
    return [reverse(name, args=arguments.get(name)) for name in sorted(PUBLIC_PAGES)]


def test_public_pages_are_the_same_signed_in_and_signed_out(signed_in, public_addresses):
    for address in public_addresses:
        personal = signed_in.get(address)
        programme_changed()  # so the next response does not come from the cache
        anonymous = Client().get(address)
        assert personal.content == anonymous.content, address
        for private in (b"Zo\xc3\xa9 Roy", b"zoe@example.ca", b"csrfmiddlewaretoken"):
            assert private not in personal.content, address


def test_the_account_link_leads_to_sign_in_or_to_the_account(client, signed_in):
    html = header(Client().get("/en/about/"))
    assert 'href="/en/account/"' in html
    assert f'data-account="{FRAGMENT}"' in html
    assert Client().get("/en/account/").url == "/en/account/sign-in/"
    page = signed_in.get("/en/account/")
    assert "no-store" in page["Cache-Control"]
    for entry in ("Zoé Roy", 'href="/en/registration/mine/"', 'href="/en/account/profile/"', "Sign out"):
        assert entry in text(page)


def test_the_menu_fragment_is_personal_and_never_cached(signed_in, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):  # the session, the person, whether they are in the team of a hub
        response = signed_in.get(FRAGMENT)
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
    for entry in ("Zoé Roy", "zoe@example.ca", 'href="/en/registration/mine/"', 'action="/en/account/sign-out/"'):
        assert entry in text(response)
    assert "Admin" not in text(response)
    assert "Mes séances" in text(signed_in.get("/fr/compte/menu/"))


def test_the_menu_of_staff_links_to_the_admin(client):
    client.force_login(UserFactory(is_staff=True))
    assert 'href="/en/admin/"' in text(client.get(FRAGMENT))


def test_after_signing_out_the_fragment_is_the_link_and_deletes_the_cookie(client):
    client.cookies["known"] = "1"
    response = client.get(FRAGMENT)
    assert "Sign in" in text(response)
    assert "<details" not in text(response)
    assert response.cookies["known"]["max-age"] == 0


def test_a_name_is_escaped(client):
    client.force_login(UserFactory(name="<b>Zoé</b>"))
    assert "&lt;b&gt;Zoé&lt;/b&gt;" in text(client.get(FRAGMENT))
    assert "<b>Zoé</b>" not in text(client.get(FRAGMENT))


def test_a_person_without_a_name_is_shown_by_email_address(client):
    client.force_login(UserFactory(name="", email="anne@example.ca"))
    assert text(client.get(FRAGMENT)).count("anne@example.ca") == 2


@pytest.mark.parametrize("address", ["/en/registration/mine/", "/en/account/profile/", "/en/account/"])
def test_personal_pages_include_the_menu(signed_in, address):
    assert "Zoé Roy" in header(signed_in.get(address))
    assert "<details" in header(signed_in.get(address))


def test_signing_out_needs_a_post_with_a_csrf_token(signed_in):
    assert signed_in.get("/en/account/sign-out/").status_code == 200
    assert signed_in.get("/en/account/").status_code == 200  # the GET did not sign out
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in.cookies
    assert strict.post("/en/account/sign-out/").status_code == 403
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', text(strict.get(FRAGMENT)))[1]
    assert strict.post("/en/account/sign-out/", {"csrfmiddlewaretoken": token}).url == "/en/"
    assert strict.get("/en/account/").status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_menu_allows_only_reading(signed_in, method):
    assert getattr(signed_in, method)(FRAGMENT).status_code == 405
    assert getattr(signed_in, method)("/en/account/").status_code == 405


def test_the_language_link_of_the_sign_in_page_also_leads_on_in_the_other_language(client):
    page = client.get("/en/account/sign-in/?next=/en/registration/mine/").content.decode()
    link = re.search(r'class="tongue" href="([^"]*)"', page)[1]
    assert unquote(link) == "/fr/compte/connexion/?next=/fr/inscription/mes-seances/"


@pytest.mark.parametrize("target", ["http://[", "//[", "https://elsewhere.example/en/", ""])
def test_the_language_link_ignores_a_target_that_is_not_on_this_site(client, target):
    assert client.get("/en/account/sign-in/", {"next": target}).status_code == 200
