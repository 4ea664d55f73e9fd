"""The list of the hub's series: what it shows, its filter and pages, and that it stays quick for a large hub."""

import pytest
from django.utils import timezone

from hubs.models import Role
from sessions_app.models import ChangeRequest, ReviewEntry
from tests.factories import HubFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def dated(title, days=10, **fields):
    """Create a series with one session."""
    now = timezone.now()
    series = SeriesFactory(title_en=title, registration_opens_at=now, **fields)
    return SessionFactory(now=now, days=days, series=series).series


def shown(response):
    return [listing.series.title_en for listing in response.context["page"].listings]


def test_an_empty_list_leads_to_the_form(client, editor, url):
    html = client.get(url("listings")).content.decode()
    assert "You don’t have a series yet" in html
    assert url("listing_new") in html


def test_only_the_hubs_own_series_are_shown_whatever_their_publication(client, editor, url):
    dated("Ours", hub=editor.hub)
    SeriesFactory(hub=editor.hub, publication="draft", title_en="A draft")
    SeriesFactory(hub=editor.hub, publication="archived", title_en="Archived")
    SeriesFactory(hub=HubFactory(), title_en="Theirs")
    SeriesFactory(title_en="National")
    assert set(shown(client.get(url("listings")))) == {"Ours", "A draft"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("show=upcoming", ["Grief in spring"]),
        ("show=past", ["Grief in autumn"]),
        ("show=draft", ["Pain, a draft"]),
        ("show=archived", ["Grief long ago"]),
        ("q=GRIEF", ["Grief in spring", "Grief in autumn"]),
        ("q=grief&show=draft", []),
        ("show=nonsense", ["Pain, a draft", "Grief in spring", "Grief in autumn"]),
    ],
)
def test_the_list_can_be_filtered_and_searched(client, editor, url, query, expected):
    dated("Grief in spring", hub=editor.hub)
    dated("Grief in autumn", days=-9, hub=editor.hub)
    SeriesFactory(hub=editor.hub, publication="draft", title_en="Pain, a draft")
    dated("Grief long ago", days=-99, hub=editor.hub, publication="archived")
    assert shown(client.get(url("listings") + f"?{query}")) == expected


def test_states_are_said_in_words(client, editor, url):
    now = timezone.now()
    returned = SeriesFactory(hub=editor.hub, publication="draft")
    ReviewEntry.objects.create(series=returned, step="returned", at=now, comment="More, please.")
    waiting = SessionFactory(now=now, hub=editor.hub, capacity=5).series
    ChangeRequest.objects.create(series=waiting, before={}, changes={}, created_at=now)
    SeriesFactory(hub=editor.hub, publication="submitted")
    html = client.get(url("listings")).content.decode()
    for words in ("Returned to you", "Changes are waiting for approval", "Submitted", "0 of 5 seats taken", "Open"):
        assert words in html


def test_twenty_to_a_page_with_few_queries(client, editor, url, django_assert_max_num_queries):
    for _n in range(23):
        SessionFactory(now=timezone.now(), hub=editor.hub)
    with django_assert_max_num_queries(9):
        response = client.get(url("listings"))
    assert len(shown(response)) == 20
    assert len(shown(client.get(url("listings") + "?page=2"))) == 3


def test_a_viewer_sees_lists_and_overview_but_cannot_edit(client, editor, url):
    series = SessionFactory(now=timezone.now(), hub=editor.hub).series
    editor.role = Role.VIEWER
    editor.save()
    for page in (url("listings"), url("listing", series.pk), url("listing_preview", series.pk)):
        html = client.get(page).content.decode()
        assert url("listing_edit", series.pk) not in html
        assert url("listing_new") not in html
    for name in ("listing_edit", "listing_submit", "listing_publish", "listing_duplicate", "listing_cancel"):
        assert client.get(url(name, series.pk)).status_code == 404
    assert client.get(url("listing_new")).status_code == 404


PAGES = ("", "_edit", "_preview", "_submit", "_publish", "_duplicate", "_cancel", "_archive", "_delete")
POSTS = (*PAGES[1:], "_withdraw", "_comment", "_take_back")


def test_another_hubs_series_does_not_exist_here(client, editor, url):
    session = SessionFactory(now=timezone.now(), hub=HubFactory())
    for name in PAGES:
        assert client.get(url(f"listing{name}", session.series.pk)).status_code == 404, name
    for name in POSTS:
        response = client.post(url(f"listing{name}", session.series.pk), {"comment": "Hello", "start": ""})
        assert response.status_code in (404, 405), name
    own = SessionFactory(now=timezone.now(), hub=editor.hub).series
    assert client.get(url("listing_session", own.pk, session.pk)).status_code == 404
    assert client.post(url("listing_session", own.pk, session.pk), {"action": "cancel"}).status_code == 404


def test_the_preview_is_the_public_page_also_of_a_draft(client, editor, url):
    series = SeriesFactory(hub=editor.hub, publication="draft", title_en="Not yet", summary_en="A summary")
    html = client.get(url("listing_preview", series.pk)).content.decode()
    assert "Not yet" in html
    assert "A summary" in html
    assert "The status of this series is “Draft”." in html
    client.force_login(UserFactory())
    assert client.get(url("listing_preview", series.pk)).status_code == 404
