"""The newsletter from both ends, on a phone in French, with real email: someone subscribes, staff write an issue and send it,
it arrives, and one click in an email app ends the subscription. Also what subscribers do without JavaScript."""

import re
import urllib.request
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from newsletters import tasks
from newsletters.models import Issue, Subscriber
from outbox.models import Message, SuppressionReason
from outbox.suppression import suppress
from tests.browser.test_pages import sign_in
from tests.browser.test_staying_connected import LONG_ADDRESS
from tests.factories import HubFactory, SubscriberFactory, UserFactory

pytestmark = pytest.mark.browser
ENGLISH = {"title": "Grief in the team", "preview": "Three small habits.", "body": "## First\n\n<b>bold</b>"}
FRENCH = {"title": "Le deuil dans l’équipe", "preview": "Trois petites habitudes.", "body": "## D’abord\n\nBonjour."}


@pytest.fixture(autouse=True)
def _quick_forms(monkeypatch):
    monkeypatch.setattr("accounts.bots.MIN_AGE", -timedelta(seconds=1))
    monkeypatch.setattr("accounts.bots.MIN_AGE_WITHOUT_PROOF", -timedelta(seconds=1))


@pytest.fixture
def inbox(smtp, drain, settings, live_server, transactional_db):
    """Return a function that sends what is queued over SMTP, and returns what someone received of it."""
    settings.SITE_URL = live_server.url

    def receive(address):
        smtp.messages.clear()
        drain(timezone.now())
        return [message for message in smtp.messages if message["To"] == address]

    return receive


@pytest.fixture
def editor(transactional_db):
    """Someone who writes the newsletter."""
    call_command("set_up_roles", verbosity=0)
    person = UserFactory(is_staff=True, name="Camille Roy")
    person.groups.add(Group.objects.get(name="Newsletters"))
    return person


def link_in(message, word):
    text = message.get_body(("plain",)).get_content()
    return next(link for link in re.findall(r"https?://[^\s)]+", text) if f"/{word}/" in link)


def subscribe(page, inbox, *, javascript=True):
    page.goto("/fr/")
    page.get_by_role("link", name="Rester en contact").first.click()
    assert not page.get_by_label("Quand souhaitez-vous un rappel?").is_visible()
    page.get_by_label("Votre adresse courriel").fill("zoe@example.ca")
    page.get_by_label("Le bulletin").check()
    page.get_by_label("Des rappels avant ces séances").check()
    page.get_by_label("Quand souhaitez-vous un rappel?").select_option("2")
    page.get_by_label("Votre province ou territoire").select_option("QC")
    page.get_by_label("Oui, je veux recevoir ces courriels").check()
    if javascript:
        page.wait_for_function("document.querySelector('input[data-proof]').value")
    page.get_by_role("button", name="M’envoyer une confirmation").click()
    page.get_by_role("heading", name="Consultez vos courriels").wait_for()
    (message,) = inbox("zoe@example.ca")
    page.goto(link_in(message, "confirmer"))
    assert not Subscriber.objects.filter(email="zoe@example.ca").exists()
    page.get_by_role("button", name="Oui, envoyez-moi ces courriels").click()
    page.get_by_role("heading", name="Votre abonnement est confirmé").wait_for()
    page.get_by_role("link", name="Mes préférences de courriel").click()


def choose_english(page):
    page.get_by_label("Langue de nos courriels").select_option("en")
    page.get_by_role("button", name="Enregistrer mes préférences").click()
    page.get_by_text("Vos préférences sont enregistrées.").wait_for()
    zoe = Subscriber.objects.get(email="zoe@example.ca")
    assert (zoe.language, zoe.reminder_days, zoe.topics) == ("en", 2, ["newsletter", "reminders"])


def write_in_both_languages(page, axe):
    """Fill in the editor, with its live preview and a block inserted by a button, and go on to the email's preview."""
    page.goto("/fr/admin/newsletters/issue/add/")
    for language, texts in (("en", ENGLISH), ("fr", FRENCH)):
        for name, text in texts.items():
            page.locator(f"#id_{name}_{language}").fill(text)
    english, french = (page.locator(".editor").nth(place) for place in (0, 1))
    english.locator(".editor-preview h2", has_text="First").wait_for()
    assert english.locator(".editor-preview p").inner_text() == "<b>bold</b>"
    french.get_by_role("button", name="Insérer les nouveaux pôles").click()
    french.locator(".editor-preview a", has_text="Pôle du Nord").wait_for()
    assert page.locator("#id_body_fr").input_value().endswith("Bonjour.\n\n[[nouveaux pôles]]\n")
    axe(page)
    page.get_by_role("button", name="Enregistrer et voir l’aperçu").click()
    frame = page.locator(".email-frame--phone").first
    frame.scroll_into_view_if_needed()
    frame.content_frame.get_by_role("heading", name="First").wait_for()
    axe(page)


def press(page, action):
    """Press the button of the form that posts to an address that ends in `action`."""
    page.locator(f'form[action$="/{action}/"] [type=submit]').click()


def answer(page, when, *, at=None):
    """Say when the issue goes out, with the keyboard, and go on to the confirmation."""
    page.locator(f'[name=when][value="{when}"]').focus()
    page.keyboard.press("Space")
    if at:
        page.locator("[name=date]").fill(at.date().isoformat())
        page.locator("[name=time]").fill("09:30")
    page.locator("#when [type=submit]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name=seen]")).to_be_attached()


def send_a_test_and_schedule(page, axe, inbox, editor):
    page.locator('form[action$="/test/"] button').click()
    subjects = [message["Subject"] for message in inbox(editor.email)]
    assert subjects == ["[Test] Grief in the team", "[Essai] Le deuil dans l’équipe"]
    page.locator('#content-main a[href$="/send/"]').click()
    answer(page, "later", at=timezone.localtime() + timedelta(days=2))
    axe(page)
    press(page, "schedule")
    expect(page.locator('form[action$="/unschedule/"]')).to_be_visible()
    axe(page)


def watch_it_go(page, axe, drain):
    """The set time comes. Nothing leaves while the sending is paused."""
    Issue.objects.update(scheduled_at=timezone.now())
    tasks.send_due_issues()
    page.reload()  # the page about an issue that is on its way is its progress
    expect(page.locator("progress")).to_have_attribute("value", "0")
    axe(page)
    press(page, "pause")
    expect(page.locator('form[action$="/resume/"]')).to_be_visible()
    drain(timezone.now())
    assert not Message.objects.filter(message_type="newsletter").exclude(state="queued").exists()
    page.locator('#content-main a[href$="/stop/"]').click()
    axe(page)
    page.go_back()
    press(page, "resume")
    expect(page.locator('form[action$="/pause/"]')).to_be_visible()


def read_the_result(page, axe):
    tasks.send_due_issues()
    page.locator('[data-progress] a[href$="/result/"]').click()  # the script shows it by itself
    axe(page)
    page.locator('#content-main a[href$="/unreached/"]').click()
    expect(page.locator(".sending-table--people tbody tr")).to_have_count(1)
    axe(page)
    page.go_back()


def one_click(message):
    """Send what an email app sends for a person (RFC 8058): no cookie, and a redirect would be an error."""
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message["List-Unsubscribe"].strip("<>")
    post = urllib.request.Request(address, data=message["List-Unsubscribe-Post"].encode())
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(post) as response:
        assert (response.status, response.url) == (200, address)


@pytest.mark.drill
def test_a_newsletter_goes_from_the_form_to_the_click_that_ends_it(
    open_page, axe, live_server, inbox, drain, smtp, editor
):
    HubFactory(slug="north", name_en="Northern hub", name_fr="Pôle du Nord")
    SubscriberFactory(language="fr", email="luc@example.ca")
    SubscriberFactory(email=LONG_ADDRESS)
    suppress(LONG_ADDRESS, SuppressionReason.HARD_BOUNCE, now=timezone.now())
    page = open_page(360)
    subscribe(page, inbox)
    choose_english(page)

    sign_in(page, live_server, editor)
    write_in_both_languages(page, axe)
    send_a_test_and_schedule(page, axe, inbox, editor)
    watch_it_go(page, axe, drain)
    (received,) = inbox("zoe@example.ca")
    assert received["Subject"] == "Grief in the team"
    assert [(message["To"], message["Subject"]) for message in smtp.messages if message is not received] == [
        ("luc@example.ca", "Le deuil dans l’équipe")
    ]
    read_the_result(page, axe)

    one_click(received)
    page.reload()
    expect(page.locator("dl.sending-figures div", has_text="7 jours")).to_contain_text("1")
    page.goto(link_in(received, "preferences"))
    page.get_by_text("You’re unsubscribed.").wait_for()


def test_a_subscriber_needs_no_javascript(open_page, inbox):
    """From the form to being forgotten, with the private link that comes by email."""
    page = open_page(360, javascript=False)
    subscribe(page, inbox, javascript=False)
    preferences = page.url
    page.get_by_role("button", name="M’envoyer un lien confidentiel").click()
    page.get_by_text("Nous avons envoyé un lien confidentiel à zoe@example.ca.").wait_for()
    (message,) = inbox("zoe@example.ca")
    page.goto(link_in(message, "confidentiel"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Télécharger mes données").click()
    assert "zoe@example.ca" in download.value.path().read_text()
    page.get_by_role("link", name="M’oublier").click()
    page.get_by_role("button", name="M’oublier").click()
    page.get_by_role("heading", name="Vos renseignements sont supprimés").wait_for()
    assert not Subscriber.objects.exists()
    assert page.goto(preferences).status == 410
