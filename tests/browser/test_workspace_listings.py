"""The workspace's pages for listings in a real browser: axe, the keyboard, without JavaScript, and a warning before work is lost."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from registrations.services import register
from sessions_app.models import Question, ReviewEntry, Series
from tests.browser.conftest import SCREENS
from tests.browser.test_pages import sign_in
from tests.factories import MembershipFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def membership(transactional_db):
    return MembershipFactory(hub__slug="north", hub__is_trusted=True, user__name="Zoé Roy")


def url(name, *args, language="en"):
    with translation.override(language):
        return reverse(f"workspace:{name}", args=["north", *args])


@pytest.mark.drill
@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_axe_finds_nothing_on_any_page(open_page, axe, live_server, membership, width, language):
    now = timezone.now()
    draft = SeriesFactory(hub=membership.hub, publication="draft", summary_en="How to begin.")
    Question.objects.create(series=draft, label_en="What would you like to discuss?")
    ReviewEntry.objects.create(series=draft, step="returned", at=now, comment="A French title, please.")
    session = SessionFactory(now=now, hub=membership.hub, title_en="Before the first word", capacity=12)
    SessionFactory(now=now, days=12, series=session.series)
    past = SessionFactory(now=now, days=-12, hub=membership.hub).series
    page = open_page(width)
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, live_server, membership.user)
    pages = [("listings",), ("listing", draft.pk), ("listing", session.series.pk), ("listing_edit", draft.pk)]
    pages += [(f"listing_{name}", draft.pk) for name in ("publish", "delete", "duplicate", "submit")]
    pages += [
        ("listing_cancel", session.series.pk),
        ("listing_session", session.series.pk, session.pk),
        ("listing_archive", past.pk),
        ("listing_new",),
    ]
    for name, *args in pages:
        page.goto(url(name, *args, language=language))
        axe(page)
    # the page that says what a change means for people, and the one that compares two versions
    register(session.series, UserFactory(with_profile=True), now=now)
    page.goto(url("listing_edit", session.series.pk, language=language))
    page.locator("#id_sessions-0-join_url").fill("https://example.ca/1")
    page.locator(".editor-save button").first.click()
    page.locator(".consequences").wait_for()
    axe(page)
    page.goto(url("listing_edit", draft.pk, language=language))
    page.locator("#id_title_en").fill("Mine")
    Series.objects.filter(pk=draft.pk).update(title_en="Theirs", summary_fr="Autre", revision=5)
    page.locator(".editor-save button").first.click()
    page.locator("input[value=theirs]").wait_for()
    axe(page)
    page.goto(url("listing_new", language=language))
    for summary in page.locator("main details > summary").all():
        summary.click()
    axe(page)
    page.locator(".editor-save button").first.click()  # without a title
    page.locator(".summary").wait_for()
    axe(page)


def test_three_sessions_are_saved_by_keyboard_and_without_javascript(open_page, live_server, membership):
    page = open_page(360, javascript=False)
    sign_in(page, live_server, membership.user)
    page.goto(url("listings"))
    page.get_by_role("link", name="Add a series").press("Enter")
    title = page.get_by_role("group", name="Title", exact=True).get_by_label("English")
    title.press_sequentially("First words")
    first = timezone.now() + timedelta(days=40)
    page.get_by_label("First session", exact=True).fill(f"{first:%Y-%m-%d}")
    page.get_by_label("How many", exact=True).fill("3")
    page.get_by_role("button", name="Fill in dates").press("Enter")
    rows = page.locator("fieldset.row-card")
    assert rows.count() == 3
    assert title.input_value() == "First words"
    assert page.url.endswith("#sessions")
    adjusted = f"{first + timedelta(days=15):%Y-%m-%d}"
    rows.nth(1).get_by_label("Date", exact=True).fill(adjusted)
    rows.nth(0).get_by_label("Join link").fill("https://example.zoom.us/j/1")
    page.get_by_role("button", name="Copy the join link to all sessions").press("Enter")
    page.locator(".editor-save").get_by_role("button", name="Save draft").press("Enter")
    assert page.get_by_role("heading", level=1).inner_text() == "First words"
    saved = Series.objects.get().sessions.all()
    assert [session.join_url for session in saved] == ["https://example.zoom.us/j/1"] * 3
    assert f"{saved[1].starts_at.astimezone(saved[1].series.zone):%Y-%m-%d}" == adjusted


def test_the_browser_warns_before_work_is_lost_and_the_meter_follows(open_page, live_server, membership):
    page, warnings = open_page(), []
    page.on("dialog", lambda dialog: (warnings.append(dialog.type), dialog.dismiss()))
    sign_in(page, live_server, membership.user)
    page.goto(url("listing_new"))
    english = page.locator("[data-meter=en]")
    assert "0 of 2 texts" in english.inner_text()
    page.get_by_role("group", name="Title", exact=True).get_by_label("English").press_sequentially("First words")
    assert "1 of 2 texts" in english.inner_text()
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Leave without saving").click(no_wait_after=True)
    assert warnings == ["beforeunload"]
    assert page.url.endswith(url("listing_new"))
    page.locator(".editor-save").get_by_role("button", name="Save draft").click()
    page.get_by_role("heading", name="First words").wait_for()
    assert warnings == ["beforeunload"]
