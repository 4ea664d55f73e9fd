"""An unlisted series is seen only by people who have its link. Everything works for those who are in it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registrations.services import register
from sessions_app import queries
from sessions_app.feeds import get as get_feed
from sessions_app.feeds import hub_feed_name
from tests.factories import HubFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
TITLE = "Closed group of the Northern hub"


@pytest.fixture
def unlisted():
    now, hub = timezone.now(), HubFactory()
    # two days ahead, so that the month view and the home page would show it
    opened = {"registration_opens_at": now - timedelta(days=1), "slug": "closed-0123456789abcdef"}
    series = SeriesFactory(hub=hub, title_en=TITLE, title_fr="", is_unlisted=True, **opened)
    return SessionFactory(now=now, days=2, series=series).series


def test_no_public_page_shows_it(client, unlisted):
    local = unlisted.first_starts_at.astimezone(unlisted.zone)
    pages = ["/en/", "/en/sessions/", "/en/sessions/?q=closed", "/en/sessions/past/", unlisted.hub.get_absolute_url()]
    pages += [f"/en/sessions/month/?month={local:%Y-%m}", f"/en/sessions/?hub={unlisted.hub.slug}", "/en/hubs/"]
    for address in pages:
        response = client.get(address, follow=True)
        assert response.status_code in (200, 404), address
        assert TITLE not in response.content.decode(), address


def test_its_month_has_no_entry_in_the_filter(unlisted):
    assert queries.upcoming_months(timezone.now()) == []


def test_no_feed_holds_it(unlisted):
    for name in ("all", "language-en", hub_feed_name(unlisted.hub.slug)):
        content, *_ = (get_feed(name, timezone.now()),)
        assert TITLE.encode() not in bytes(getattr(content, "content", content))


def test_it_is_not_offered_to_people_of_another_series(unlisted):
    other = SessionFactory(now=timezone.now(), days=3).series
    assert list(queries.offered(other, timezone.now())) == []


def test_its_page_is_open_to_those_with_the_link_and_closed_to_search_engines(client, unlisted):
    page = client.get(unlisted.get_absolute_url()).content.decode()
    assert TITLE in page
    assert '<meta name="robots" content="noindex">' in page
    assert "application/ld+json" not in page


def test_a_listed_series_is_found_by_search_engines(client, open_series):
    page = client.get(open_series.get_absolute_url()).content.decode()
    assert "noindex" not in page
    assert "application/ld+json" in page


def test_people_register_see_it_among_their_sessions_and_get_emails_and_a_calendar(client, unlisted, drain):
    now, person = timezone.now(), UserFactory(with_profile=True)
    assert client.get(reverse("registrations:register", args=[unlisted.slug])).status_code == 200
    register(unlisted, person, now=now)
    client.force_login(person)
    assert TITLE in client.get(reverse("registrations:mine")).content.decode()
    assert TITLE.encode() in client.get(reverse("sessions:series_ics", args=[unlisted.slug])).content
    assert [email.subject for email in drain(now)] == [f"You are registered: {TITLE}"]


def test_a_series_page_shows_its_accreditation(client, now):
    series = SeriesFactory(credits_en="Certified for 6 Mainpro+ credits.", credits_fr="")
    SessionFactory(now=now, series=series)
    assert "Certified for 6 Mainpro+ credits." in client.get(f"/en/sessions/{series.slug}/").content.decode()
    assert (
        'lang="en"'
        in client.get(f"/fr/seances/{series.slug}/", follow=True).content.decode().partition("Agrément")[2][:200]
    )
