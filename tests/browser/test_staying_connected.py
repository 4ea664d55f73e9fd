"""The pages of subscribers with axe, and the offer after registering. test_newsletter.py walks them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from newsletters.models import SubscriptionRequest
from newsletters.private_links import VALID_FOR, make_private_token
from newsletters.services import subscriptions
from newsletters.services.consent import Origin
from tests.browser.conftest import SCREENS
from tests.browser.test_pages import sign_in
from tests.factories import SessionFactory, SubscriberFactory, UserFactory

pytestmark = pytest.mark.browser
LONG_ADDRESS = "a-very-long-name.of-someone@a-very-long-domain-of-an-organization.example.ca"


@pytest.fixture(autouse=True)
def _quick_forms(monkeypatch):
    monkeypatch.setattr("accounts.bots.MIN_AGE", -timedelta(seconds=1))
    monkeypatch.setattr("accounts.bots.MIN_AGE_WITHOUT_PROOF", -timedelta(seconds=1))


@pytest.mark.drill
@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_axe_finds_nothing_on_the_pages_of_subscribers(open_page, axe, live_server, transactional_db, width, language):
    page, now = open_page(width), timezone.now()
    choices = subscriptions.Choices(topics=["newsletter", "reminders"], language=language, province="QC")
    asked = subscriptions.ask("zoe@example.ca", choices, origin=Origin(), now=now)
    paused = SubscriberFactory(paused_until=now + timedelta(days=9), email=UserFactory(email=LONG_ADDRESS).email)
    left = SubscriberFactory(unsubscribed_at=now, email=f"left-{LONG_ADDRESS}")

    def check(name, *args, post=False):
        with translation.override(language):
            page.goto(reverse(f"newsletters:{name}", args=args))
        if post:
            page.locator("main form button.act").first.click()
            page.wait_for_selector(".summary")
        axe(page)

    for name in ("stay_connected", "stay_connected_sent", "lost_link", "lost_link_sent", "forgotten"):
        check(name)
    check("stay_connected", post=True)
    check("confirm", asked.token)
    subscriptions.confirm(asked, origin=Origin(), now=now)
    check("confirm", asked.token)
    check("confirm", "nobody")
    for name in ("preferences", "unsubscribe"):
        check(name, paused.token)
        check(name, left.token)
    private = make_private_token(paused, now)
    for name in ("private", "new_address", "forget"):
        check(name, private)
    check("private", make_private_token(paused, now - VALID_FOR))


@pytest.mark.drill
def test_the_offer_after_registering_comes_as_a_form_of_its_own(open_page, axe, live_server, transactional_db):
    series, person = SessionFactory(now=timezone.now()).series, UserFactory(with_profile=True)
    page = open_page(360)
    sign_in(page, live_server, person)
    page.goto(f"/fr/inscription/{series.slug}/")
    page.locator("main form button.act").first.click()
    offer = page.locator("[data-fragment]")
    assert not offer.get_by_role("button").is_visible()
    offer.get_by_label("Oui, je veux recevoir ces courriels").check()
    axe(page)
    offer.get_by_role("button").click()
    page.wait_for_selector(".summary")
    axe(page)
    page.get_by_label("Le bulletin").check()
    page.locator("main form button.act").click()
    page.get_by_role("heading", name="Consultez vos courriels").wait_for()
    assert SubscriptionRequest.objects.get().email == person.email


def test_a_subscriber_sees_no_offer_after_registering(open_page, live_server, transactional_db):
    series, person = SessionFactory(now=timezone.now()).series, UserFactory(with_profile=True)
    SubscriberFactory(email=person.email)
    page = open_page(360)
    sign_in(page, live_server, person)
    page.goto(f"/en/registration/{series.slug}/")
    page.locator("main form button.act").first.click()
    page.wait_for_selector("[data-fragment][data-loaded]", state="attached")
    assert page.locator("[data-fragment]").inner_text() == ""
