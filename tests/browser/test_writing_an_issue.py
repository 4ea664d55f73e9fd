"""Staff write an issue of the newsletter, with a live preview, and see the email before it goes."""

import pytest
from django.conf import settings
from django.test import Client

from tests.factories import IssueFactory, UserFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def staff_page(open_page, programme, live_server):
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True, name="Camille Roy"))
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}

    def run(width):
        page = open_page(width)
        page.context.add_cookies([cookie])
        return page

    return run


def test_the_preview_follows_the_text_and_buttons_insert_blocks(staff_page, axe):
    issue = IssueFactory(body_en="", body_fr="")
    page = staff_page(1280)
    page.goto(f"/en/admin/newsletters/issue/{issue.pk}/change/")
    english, french = (page.locator(".editor").nth(place) for place in (0, 1))
    page.locator("#id_body_en").fill("## A heading\n\n<b>text</b>")
    english.locator(".editor-preview h2", has_text="A heading").wait_for()
    assert english.locator(".editor-preview p").inner_text() == "<b>text</b>"
    french.get_by_role("button", name="Insert new hubs").click()
    french.locator(".editor-preview a", has_text="Pôle du Nord").wait_for()
    assert page.locator("#id_body_fr").input_value() == "[[nouveaux pôles]]\n"
    page.get_by_role("button", name="Save and preview").click()
    frame = page.frame_locator(".email-frame--phone").first
    frame.get_by_role("heading", name="A heading").wait_for()
    axe(page)


def test_the_editor_and_the_preview_fit_on_a_phone(staff_page, axe):
    issue = IssueFactory()
    page = staff_page(360)
    for address in ("change", "preview"):
        page.goto(f"/fr/admin/newsletters/issue/{issue.pk}/{address}/")
        axe(page)
