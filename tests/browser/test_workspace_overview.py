"""The overview and the history of a hub in a real browser: both languages, a phone and a desktop, with and without JavaScript."""

from datetime import timedelta

import pghistory
import pytest
from django.utils import timezone

from hubs.models import Hub
from registrations.models import Registration
from registrations.services import record_intention, register
from sessions_app.models import ChangeRequest, ReviewStep
from tests.browser.conftest import SCREENS
from tests.browser.test_signed_in_pages import sign_in
from tests.factories import MembershipFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def coordinator(programme):
    """The coordinator of a hub where everything needs attention, with a history of every kind."""
    now = timezone.now()
    hub = Hub.objects.get(slug="north")
    person = MembershipFactory(hub=hub, user__name="Rosa Whitefish").user
    with pghistory.context(user=person.pk):
        session = SessionFactory(now=now, days=3, hub=hub, capacity=1, title_en="Opening", title_fr="Ouverture")
        series = session.series
        for _ in range(3):
            register(series, UserFactory(with_profile=True), now=now)
        record_intention(Registration.objects.confirmed().get(), session, is_coming=False, now=now)
        session.starts_at += timedelta(minutes=30)
        session.ends_at += timedelta(minutes=30)
        session.save()
        series.summary_en = "A summary that is a good deal longer than the others. " * 6
        series.audience = ["physician", "registered-nurse", "social-worker"]
        series.save()
        ChangeRequest.objects.create(series=series, before={}, changes={}, created_at=now)
    draft = SessionFactory(now=now, days=12, hub=hub, publication="draft").series
    draft.review.create(step=ReviewStep.RETURNED, at=now, comment="Please add the French title.\nThe rest is fine.")
    SessionFactory(now=now, days=12, hub=hub, publication="draft")
    return person


@pytest.mark.drill
@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_the_overview_and_the_history_pass_axe(open_page, live_server, axe, coordinator, language, width):
    page = open_page(width)
    page.base = live_server.url
    sign_in(page, coordinator)
    page.goto(f"/{language}/{'espace' if language == 'fr' else 'workspace'}/north/")
    axe(page)
    page.click("text=Historique" if language == "fr" else "nav >> text=History")
    axe(page)
    page.locator("summary", has_text="Details" if language == "en" else "Détails").first.click()


@pytest.mark.drill
@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_the_overview_of_a_new_hub_passes_axe(open_page, live_server, axe, transactional_db, language, width):
    person = MembershipFactory(hub__slug="new").user
    page = open_page(width)
    page.base = live_server.url
    sign_in(page, person)
    page.goto(f"/{language}/{'espace' if language == 'fr' else 'workspace'}/new/")
    axe(page)


def test_the_history_is_filtered_without_javascript(open_page, live_server, coordinator):
    page = open_page(javascript=False)
    page.base = live_server.url
    sign_in(page, coordinator)
    page.goto("/en/workspace/north/history/")
    page.select_option("text=Show", "team")
    page.keyboard.press("Tab")
    page.click("button:has-text('Show')")
    assert "Team member added" in page.inner_text("main")
    assert "Registration added" not in page.inner_text("main")
