"""Pages of the site: home, language switch, errors, security headers, time zone, health, and the development mailbox."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.utils import translation

from echo_portal import views
from tests.factories import HubFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db

PUBLIC = {
    "/en/": "/fr/",
    "/en/about/": "/fr/a-propos/",
    "/en/contact/": "/fr/joindre/",
    "/en/privacy/": "/fr/confidentialite/",
    "/en/accessibility/": "/fr/accessibilite/",
    "/en/time-zone/": "/fr/fuseau-horaire/",
    "/en/sessions/": "/fr/seances/",
    "/en/sessions/past/": "/fr/seances/passees/",
    "/en/hubs/": "/fr/poles/",
    "/en/newsletter/": "/fr/bulletin/",
    "/en/newsletter/publications/": "/fr/bulletin/publications/",
    "/en/account/sign-in/": "/fr/compte/connexion/",
}


@pytest.mark.parametrize(("english", "french"), PUBLIC.items())
def test_each_page_links_to_itself_in_the_other_language(client, english, french):
    for address, language, other in ((english, "en", french), (french, "fr", english)):
        response = client.get(address)
        assert response.status_code == 200
        page = response.content.decode()
        assert f'<html lang="{language}-CA">' in page
        assert re.search(rf'class="tongue" href="{re.escape(other)}"', page)


def test_the_language_switch_keeps_the_filter(client):
    page = client.get("/en/sessions/?status=open&q=pain").content.decode()
    assert 'class="tongue" href="/fr/seances/?status=open&amp;q=pain"' in page


def test_home_describes_the_project_and_shows_upcoming_sessions(client, now):
    HubFactory(name_en="Northern Ontario hub")
    SessionFactory(now=now, days=3, title_en="Soon")
    full = SessionFactory(now=now, days=1, capacity=0).series
    with time_machine.travel(now, tick=False):
        page = client.get("/en/").content.decode()
    for words in (
        "860+",
        "40",
        "140,000+",
        "All learn, all teach",
        "five-year",
        "Northern Ontario hub",
        "Stay connected",
        "Become a hub partner",
    ):
        assert words in page
    assert (
        page.count(full.title_en) == 2
    )  # in the agenda (its link and the name of its button), not as the featured session


def test_home_without_a_program_has_a_message(client):
    assert "There are no dates yet" in client.get("/en/").content.decode()


def test_home_takes_few_queries(client, now, django_assert_max_num_queries):
    for number in range(8):
        SessionFactory(now=now, days=1 + number, hub=HubFactory())
    with time_machine.travel(now, tick=False), django_assert_max_num_queries(6):
        client.get("/en/")


def test_the_contact_page_has_the_address_and_is_linked_from_home(client):
    assert "contact@echo.example.ca" in client.get("/en/contact/").content.decode()
    assert 'href="/en/newsletter/stay-connected/"' in client.get("/en/").content.decode()


@pytest.mark.parametrize(("accepts", "home"), [("fr-CA,fr;q=0.9", "/fr/"), ("en-CA", "/en/"), ("de", "/en/")])
def test_the_root_redirects_to_the_readers_language(client, accepts, home):
    assert client.get("/", headers={"accept-language": accepts}).url == home
    assert client.get("/admin/", headers={"accept-language": accepts}).url == f"{home}admin/"


@pytest.mark.parametrize(
    ("address", "words"), [("/en/nothing/", "This page does not exist"), ("/fr/rien/", "Cette page n’existe pas")]
)
def test_the_404_page_is_helpful_in_both_languages(client, address, words):
    response = client.get(address)
    assert response.status_code == 404
    assert words in response.content.decode()
    assert "Find a session" in response.content.decode() or "Trouver une séance" in response.content.decode()


def test_the_csrf_error_page_is_helpful(now):
    series = SessionFactory(now=now).series
    response = Client(enforce_csrf_checks=True).post(f"/fr/inscription/{series.slug}/", {})
    assert response.status_code == 403
    assert "Nous n’avons pas pu vérifier que ce formulaire venait de vous" in response.content.decode()


@pytest.mark.parametrize(
    ("view", "status"), [(views.forbidden, 403), (views.too_many_requests, 429), (views.bad_request, 400)]
)
def test_other_errors_have_their_own_pages(view, status):
    with translation.override("en"):
        response = view(RequestFactory().get("/en/"))
    assert response.status_code == status
    assert b"Find a session" in response.content


def test_the_500_page_needs_neither_database_nor_session():
    response = views.server_error(RequestFactory().get("/fr/seances/"))
    assert response.status_code == 500
    assert "Quelque chose a mal tourné" in response.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_public_pages_allow_only_reading(client, method, open_series):
    for address in ("/en/", "/en/sessions/", f"/en/sessions/{open_series.slug}/"):
        assert getattr(client, method)(address).status_code == 405


def test_the_content_security_policy_allows_no_inline_code_and_no_other_sites(client):
    policy = client.get("/en/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    for directive in (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ):
        assert directive in policy


@pytest.mark.parametrize("address", [*PUBLIC, *PUBLIC.values()])
def test_no_page_has_inline_style_or_script(client, address):
    page = client.get(address).content.decode()
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*(src=|ld\+json|application/json))", page)


class TestTimeZone:
    def test_a_time_zone_can_be_chosen_without_javascript(self, client):
        response = client.post("/en/time-zone/?next=/en/sessions/", {"zone": "America/Regina"})
        assert (response.url, response.cookies["zone"].value) == ("/en/sessions/", "America/Regina")

    @pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "javascript:alert(1)"])
    def test_the_form_never_redirects_to_another_site(self, client, target):
        assert client.post(f"/en/time-zone/?next={target}", {"zone": "America/Regina"}).url == "/en/sessions/"

    def test_an_unknown_zone_is_refused(self, client):
        response = client.post("/en/time-zone/", {"zone": "Mars/Olympus"})
        assert (response.status_code, "zone" in response.cookies) == (400, False)

    def test_signing_in_uses_the_time_zone_of_the_account(self, client):
        client.force_login(UserFactory(time_zone="America/Halifax"))
        response = client.get("/en/registration/mine/")
        assert (response.cookies["zone"].value, response.cookies["known"].value) == ("America/Halifax", "1")


def test_the_health_checks_succeed(client):
    assert client.get("/healthz").content == b"ok"
    assert client.get("/readyz").json() == {"postgres": True, "cache": True, "alarms": []}


class TestMailbox:
    @pytest.fixture
    def mailbox(self, settings, tmp_path):
        settings.EMAIL_BACKEND = "echo_portal.checkout.mailbox.FolderBackend"
        settings.MAILBOX_DIR = tmp_path
        settings.MAILBOX_OPEN = True
        return tmp_path

    def test_email_is_stored_and_can_be_read(self, client, mailbox, open_series, provider, now):
        from outbox import sending, services
        from registrations.services import register

        assert "No emails yet" in client.get("/_mail/").content.decode()
        register(open_series, provider, now=now)
        with sending.Connection() as connection:
            services.drain_batch(connection, now + timedelta(seconds=1))
        (path,) = mailbox.glob("*.eml")
        assert "You are registered" in client.get("/_mail/").content.decode()
        page = client.get(f"/_mail/{path.stem}/").content.decode()
        assert "METHOD:REQUEST" in page
        html = client.get(f"/_mail/{path.stem}/html")
        assert "You are registered" in html.content.decode()
        assert "sandbox" in html["Content-Security-Policy"]

    def test_the_mailbox_is_closed_in_production(self, client, mailbox, settings):
        settings.MAILBOX_OPEN = False
        for address in ("/_mail/", "/_mail/20261123T150000-000000/", "/_mail/..%2f..%2fmanage/"):
            assert client.get(address).status_code == 404
