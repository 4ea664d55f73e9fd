"""Finding a session in a real browser: times do not wrap, the dates come before the form, the month filter is a select."""

from itertools import product

import pytest
from django.utils import timezone

from tests.browser.conftest import IN_FULL, SCREENS, fits_the_screen

pytestmark = pytest.mark.browser
PAGES = {
    "en": ["/en/", "/en/sessions/", "/en/sessions/many-seats/", "/en/registration/many-seats/", "/en/hubs/north/"],
    "fr": ["/fr/", "/fr/seances/", "/fr/seances/many-seats/", "/fr/inscription/many-seats/", "/fr/poles/north/"],
}
MONTH = {"en": "/en/sessions/month/", "fr": "/fr/seances/mois/"}


@pytest.mark.all_screens
@pytest.mark.parametrize(("width", "language"), list(product([360, 800, 1280], ["fr", "en"])) if IN_FULL else SCREENS)
def test_times_do_not_wrap_and_nothing_is_wider_than_the_screen(open_page, programme, width, language):
    page = open_page(width, zone="America/Edmonton")
    page.goto(PAGES[language][0])
    next_month = programme["many-seats"].sessions.last().starts_at
    broken = "nodes => nodes.filter(n => n.getClientRects().length > 1).map(n => n.innerText)"
    overflowing = "nodes => nodes.filter(n => n.scrollWidth > n.clientWidth).map(n => n.innerText)"
    seen = 0
    for address in [*PAGES[language], f"{MONTH[language]}?month={next_month:%Y-%m}"]:
        page.goto(address)
        assert fits_the_screen(page)
        assert page.eval_on_selector_all(".unbroken", broken) == []
        assert page.eval_on_selector_all(".calendar td", overflowing) == []
        seen += page.locator(".unbroken").count()
    assert seen > 10 or language == "fr"  # French says "de 12 h à 13 h", without a dash


def test_on_a_phone_the_dates_come_before_the_form_on_screen_and_by_keyboard(open_page, programme):
    page = open_page(360)
    page.goto("/en/registration/many-seats/")
    dates = page.locator(".acting .dates").bounding_box()
    form = page.locator("main form").bounding_box()
    assert dates["y"] + dates["height"] < form["y"]
    page.locator("main").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == str(programme["many-seats"].title_en)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "name"


@pytest.mark.parametrize("javascript", [True, False])
def test_the_list_can_be_filtered_by_month(open_page, programme, javascript):
    page = open_page(360, javascript=javascript)
    page.goto("/en/sessions/")
    page.get_by_text("Filter", exact=True).click()
    select = page.get_by_label("Month")
    assert select.evaluate("node => node.tagName") == "SELECT"
    month = f"{timezone.localtime(programme['many-seats'].sessions.first().starts_at):%Y-%m}"
    select.select_option(month)
    page.get_by_role("button", name="Apply filters").click()
    assert f"month={month}" in page.url
    chosen = page.locator("select[name=month] option:checked").text_content()
    assert chosen.endswith(f"({page.locator('.agenda > li').count()})")


def test_the_copy_button_copies_the_link_and_needs_javascript(open_page, programme):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/en/sessions/many-seats/")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").endswith("/en/sessions/many-seats/")
    plain = open_page(javascript=False)
    plain.goto("/en/sessions/many-seats/")
    assert plain.get_by_role("button", name="Copy link").count() == 0
    assert plain.get_by_role("link", name="Email to a colleague").count() == 1
