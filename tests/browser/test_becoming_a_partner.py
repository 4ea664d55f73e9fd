"""The whole path of a hub partner in a browser: from the interest form to a list of who registered."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from hubs.models import Hub, TeamInvitation
from outbox.models import Message
from sessions_app.models import Series
from tests.browser.test_pages import sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.browser


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


def enter_code(page):
    page.locator("#id_code").fill(Message.objects.filter(message_type="code").latest("pk").data["code"])
    page.locator("main form button.act").first.click()


def show_interest(page):
    page.goto("/en/")
    page.get_by_role("link", name="Become a hub partner").first.click()
    page.get_by_label("Your organization").fill("North Shore Hospice")
    page.get_by_label("Type of organization").select_option("hospice")
    page.get_by_label("Your name").fill("Anne Roy")
    page.get_by_label("Your email address").fill("anne@example.ca")
    page.get_by_label("British Columbia").check()
    page.get_by_label("What you have in mind").fill("A series for home care nurses.")
    page.wait_for_function("document.querySelector('input[data-proof]').value")
    press(page, "Send the form")
    page.wait_for_url("**/sent/")


def accept(page):
    page.goto("/en/admin/hubs/partnerinterest/")
    page.get_by_role("link", name="North Shore Hospice").click()
    page.get_by_role("link", name="Accept as a hub partner").click()
    page.locator("form input[type=submit], form button[type=submit]").last.click()
    page.get_by_text("The hub is created and the contact is invited.").wait_for()


def join(page):
    page.goto(f"/en/hubs/invitation/{TeamInvitation.objects.get().secret}/")
    press(page, "Continue")
    enter_code(page)
    page.locator("#id_name").fill("Anne Roy")
    press(page, "Join the team")
    page.get_by_text("Welcome to the team.").wait_for()


def write_a_series(page, opens):
    page.get_by_role("link", name="Listings", exact=True).click()
    page.get_by_role("link", name="Add a series").first.click()
    page.get_by_role("group", name="Title", exact=True).get_by_label("English").fill("Pain at home")
    page.get_by_role("group", name="Title", exact=True).get_by_label("French").fill("La douleur à domicile")
    page.get_by_label("First session", exact=True).fill(f"{timezone.now() + timedelta(days=40):%Y-%m-%d}")
    page.get_by_label("How many", exact=True).fill("3")
    press(page, "Fill in dates")
    page.locator("fieldset.row-card").nth(2).wait_for()
    page.locator("fieldset.row-card").nth(0).get_by_label("Join link").fill("https://example.zoom.us/j/1")
    press(page, "Copy the join link to all sessions")
    page.locator("[name=opens_date]").fill(f"{opens:%Y-%m-%d}")
    page.locator("[name=opens_time]").fill("08:00")
    page.locator(".editor-save").get_by_role("button", name="Save draft").click()
    page.get_by_role("heading", level=1, name="Pain at home").wait_for()
    page.get_by_role("link", name="Submit for review").first.click()
    press(page, "Submit for review")


def publish(page):
    page.goto(f"/en/admin/sessions_app/series/{Series.objects.get().pk}/change/")
    press(page, "Publish")
    page.get_by_text("The listing is published.").wait_for()


@pytest.mark.drill
def test_an_organization_becomes_a_hub_publishes_a_series_and_writes_to_its_people(
    open_page, live_server, transactional_db, monkeypatch
):
    monkeypatch.setattr("accounts.bots.MIN_AGE", -timedelta(seconds=1))
    staff, provider = UserFactory(is_staff=True, is_superuser=True), UserFactory(with_profile=True, name="=Bo Li")
    partner, office, phone = open_page(), open_page(), open_page(360)
    sign_in(office, live_server, staff)
    sign_in(phone, live_server, provider)

    show_interest(partner)
    accept(office)
    join(partner)
    write_a_series(partner, timezone.now() - timedelta(days=1))
    publish(office)

    phone.goto("/en/registration/mine/")  # sets the cookie of someone who is signed in
    phone.goto("/en/sessions/")
    phone.get_by_role("link", name="Pain at home").first.click()
    phone.locator("#panel form button").click()
    phone.get_by_text("You are registered").wait_for()

    series, hub = Series.objects.get(), Hub.objects.get()
    partner.goto(f"/en/workspace/{hub.slug}/listings/{series.pk}/")
    partner.get_by_role("link", name="Registrants").first.click()
    partner.get_by_text("=Bo Li").first.wait_for()
    response = partner.request.get(f"/en/workspace/{hub.slug}/listings/{series.pk}/registrants/export/?format=csv")
    rows = list(csv.reader(io.StringIO(response.body().decode("utf-8-sig"))))
    assert rows[1][0] == "'=Bo Li"  # a formula for nobody's spreadsheet
    partner.goto(f"/en/workspace/{hub.slug}/listings/{series.pk}/messages/new/")
    partner.locator("[name=recipients][value=everyone]").check()
    partner.locator("[name=subject_en]").fill("Please bring a case")
    partner.locator("[name=body_en]").fill("Tell us about someone you care for.")
    press(partner, "Preview the message")
    press(partner, "Send to 1 person")
    partner.get_by_text("Your message goes to 1 person.").wait_for()
    assert Message.objects.get(message_type="hub-message").to == provider.email
