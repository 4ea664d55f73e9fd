"""Fixtures for tests in a real Chromium against the running portal. Each test creates its own data."""

import os
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import sync_playwright

from sessions_app.models import Session
from tests.factories import HubFactory, IssueFactory, SeriesFactory
from tests.find_browser import HELP, find

# Playwright's event loop makes Django think that it runs in async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
FLAGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IN_FULL = os.environ.get("AXE") == "all"
# The widths and languages in which every page is opened. The suite takes French at the width of a phone, where the words are
# longest and the screen is smallest. The drill also takes the others.
SCREENS = [(360, "fr"), *([(1280, "en")] if IN_FULL else [])]
# A text of the newsletter with everything that Markdown makes, and both blocks.
ISSUE = "One **two**.\n\n## Three\n\n* [four](/en/hubs/)\n\n> Five\n\n---\n\n[[upcoming sessions]]\n\n[[new hubs]]\n\n### Six\n\n1. Seven"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def chromium():
    path = find()
    assert path, HELP
    with sync_playwright() as playwright:
        flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, live_server):
    """Return a function that opens a page in a new browser context. Console errors fail the test."""
    pages = []

    def make(width=1280, *, javascript=True, zone="America/Toronto", scheme="light"):
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 800},
            java_script_enabled=javascript,
            timezone_id=zone,
            color_scheme=scheme,
        )
        page = context.new_page()
        page.console_errors, page.axe_ran = [], False
        page.on("pageerror", lambda error: page.console_errors.append(str(error)))
        page.on(
            "console", lambda message: page.console_errors.append(message.text) if message.type == "error" else None
        )
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.context.close()
        assert [message for message in page.console_errors if not is_expected(page, message)] == []


def is_expected(page, message):
    """Some tests request missing pages on purpose. axe tries inline styles, which the Content-Security-Policy blocks."""
    return "status of 4" in message or (page.axe_ran and "Applying inline style violates" in message)


def fits_the_screen(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture
def axe():
    """Return a function that fails if the page is wider than the screen or if axe finds anything.

    axe takes most of the time. The suite runs it only on French pages at phone width, and `make drill`, which sets AXE=all, on
    all pages.
    """

    def check(page):
        page.wait_for_load_state()  # a click returns before the next page has loaded
        assert fits_the_screen(page)
        screen = page.viewport_size["width"], page.evaluate("document.documentElement.lang.slice(0, 2)")
        if IN_FULL or screen == (360, "fr"):  # "fr-CA" on our pages, "fr" in the admin
            run_axe(page)

    def run_axe(page):
        page.axe_ran = True
        found = Axe().run(page, options={"runOnly": TAGS, "resultTypes": ["violations"]}).response["violations"]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []

    return check


@pytest.fixture
def programme(transactional_db):
    """A program with a series in every registration status, starting today."""
    now = timezone.now()
    hub = HubFactory(
        slug="north",
        name_en="Northern hub",
        name_fr="Pôle du Nord",
        summary_en="Who we are.",
        summary_fr="Qui nous sommes.",
    )
    words = {
        "summary_en": "How to begin.",
        "summary_fr": "Comment commencer.",
        "objectives_en": "begin;\nend.",
        "objectives_fr": "commencer;\nfinir.",
    }
    series = {}
    for slug, fields in {
        "first-words": {"capacity": 8, "hub": hub, "audience": ["physician"], **words},
        "many-seats": {},
        "waitlist": {"capacity": 0},
        "full": {"capacity": 0, "waitlist_enabled": False},
        "closed": {"is_closed": True},
        "soon": {"registration_opens_at": None},
        "cancelled": {"is_cancelled": True},
    }.items():
        series[slug] = SeriesFactory(**{"slug": slug, "registration_opens_at": now - timedelta(days=9)} | fields)
    Session.objects.bulk_create(
        Session(series=new, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), **titles)
        for new in series.values()
        for starts_at, titles in [
            (now + timedelta(days=9), {"title_en": "Before the first word", "title_fr": "Avant le premier mot"}),
            (now + timedelta(days=16), {}),
        ]
    )
    for new in series.values():
        new.refresh_from_db()
    SeriesFactory(slug="past", is_concluded=True)
    IssueFactory(slug="spring", slug_fr="printemps", state="sent", published_at=now, body_en=ISSUE, body_fr=ISSUE)
    return series
