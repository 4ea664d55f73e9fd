"""Becoming a hub partner and the team of a hub in a browser: axe on each page, and the form's proof of work."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from hubs.models import PartnerInterest, Role
from hubs.services import team
from tests.browser.conftest import SCREENS
from tests.browser.test_pages import sign_in
from tests.factories import HubFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def hub(transactional_db):
    return HubFactory(slug="north", name_en="Northern hub", name_fr="Pôle du Nord")


@pytest.fixture
def coordinator(hub):
    return MembershipFactory(hub=hub, user=UserFactory(name="Zoé Roy", with_profile=True))


@pytest.fixture
def invitation(hub, coordinator):
    return team.invite(hub, "anna@example.ca", Role.EDITOR, "en", by=coordinator.user, now=timezone.now())


@pytest.mark.drill
@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_axe_finds_nothing_on_the_pages_of_partners(
    open_page, axe, live_server, hub, coordinator, invitation, width, language
):
    page = open_page(width)

    def check(name, *args, post=False):
        with translation.override(language):
            page.goto(reverse(name, args=args))
        if post:
            page.locator("main form button.act").first.click()
            page.wait_for_selector(".summary")
        axe(page)

    check("hubs:partner_interest")
    check("hubs:partner_interest", post=True)
    check("hubs:partner_interest_sent")
    check("hubs:accept_invitation", invitation.secret)
    check("hubs:accept_invitation", "nothing")
    sign_in(page, live_server, coordinator.user)
    check("hubs:accept_invitation", invitation.secret)
    editor = MembershipFactory(hub=hub, role=Role.EDITOR, user__name="Jean-François Côté-Lévesque")
    for name in ("team", "team_leave"):
        check(f"workspace:{name}", "north")
    check("workspace:team_invite", "north", post=True)
    for name in ("team_role", "team_remove"):
        check(f"workspace:{name}", "north", editor.pk)
    MembershipFactory(user=coordinator.user)
    check("workspace:choose")
    check("close_account")
    sign_in(page, live_server, UserFactory(email="anna@example.ca", name=""))
    check("hubs:accept_invitation", invitation.secret)
    page.locator("#id_name").fill("Anna Roy")
    page.locator("main form button.act").click()
    page.wait_for_url("**/north/")
    axe(page)


def fill_in(page):
    page.get_by_label("Your organization").fill("North Shore Hospice")
    page.get_by_label("Type of organization").select_option("hospice")
    page.get_by_label("Your name").fill("Anne Roy")
    page.get_by_label("Your email address").fill("anne@example.ca")
    page.get_by_label("British Columbia").check()
    page.get_by_label("What you have in mind").fill("A series for home care nurses.")


def test_the_proof_is_found_in_the_background(open_page, transactional_db, monkeypatch):
    """With it, three seconds after the page was opened are enough. Without JavaScript, the form says to wait."""
    monkeypatch.setattr("accounts.bots.MIN_AGE", -timedelta(seconds=1))
    page = open_page()
    page.goto("/en/hubs/become-a-partner/")
    fill_in(page)
    page.wait_for_function("document.querySelector('input[data-proof]').value")
    page.get_by_role("button", name="Send the form").click()
    page.wait_for_url("**/become-a-partner/sent/")
    assert PartnerInterest.objects.get().organization == "North Shore Hospice"

    plain = open_page(360, javascript=False)
    plain.goto("/en/hubs/become-a-partner/")
    fill_in(plain)
    plain.get_by_role("button", name="Send the form").click()
    assert "Wait 30 seconds" in plain.locator(".summary").inner_text()
    assert plain.get_by_label("Your organization").input_value() == "North Shore Hospice"
    monkeypatch.setattr("accounts.bots.MIN_AGE_WITHOUT_PROOF", -timedelta(seconds=1))
    plain.get_by_role("button", name="Send the form").click()
    plain.wait_for_url("**/become-a-partner/sent/")
    assert PartnerInterest.objects.count() == 2
