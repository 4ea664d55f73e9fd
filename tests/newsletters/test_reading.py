"""Anyone can read the issues that were sent: in the archive, on their pages, and in the feed."""

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.utils.http import http_date

from newsletters.models import Issue, IssueRendering
from newsletters.rendering import render_issue
from tests.factories import IssueFactory, UserFactory

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


def publish(now, days=1, **fields):
    """Create an issue that was sent `days` ago, with its frozen renderings."""
    issue = IssueFactory(**{"state": "sent", "published_at": now - timedelta(days=days)} | fields)
    for language in ("en", "fr"):
        rendered = render_issue(issue, language, now=now)
        IssueRendering.objects.create(issue=issue, language=language, **vars(rendered))
    return issue


@pytest.fixture
def spring(now):
    return publish(now, slug="spring", slug_fr="printemps", title_en="Spring", title_fr="Printemps")


def test_an_empty_archive_says_so(client):
    assert "We haven’t sent an issue yet." in client.get("/en/newsletter/").content.decode()
    assert "Nous n’avons pas encore envoyé de numéro." in client.get("/fr/bulletin/").content.decode()


def test_the_archive_lists_sent_issues_the_newest_first_and_no_drafts(client, now, spring):
    publish(now, days=40, title_en="Winter")
    for state in ("draft", "scheduled", "overdue"):
        IssueFactory(title_en="Hidden", state=state)
    page = client.get("/en/newsletter/").content.decode()
    assert page.index("Spring") < page.index("Winter")
    assert "Hidden" not in page
    assert "Sunday, November\u00a022, 2026" in page
    assert 'href="/en/newsletter/issues/spring/"' in page
    french = client.get("/fr/bulletin/").content.decode()
    assert 'href="/fr/bulletin/numeros/printemps/"' in french
    assert "dimanche 22\u00a0novembre 2026" in french


def test_the_archive_has_pages_and_few_queries(client, now, django_assert_num_queries):
    for number in range(21):
        IssueFactory(state="sent", published_at=now - timedelta(days=number), title_en=f"Number {number}.")
    with django_assert_num_queries(2):
        first = client.get("/en/newsletter/").content.decode()
    assert "Page 1 of 2" in first
    assert "Number 20." not in first
    assert "Number 20." in client.get("/en/newsletter/?page=2").content.decode()
    assert client.get("/en/newsletter/?page=x").status_code == 200


@pytest.mark.parametrize("state", ["sending", "sent", "stopped"])
def test_an_issue_has_a_page_in_both_languages_that_link_to_each_other(client, now, spring, state):
    Issue.objects.update(state=state)
    english = client.get("/en/newsletter/issues/spring/").content.decode()
    assert "<h1>Spring</h1>" in english
    assert "All is well." in english
    assert 'class="tongue" href="/fr/bulletin/numeros/printemps/"' in english
    french = client.get("/fr/bulletin/numeros/printemps/").content.decode()
    assert "Tout va bien." in french
    assert 'class="tongue" href="/en/newsletter/issues/spring/"' in french


def test_the_slug_of_the_other_language_redirects(client, spring):
    assert client.get("/fr/bulletin/numeros/spring/").url == "/fr/bulletin/numeros/printemps/"
    assert client.get("/en/newsletter/issues/printemps/").status_code == 301


@pytest.mark.parametrize("state", ["draft", "scheduled", "overdue"])
def test_an_issue_that_was_not_sent_has_no_page(client, state):
    issue = IssueFactory(state=state)
    assert client.get(f"/en/newsletter/issues/{issue.slug}/").status_code == 404
    client.force_login(UserFactory(is_staff=True))
    assert client.get(f"/en/newsletter/issues/{issue.slug}/").status_code == 404


def test_staff_see_the_page_of_a_draft_before_it_is_sent(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    issue = IssueFactory()
    response = client.get(f"/en/newsletter/issues/{issue.slug}/")
    assert "Only staff can see this page until the issue is sent." in response.content.decode()
    assert "All is well." in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    client.logout()
    assert client.get(f"/en/newsletter/issues/{issue.slug}/").status_code == 404


def test_the_page_shows_what_was_sent(client, spring):
    Issue.objects.update(body_en="Changed later.")
    page = client.get("/en/newsletter/issues/spring/").content.decode()
    assert "All is well." in page
    assert "Changed later." not in page


def test_the_page_takes_two_queries(client, spring, django_assert_num_queries):
    with django_assert_num_queries(2):
        client.get("/en/newsletter/issues/spring/")


@pytest.mark.django_db(transaction=True)
def test_a_new_issue_appears_in_the_archive_at_once(client, now):
    assert "Spring" not in client.get("/en/newsletter/").content.decode()
    publish(now, title_en="Spring")
    response = client.get("/en/newsletter/")
    assert "Spring" in response.content.decode()
    assert client.get("/en/newsletter/", headers={"if-none-match": response["ETag"]}).status_code == 304


class TestFeed:
    def test_it_has_the_latest_issues_with_full_links(self, client, now, settings):
        settings.SITE_URL = "https://echo.example.ca"
        publish(now, days=2, title_en="Old")
        publish(now, slug="spring", title_en="Spring & more", body_en="[a](/en/hubs/)\n\n<script>")
        IssueFactory(title_en="Hidden")
        response = client.get("/en/newsletter/feed.atom")
        assert response["Content-Type"].startswith("application/atom+xml")
        feed = ET.fromstring(response.content)
        first, second = feed.findall(f"{ATOM}entry")
        assert (first.findtext(f"{ATOM}title"), second.findtext(f"{ATOM}title")) == ("Spring & more", "Old")
        assert first.find(f"{ATOM}link").get("href") == "https://echo.example.ca/en/newsletter/issues/spring/"
        assert first.findtext(f"{ATOM}id") == "https://echo.example.ca/en/newsletter/issues/spring/"
        assert first.findtext(f"{ATOM}published").startswith("2026-11-22")
        summary = first.findtext(f"{ATOM}summary")
        assert '<a href="https://echo.example.ca/en/hubs/">a</a>' in summary
        assert "&lt;script&gt;" in summary
        links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert links["self"] == "https://echo.example.ca/en/newsletter/feed.atom"

    def test_the_french_feed_is_french(self, client, spring):
        feed = ET.fromstring(client.get("/fr/bulletin/feed.atom").content)
        assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr-CA"
        assert feed.findtext(f"{ATOM}entry/{ATOM}title") == "Printemps"
        assert "Tout va bien." in feed.findtext(f"{ATOM}entry/{ATOM}summary")

    def test_an_unchanged_feed_is_not_sent_again(self, client, spring):
        response = client.get("/en/newsletter/feed.atom")
        assert response["Last-Modified"] == http_date(spring.published_at.timestamp())
        assert client.get("/en/newsletter/feed.atom", headers={"if-none-match": response["ETag"]}).status_code == 304
        fresh = client.get("/en/newsletter/feed.atom?x=1", headers={"if-modified-since": response["Last-Modified"]})
        assert fresh.status_code == 304

    def test_an_empty_feed_is_valid(self, client):
        feed = ET.fromstring(client.get("/en/newsletter/feed.atom").content)
        assert feed.findall(f"{ATOM}entry") == []

    def test_pages_announce_it_and_link_to_the_archive(self, client):
        page = client.get("/en/about/").content.decode()
        assert 'type="application/atom+xml"' in page
        assert 'href="/en/newsletter/feed.atom"' in page
        assert 'href="/en/newsletter/"' in page


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_public_pages_allow_only_reading(client, spring, method):
    for address in ("", "feed.atom", "issues/spring/", "publications/"):
        assert getattr(client, method)(f"/en/newsletter/{address}").status_code == 405
