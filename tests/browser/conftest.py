"""A real Chromium against the portal, served as in production but for the data, which each test makes."""

import os
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import sync_playwright

from tests.factories import HubFactory, SeriesFactory, SessionFactory
from tests.find_browser import HELP, find

# Playwright's own loop makes Django think that it runs in async code; the tests are plain threads.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
FLAGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
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
    """`open_page(width, javascript=…)`: a page in a browser of its own; complaints of the console fail the test."""
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
        page.complaints, page.axe_ran = [], False
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.context.close()
        assert [line for line in page.complaints if not expected(page, line)] == []


def expected(page, line):
    """A page that does not exist is asked for on purpose; and axe tries inline styles, which the policy refuses."""
    return "status of 4" in line or (page.axe_ran and "Applying inline style violates" in line)


@pytest.fixture
def axe():
    """Fails on anything that axe finds, and on a page that is wider than its screen."""

    def check(page):
        page.wait_for_load_state()  # a click returns when the next page begins to arrive; axe needs all of it
        page.axe_ran = True
        found = Axe().run(page, options={"runOnly": TAGS, "resultTypes": ["violations"]}).response["violations"]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "The page is wider than the screen."

    return check


@pytest.fixture
def programme(transactional_db):
    """A program with every status, from today on."""
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
        made = SeriesFactory(**{"slug": slug, "registration_opens_at": now - timedelta(days=9)} | fields)
        SessionFactory(now=now, days=9, series=made, title_en="Before the first word", title_fr="Avant le premier mot")
        SessionFactory(now=now, days=16, series=made)
        series[slug] = made
    SeriesFactory(slug="past", is_concluded=True)
    return series
