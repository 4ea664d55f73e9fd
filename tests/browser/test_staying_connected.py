"""Staying connected in a browser: from the form to one click in an email app, with axe on each page, and without JavaScript."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from newsletters.models import Subscriber, SubscriptionRequest
from newsletters.services import subscriptions
from newsletters.services.consent import Origin
from outbox.models import Message
from tests.browser.conftest import SCREENS
from tests.browser.test_pages import sign_in
from tests.factories import SessionFactory, SubscriberFactory, UserFactory
from tests.newsletters.conftest import link_in

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _quick_forms(monkeypatch):
    monkeypatch.setattr("accounts.bots.MIN_AGE", -timedelta(seconds=1))
    monkeypatch.setattr("accounts.bots.MIN_AGE_WITHOUT_PROOF", -timedelta(seconds=1))


@pytest.mark.parametrize("javascript", [True, False])
def test_someone_subscribes_changes_the_language_and_leaves_with_one_click(
    open_page, axe, transactional_db, javascript
):
    page = open_page(360, javascript=javascript)
    page.goto("/fr/")
    page.get_by_role("link", name="Rester en contact").first.click()
    assert not page.get_by_label("Quand souhaitez-vous un rappel?").is_visible()
    page.get_by_label("Votre adresse courriel").fill("zoe@example.ca")
    page.get_by_label("Des rappels avant ces séances").check()
    page.get_by_label("Quand souhaitez-vous un rappel?").select_option("2")
    page.get_by_label("Votre province ou territoire").select_option("QC")
    page.get_by_label("Oui, je veux recevoir ces courriels").check()
    if javascript:
        page.wait_for_function("document.querySelector('input[data-proof]').value")
    page.get_by_role("button", name="M’envoyer une confirmation").click()
    page.get_by_role("heading", name="Consultez vos courriels").wait_for()

    page.goto(link_in(Message.objects.get(), "confirmer"))
    assert not Subscriber.objects.exists()
    page.get_by_role("button", name="Oui, envoyez-moi ces courriels").click()
    page.get_by_role("heading", name="Votre abonnement est confirmé").wait_for()
    page.get_by_role("link", name="Mes préférences de courriel").click()
    page.get_by_label("Langue de nos courriels").select_option("en")
    page.get_by_role("button", name="Enregistrer mes préférences").click()
    page.get_by_text("Vos préférences sont enregistrées.").wait_for()
    if javascript:
        axe(page)
    subscriber = Subscriber.objects.get()
    assert (subscriber.language, subscriber.reminder_days, subscriber.topics) == ("en", 2, ["reminders"])

    app = Client(enforce_csrf_checks=True)
    address = reverse("newsletters:unsubscribe", args=[subscriber.token])
    assert app.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    page.reload()
    page.get_by_text("Votre abonnement a pris fin.").wait_for()


@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_axe_finds_nothing_on_the_pages_of_subscribers(open_page, axe, live_server, transactional_db, width, language):
    page, now = open_page(width), timezone.now()
    choices = subscriptions.Choices(topics=["newsletter", "reminders"], language=language, province="QC")
    asked = subscriptions.ask("zoe@example.ca", choices, origin=Origin(), now=now)
    paused = SubscriberFactory(paused_until=now + timedelta(days=9), email=UserFactory().email)
    left = SubscriberFactory(unsubscribed_at=now)

    def check(name, *args, post=False):
        with translation.override(language):
            page.goto(reverse(f"newsletters:{name}", args=args))
        if post:
            page.locator("main form button.act").first.click()
            page.wait_for_selector(".summary")
        axe(page)

    for name in ("stay_connected", "lost_link"):
        check(name)
        check(name, post=True)
    for name in ("stay_connected_sent", "lost_link_sent", "forgotten"):
        check(name)
    check("confirm", asked.token)
    subscriptions.confirm(asked, origin=Origin(), now=now)
    for name in ("confirm", "preferences", "unsubscribe"):
        check(name, {"confirm": asked.token}.get(name, paused.token))
        check(name, "nobody")
    for name in ("preferences", "unsubscribe"):
        check(name, left.token)
    check("new_address", paused.token)
    check("new_address", paused.token, post=True)
    check("forget", paused.token)


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
