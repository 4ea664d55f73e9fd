"""Staff send an issue of the newsletter: test, schedule, send, watch, and read the result."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from newsletters.models import Issue, Subscriber
from newsletters.services import sending
from outbox.models import Message, SuppressionReason
from outbox.suppression import suppress
from tests.browser.conftest import SCREENS
from tests.factories import IssueFactory, SubscriberFactory, UserFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def issue(transactional_db):
    for language in ("en", "en", "fr", "fr"):
        SubscriberFactory(language=language)
    SubscriberFactory(email="a-very-long-name.of-someone@a-very-long-domain-of-an-organization.example.ca")
    return IssueFactory(
        title_en="The December newsletter of the Palliative Care ECHO Project",
        title_fr="Le bulletin de décembre du Projet ECHO sur les soins palliatifs",
    )


@pytest.fixture
def sign_in(live_server, transactional_db):
    """Return a function that signs someone who writes the newsletter in to a page's browser."""
    call_command("set_up_roles", verbosity=0)
    editor = UserFactory(is_staff=True, name="Camille Roy")
    editor.groups.add(Group.objects.get(name="Newsletters"))
    client = Client()
    client.force_login(editor)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value

    def run(page):
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        return page

    return run


def press(page, action):
    """Press the button of the form that posts to an address that ends in `action`."""
    page.locator(f'form[action$="/{action}/"] [type=submit]').click()


def answer(page, when, *, at=None):
    """Say when the issue goes out, with the keyboard, and go on to the confirmation."""
    radio = page.locator(f'[name=when][value="{when}"]')
    radio.focus()
    page.keyboard.press("Space")
    if at:
        page.locator("[name=date]").fill(at.date().isoformat())
        page.locator("[name=time]").fill("09:30")
    page.locator("#when [type=submit]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name=seen]")).to_be_attached()


@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_an_issue_is_tested_scheduled_sent_and_watched(open_page, axe, sign_in, issue, drain, width, language):
    page = sign_in(open_page(width))
    page.goto(f"/{language}/admin/newsletters/issue/{issue.pk}/preview/")
    page.locator('form[action$="/test/"] button').click()
    assert Message.objects.filter(message_type="newsletter-test").count() == 2
    page.locator('#content-main a[href$="/send/"]').click()
    axe(page)

    answer(page, "later", at=timezone.localtime() + timedelta(days=2))
    axe(page)
    press(page, "schedule")
    expect(page.locator('form[action$="/unschedule/"]')).to_be_visible()
    axe(page)

    suppress(Subscriber.objects.earliest("pk").email, SuppressionReason.HARD_BOUNCE, now=timezone.now())
    answer(page, "now")
    axe(page)
    press(page, "send/now")
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

    drain(timezone.now())
    sending.finish_issues(timezone.now())
    page.locator('[data-progress] a[href$="/result/"]').click()  # the script shows it by itself
    axe(page)
    page.locator('#content-main a[href$="/unreached/"]').click()
    expect(page.locator(".sending-table--people tbody tr")).to_have_count(1)
    axe(page)


def test_all_of_it_works_without_javascript(open_page, sign_in, issue, drain):
    page = sign_in(open_page(javascript=False))
    page.goto(f"/en/admin/newsletters/issue/{issue.pk}/send/")
    answer(page, "now")
    press(page, "send/now")
    drain(timezone.now())
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("5 of 5 done (100%)")).to_be_visible()
    sending.finish_issues(timezone.now())
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("What happened to each email")).to_be_visible()
    assert Issue.objects.get().state == "sent"
