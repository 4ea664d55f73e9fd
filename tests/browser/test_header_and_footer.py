"""Header and footer in a real browser: the account menu, the navigation on a phone, the footer of a short page."""

import pytest

from tests.browser.test_pages import SCHEMES, WIDTHS_AND_LANGUAGES, sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.browser
LONG_NAME = "Marie-Bernadette-Louise Saint-Pierre O’Shaughnessy"


@pytest.fixture
def signed_in_page(open_page, live_server, programme):
    """Return a function that opens a browser in which someone has signed in and visited their account page."""

    def make(width=1280, *, name="Zoé Roy", **options):
        page = open_page(width, **options)
        sign_in(page, live_server, UserFactory(name=name, with_profile=True))
        page.goto("/en/account/")
        return page

    return make


@pytest.mark.all_screens
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("width", "language"), WIDTHS_AND_LANGUAGES)
def test_the_menu_replaces_the_link_and_passes_axe(signed_in_page, axe, width, scheme, language):
    page = signed_in_page(width, scheme=scheme, name=LONG_NAME)
    page.goto("/fr/a-propos/" if language == "fr" else "/en/about/")
    page.locator(".account summary").click()
    assert page.locator(".account .account-person").inner_text().startswith(LONG_NAME)
    axe(page)


def test_the_menu_works_by_keyboard(signed_in_page):
    page = signed_in_page()
    page.goto("/en/about/")
    summary, menu = page.locator(".account summary"), page.locator(".account details")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "My sessions"
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    for _ in range(4):  # past both links and the button, out of the menu
        page.keyboard.press("Tab")
    assert menu.get_attribute("open") is None
    summary.click()
    page.locator("h1").click()
    assert menu.get_attribute("open") is None


def test_the_focus_stays_on_the_link_when_the_menu_replaces_it(signed_in_page):
    page = signed_in_page()
    page.route("**/account/menu/", lambda route: (page.locator(".account a").focus(), route.continue_()))
    page.goto("/en/about/")
    page.locator(".account summary").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_after_signing_out_on_a_public_page_the_link_is_back(signed_in_page):
    page = signed_in_page()
    page.goto("/en/about/")
    page.locator(".account summary").click()
    page.locator(".account button").click()
    page.wait_for_url("**/en/")
    assert page.locator(".account").inner_text().strip() == "Sign in"
    assert "known" not in {cookie["name"] for cookie in page.context.cookies()}
    page.goto("/en/account/")
    assert page.url.endswith("/en/account/sign-in/")


def test_a_signed_out_reader_does_not_request_the_menu(open_page, programme):
    page, requested = open_page(), []
    page.on("request", lambda request: requested.append(request.url))
    page.goto("/en/about/")
    page.wait_for_load_state("networkidle")
    assert page.locator(".account").inner_text().strip() == "Sign in"
    assert not [url for url in requested if "/menu/" in url]


def test_without_javascript_the_link_leads_to_a_page_with_the_same_entries(signed_in_page):
    page = signed_in_page(360, javascript=False)
    page.goto("/en/about/")
    assert page.locator(".account").inner_text().strip() == "My account"
    page.locator(".account a").click()
    main = page.locator("main")
    for entry in ("My sessions", "My profile"):
        assert main.get_by_role("link", name=entry).is_visible()
    main.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/en/")
    page.goto("/en/account/")
    assert page.url.endswith("/en/account/sign-in/")


@pytest.mark.parametrize("address", ["/en/about/", "/fr/a-propos/"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_on_a_phone_the_navigation_and_the_account_are_in_one_row(
    signed_in_page, open_page, programme, address, signed_in
):
    page = signed_in_page(360, name=LONG_NAME) if signed_in else open_page(360)
    page.goto(address)
    page.locator(".account summary" if signed_in else ".account a").wait_for()
    tops = page.eval_on_selector_all(
        ".masthead nav li, .account",
        "nodes => nodes.filter(n => n.offsetHeight).map(n => Math.round(n.getBoundingClientRect().top))",
    )
    assert len(tops) == 4
    assert max(tops) - min(tops) < 8


@pytest.mark.parametrize("address", ["/en/accessibility/", "/en/account/sign-in/", "/en/no-such-page/"])
def test_the_footer_of_a_short_page_is_at_the_bottom_of_the_window(open_page, programme, address):
    page = open_page(1280)
    page.set_viewport_size({"width": 1280, "height": 2400})
    page.goto(address)
    bottom = page.evaluate("document.querySelector('.footing').getBoundingClientRect().bottom")
    assert bottom == pytest.approx(2400, abs=1)
