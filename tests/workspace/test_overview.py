"""The overview of a hub shows what needs attention first, then what comes up."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from hubs.models import Hub, Role
from registrations.models import Registration
from registrations.overview import overview
from registrations.services import cancel, record_intention, register
from sessions_app.models import ChangeRequest, Publication, ReviewStep, Series
from tests.factories import HubFactory, MembershipFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def coordinator():
    return MembershipFactory(hub__slug="northern", hub__summary_en="We learn.", hub__summary_fr="Nous apprenons.").user


@pytest.fixture
def hub(coordinator):
    return Hub.objects.get(slug="northern")


def found(hub, now):
    return overview(hub, Series.objects.filter(hub=hub), now)


def text(client, hub):
    response = client.get(reverse("workspace:home", args=[hub.slug]))
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def review(series, step, at, comment=""):
    return series.review.create(step=step, at=at, comment=comment)


def test_a_new_hub_sees_how_to_start(client, hub, coordinator):
    client.force_login(coordinator)
    page = text(client, hub)
    assert "Three steps to your first session" in page
    assert "Then send it to Pallium Canada" in page
    assert "needs your attention" not in page
    Hub.objects.update(is_trusted=True)
    assert "Then publish it yourself." in text(client, hub)


def test_a_returned_draft_is_shown_with_its_comment_until_it_is_submitted_again(client, hub, coordinator, now):
    series = SeriesFactory(hub=hub, publication=Publication.DRAFT)
    review(series, ReviewStep.SUBMITTED, now - 3 * DAY)
    review(series, ReviewStep.RETURNED, now - 2 * DAY, "Please add <b>French</b>.")
    review(series, ReviewStep.COMMENTED, now - DAY, "We will.")
    client.force_login(coordinator)
    page = text(client, hub)
    assert "Returned to you:" in page
    assert "Please add &lt;b&gt;French&lt;/b&gt;." in page
    Series.objects.update(publication=Publication.SUBMITTED)
    review(series, ReviewStep.SUBMITTED, now)
    assert "Returned to you:" not in text(client, hub)


def test_changes_that_wait_or_were_returned_are_shown(hub, now):
    series = SeriesFactory(hub=hub)
    request = ChangeRequest.objects.create(series=series, before={}, changes={}, created_at=now - DAY)
    assert found(hub, now).changes_waiting == [series]
    request.state, request.settled_at = ChangeRequest.State.RETURNED, now
    request.save()
    review(series, ReviewStep.CHANGES_RETURNED, now, "Not on a holiday.")
    (returned,) = found(hub, now).changes_returned
    assert (returned, returned.comment) == (series, "Not on a holiday.")
    assert found(hub, now + 31 * DAY).changes_returned == []
    ChangeRequest.objects.create(series=series, before={}, changes={}, created_at=now)
    assert found(hub, now).changes_returned == []


def test_a_session_this_week_without_a_join_link_is_shown(hub, now):
    soon = SessionFactory(now=now, days=6, hub=hub)
    SessionFactory(now=now, days=8, hub=hub)
    SessionFactory(now=now, days=2, hub=hub, join_url="https://meet.example.ca/a")
    SessionFactory(now=now, days=3, hub=hub, delivery="cancelled")
    SessionFactory(now=now, days=3, hub=hub, publication="draft")
    SessionFactory(now=now, days=3, hub=hub, is_cancelled=True)
    SessionFactory(now=now, days=3, hub=HubFactory())
    assert found(hub, now).without_link == [soon]


def test_a_waitlist_that_grew_this_week_is_shown(hub, now):
    series = SessionFactory(now=now, hub=hub, capacity=1).series
    people = [register(series, UserFactory(with_profile=True), now=now - 10 * DAY) for _ in range(3)]
    assert found(hub, now).growing == []
    register(series, UserFactory(with_profile=True), now=now - DAY)
    (waitlist,) = found(hub, now).growing
    assert (waitlist.series, waitlist.new, waitlist.total) == (series, 1, 3)
    assert found(hub, now).upcoming[0].waitlisted == 3
    cancel(people[0], now=now)
    assert found(hub, now).numbers.waitlisted == 2


def test_people_who_cannot_come_this_week_are_counted(hub, now):
    session = SessionFactory(now=now, days=3, hub=hub)
    first, second, third = (register(session.series, UserFactory(with_profile=True), now=now) for _ in range(3))
    record_intention(first, session, is_coming=False, now=now)
    record_intention(second, session, is_coming=True, now=now)
    record_intention(third, session, is_coming=False, now=now)
    cancel(third, now=now)
    assert [one.absences for one in found(hub, now).with_absences] == [1]
    assert found(hub, now - 5 * DAY).with_absences == []


def test_a_draft_whose_dates_are_near_is_shown(hub, now):
    near = SessionFactory(now=now, days=20, hub=hub, publication="draft").series
    SessionFactory(now=now, days=22, hub=hub, publication="draft")
    SessionFactory(now=now, days=-2, hub=hub, publication="draft")
    assert found(hub, now).drafts_soon == [near]


@pytest.mark.parametrize(
    ("summary_en", "summary_fr", "advice"),
    [
        ("", "", "has no summary yet."),
        ("", "Oui.", "has no summary in English."),
        ("Yes.", "", "has no summary in French."),
    ],
)
def test_the_advice_says_which_summary_is_missing(client, hub, coordinator, summary_en, summary_fr, advice):
    Hub.objects.update(summary_en=summary_en, summary_fr=summary_fr)
    client.force_login(coordinator)
    assert f"Your public page {advice}" in text(client, hub)


def test_advice_is_for_those_who_can_follow_it(client, hub, coordinator):
    Hub.objects.update(summary_fr="")
    client.force_login(coordinator)
    page = text(client, hub)
    assert "You’re the only coordinator" in page
    assert "Your public page has no summary in French." in page
    assert "What needs your attention" not in page
    editor = MembershipFactory(hub=hub, role=Role.EDITOR).user
    client.force_login(editor)
    page = text(client, hub)
    assert "You’re the only coordinator" not in page
    assert "Introduce your hub" not in page
    client.force_login(MembershipFactory(hub=hub).user)
    assert "You’re the only coordinator" not in text(client, hub)


def test_what_comes_up_is_shown_with_seats_and_numbers(client, hub, coordinator, now):
    session = SessionFactory(now=now, days=9, hub=hub, capacity=1, title_en="Opening")
    for _ in range(2):
        register(session.series, UserFactory(with_profile=True), now=now - 9 * DAY)
    SessionFactory(now=now, days=-9, hub=hub)
    SessionFactory(now=now, days=9, hub=HubFactory(), title_en="Elsewhere")
    client.force_login(coordinator)
    page = text(client, hub)
    assert "Everything is in order." in page
    assert "Opening" in page
    assert "1 of 1 seats taken" in page
    assert "1 on the waitlist" in page
    assert "Elsewhere" not in page
    numbers = found(hub, now).numbers
    assert (numbers.upcoming, numbers.seats, numbers.waitlisted) == (1, 1, 1)


def test_the_figures_are_shown_once_the_hub_has_a_published_series(client, hub, coordinator, now):
    client.force_login(coordinator)
    assert "At a glance" not in text(client, hub)
    series = SessionFactory(now=now, days=30, hub=hub, publication="draft").series
    assert "At a glance" not in text(client, hub)
    Series.objects.filter(pk=series.pk).update(publication="published")
    assert "At a glance" in text(client, hub)
    with time_machine.travel(now + 60 * DAY, tick=False):
        assert "At a glance" in text(client, hub)


def test_the_page_takes_as_many_queries_for_a_large_hub(client, hub, coordinator, now, django_assert_max_num_queries):
    for number in range(12):
        session = SessionFactory(now=now, days=1 + number % 7, hub=hub, capacity=1)
        for _ in range(2):
            register(session.series, UserFactory(with_profile=True), now=now)
        registration = Registration.objects.confirmed().get(series=session.series)
        record_intention(registration, session, is_coming=False, now=now)
        draft = SessionFactory(now=now, days=5, hub=hub, publication="draft").series
        review(draft, ReviewStep.RETURNED, now, "Again, please.")
    client.force_login(coordinator)
    with django_assert_max_num_queries(8):
        page = text(client, hub)
    assert page.count("Returned to you:") == 12
    assert page.count("Growing waitlist:") == 12
