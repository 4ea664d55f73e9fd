"""Blocks on a line of their own fill themselves, in both languages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hubs.models import Hub
from newsletters.blocks import NEW_FOR, read_block
from newsletters.rendering import render_issue
from tests.factories import HubFactory, IssueFactory, SeriesFactory, SessionFactory

pytestmark = pytest.mark.django_db


def coming(now, days=2, **fields):
    return SessionFactory(now=now, days=days, series=SeriesFactory(**fields))


def web(body, now, language="en"):
    """Return the HTML of the page, with no-break spaces as characters."""
    html = render_issue(IssueFactory(**{f"body_{language}": body}), language, now=now).web
    return html.replace("&nbsp;", "\u00a0")


@pytest.mark.parametrize(
    ("words", "name", "count"),
    [
        ("upcoming sessions", "upcoming_sessions", 5),
        (" Upcoming   Sessions 3 ", "upcoming_sessions", 3),
        ("séances à venir 12", "upcoming_sessions", 12),
        ("seances a venir", "upcoming_sessions", 5),
        ("new hubs 0", "new_hubs", 1),
        ("nouveaux pôles 9999", "new_hubs", 20),
    ],
)
def test_a_block_is_known_by_its_name_in_either_language(words, name, count):
    block = read_block(words)
    assert (block.name, block.count) == (name, count)


@pytest.mark.parametrize("words", ["", "3", "old hubs", "new hubs three", "{% url %}", "\u0663"])
def test_other_words_are_no_block(words):
    assert read_block(words) is None


def test_upcoming_sessions_are_listed_with_dates_in_the_zone_of_the_series(now):
    hub = HubFactory(name_en="Prairies hub")
    coming(now, days=2, title_en="Soon", time_zone="America/Regina", slug="soon", hub=hub)
    coming(now, days=9, title_en="Later", language="fr")
    html = web("[[upcoming sessions]]", now)
    assert html.index("Soon") < html.index("Later")
    assert "Wednesday, November\u00a025, 2026, 9:00–10:00\u00a0am Saskatchewan\u00a0time" in html
    assert '<a href="/en/sessions/soon/">Soon</a>' in html
    assert "Prairies hub" in html
    assert "National programming" in html
    assert "French" in html


def test_the_block_speaks_french_in_french(now):
    coming(now, days=2, title_fr="", title_en="Only English", slug="soon", slug_fr="bientot")
    html = web("[[séances à venir]]", now, "fr")
    assert '<a href="/fr/seances/bientot/" lang="en">Only English</a>' in html
    assert "mercredi 25\u00a0novembre 2026, de\u00a010\u00a0h\u00a0à\u00a011\u00a0h (HE)" in html


def test_drafts_unlisted_cancelled_and_past_series_are_left_out(now):
    for fields in (
        {"publication": "draft"},
        {"is_unlisted": True},
        {"is_cancelled": True},
        {"days": -2},
        {"is_concluded": True},
    ):
        coming(now, title_en="Hidden", **({"days": 2} | fields))
    html = web("[[upcoming sessions]]", now)
    assert "Hidden" not in html
    assert "There are no dates yet" in html


def test_a_number_limits_the_list(now):
    for day in range(1, 5):
        coming(now, days=day, title_en=f"Day {day}.")
    html = web("[[upcoming sessions 2]]", now)
    assert "Day 2." in html
    assert "Day 3." not in html


def test_a_cancelled_session_is_skipped_for_the_next_one(now):
    first = coming(now, days=2, title_en="Two")
    SessionFactory(now=now, days=9, series=first.series)
    first.delivery = "cancelled"
    first.save()
    assert "December\u00a02, 2026" in web("[[upcoming sessions]]", now)


def test_new_hubs_are_those_added_within_ninety_days():
    hub = HubFactory(name_en="New hub", summary_en="Who we are.", slug="new")
    HubFactory(name_en="Hidden hub", is_listed=False)
    old = HubFactory(name_en="Old hub")
    old.events.update(pgh_label="start")  # it is older than the history
    hub.summary_en = "Changed."
    hub.save()
    html = web("[[new hubs]]", timezone.now())
    assert '<a href="/en/hubs/new/">New hub</a>' in html
    assert html.count("New hub") == 1
    assert "Hidden hub" not in html
    assert "Old hub" not in html
    assert "No hubs joined" in web("[[new hubs]]", timezone.now() + NEW_FOR + timedelta(minutes=1))
    assert Hub.objects.count() == 3


def test_a_block_needs_a_line_of_its_own(now):
    html = web("See [[upcoming sessions]] here\n[[new hubs]]\nand there", now)
    assert "<p>See [[upcoming sessions]] here</p>" in html
    assert "No hubs joined" in html
    assert "<p>and there</p>" in html


def test_an_unknown_block_stays_as_it_was_written(now):
    assert web("[[weather <b>]]", now) == "<p>[[weather &lt;b&gt;]]</p>\n"


def test_a_hubs_title_cannot_add_a_placeholder_or_html(now):
    coming(now, days=2, title_en="<b>\ue000unsubscribe_url\ue001</b>\x0b")
    assert "&lt;b&gt;unsubscribe_url&lt;/b&gt;</a>" in web("[[upcoming sessions]]", now)
