"""Every page at both widths and in both languages: axe finds nothing and nothing is wider than the screen.

`make drill` sets AXE=all and opens them at both widths, in both languages and in both colour schemes.

Also tests what needs a browser: the keyboard, the browser's time zone, the registration panel of a signed-in person.
"""

from itertools import product

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from registrations.services import register
from tests.browser.conftest import IN_FULL, SCREENS
from tests.factories import UserFactory

pytestmark = pytest.mark.browser

PAGES = [
    "/en/",
    "/en/about/",
    "/en/contact/",
    "/en/privacy/",
    "/en/accessibility/",
    "/en/time-zone/",
    "/en/sessions/",
    "/en/sessions/?status=open&status=nonsense&profession=physician",
    "/en/sessions/?q=nothing-like-this",
    "/en/sessions/past/",
    *(f"/en/sessions/{slug}/" for slug in ("first-words", "waitlist", "full", "closed", "soon", "cancelled", "past")),
    "/en/registration/full/",
    "/en/registration/waitlist/",
    "/en/newsletter/when-it-opens/soon/",
    "/en/newsletter/when-it-opens/full/",
    "/en/newsletter/when-it-opens/soon/sent/",
    "/en/hubs/",
    "/en/hubs/north/",
    "/en/newsletter/",
    "/en/newsletter/issues/spring/",
    "/en/newsletter/publications/",
    "/en/account/sign-in/",
    "/en/no-such-page/",
    "/_mail/",
    "/en/_components/",
]


WIDTHS_AND_LANGUAGES = list(product([360, 1280], ["fr", "en"])) if IN_FULL else SCREENS
SCHEMES = ["light", "dark"] if IN_FULL else ["light"]


def french(address):
    from django.urls import translate_url

    return translate_url(address, "fr") if address.startswith("/en/") else address


@pytest.mark.drill
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("width", "language"), WIDTHS_AND_LANGUAGES)
def test_axe_finds_nothing_on_any_page(open_page, axe, programme, language, width, scheme):
    page = open_page(width, scheme=scheme)
    for address in PAGES:
        page.goto(address if language == "en" else french(address).replace("/en/", "/fr/"))
        axe(page)


def sign_in(page, live_server, user):
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    page.context.add_cookies([{"name": "sessionid", "value": session.session_key, "url": live_server.url}])


@pytest.mark.drill
@pytest.mark.parametrize(("width", "language"), WIDTHS_AND_LANGUAGES)
def test_axe_finds_nothing_when_signed_in(open_page, axe, programme, live_server, width, language):
    user = UserFactory(with_profile=True, name="Zoé Roy")
    page = open_page(width)
    sign_in(page, live_server, user)
    mine = "/en/registration/mine/" if language == "en" else "/fr/inscription/mes-seances/"
    page.goto(mine)
    axe(page)
    for slug in ("first-words", "many-seats", "waitlist"):
        register(programme[slug], user, now=timezone.now())
    page.goto(mine)
    axe(page)
    page.goto("/en/registration/first-words/cancel/" if language == "en" else "/fr/inscription/first-words/annuler/")
    axe(page)
    page.goto("/en/account/sign-out/" if language == "en" else "/fr/compte/deconnexion/")
    axe(page)


def test_a_signed_in_person_sees_their_registration_on_the_cached_series_page(open_page, axe, programme, live_server):
    user = UserFactory(with_profile=True)
    page = open_page()
    sign_in(page, live_server, user)
    page.goto("/en/registration/mine/")
    page.goto("/en/sessions/first-words/")
    page.locator("#panel form button").click()
    assert "You are registered" in page.get_by_role("status").inner_text()
    page.goto("/en/sessions/first-words/")
    page.get_by_text("You have a seat.").wait_for()
    axe(page)


def test_times_are_shown_in_the_browsers_time_zone(open_page, axe, programme):
    page = open_page(zone="America/St_Johns")
    page.goto("/en/sessions/")
    page.get_by_text("(NT)").first.wait_for()
    page.goto("/en/sessions/first-words/")
    assert page.get_by_text("(NT)").count() == 3  # two sessions, and when registration closes
    axe(page)


def test_the_registration_form_can_be_reached_by_keyboard(open_page, programme):
    page = open_page()
    page.goto("/en/sessions/first-words/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Register":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/registration/first-words/")
    page.locator("#id_name").focus()
    page.keyboard.type("Zoé Roy")
    page.keyboard.press("Tab")
    page.keyboard.type("not an address")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.className") == "summary"


def test_targets_are_large_enough_on_a_phone(open_page, programme):
    """Buttons and navigation links are at least 44 pixels high."""
    page = open_page(360)
    page.goto("/en/sessions/")
    heights = page.eval_on_selector_all(
        ".act, .masthead nav a, .tongue, .filters > summary",
        "nodes => nodes.filter(n => n.offsetHeight).map(n => n.offsetHeight)",
    )
    assert min(heights) >= 44


def test_the_admin_has_tabs_for_english_and_french(open_page, live_server, programme):
    staff = UserFactory(is_staff=True, is_superuser=True)
    page = open_page()
    sign_in(page, live_server, staff)
    page.goto(f"/en/admin/sessions_app/series/{programme['first-words'].pk}/change/")
    assert page.locator("#id_title_en").is_visible()
    assert not page.locator("#id_title_fr").is_visible()
    page.get_by_role("tab", name="French").first.click()
    assert page.locator("#id_title_fr").is_visible()
    assert not page.locator("#id_title_en").is_visible()
    page.get_by_text("Add another Session").click()
    assert page.locator("#id_sessions-2-title_en").is_visible()
    assert page.get_by_role("tab").count() == 8
