"""What editors do to a registration: add, give a seat, move and cancel, with the rules of staff."""

import pytest
import time_machine
from django.urls import reverse

from accounts.models import User
from hubs.models import Role
from outbox.models import Message
from registrations.models import Registration, StaffAction
from registrations.services import register
from sessions_app.models import Series
from tests.factories import MembershipFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
NEW = {"email": "Zoe@Example.ca", "name": "Zoé Roy", "language": "fr"}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def editor(db):
    return MembershipFactory(role=Role.EDITOR)


@pytest.fixture
def series(editor, now):
    return SessionFactory(now=now, hub=editor.hub, capacity=1).series


@pytest.fixture
def post(client, editor, series):
    client.force_login(editor.user)

    def send(name, /, *args, **data):
        return client.post(address(series, name, *args), data)

    return send


def address(series, name, *args):
    return reverse(f"workspace:{name}", args=[series.hub.slug, series.pk, *args])


def message_types(registration):
    return list(
        Message.objects.filter(data__registration=registration.pk).order_by("pk").values_list("message_type", flat=True)
    )


def page_of(response):
    return " ".join(response.content.decode().split())


def test_someone_is_registered_by_email_and_gets_the_usual_email_in_their_language(post, series, editor):
    response = post("registrants_add", **NEW)
    registration = Registration.objects.get()
    assert response["Location"] == address(series, "registrant", registration.pk)
    assert (registration.state, registration.user.email, registration.user.name) == (
        "confirmed",
        "zoe@example.ca",
        "Zoé Roy",
    )
    assert list(Message.objects.values_list("message_type", "language")) == [("registered", "fr")]
    assert StaffAction.objects.get().by == editor.user


def test_someone_who_is_already_registered_is_refused(post, series, now):
    register(series, UserFactory(email="zoe@example.ca"), now=now)
    response = post("registrants_add", **NEW)
    assert response.status_code == 400
    assert "already registered" in page_of(response)


def test_a_full_series_without_a_waitlist_is_refused_in_words(post, series, now):
    register(series, UserFactory(), now=now)
    Series.objects.filter(pk=series.pk).update(waitlist_enabled=False)
    response = post("registrants_add", **NEW)
    assert response.status_code == 400
    assert "while the status of the series is “Full and closed”" in page_of(response)


def test_additions_are_limited(post, settings, series):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"add-registrant": {"key": (1, 3600)}}
    post("registrants_add", **NEW)
    response = post("registrants_add", **NEW | {"email": "other@example.ca"})
    assert response.status_code == 400
    assert "many people in a short time" in page_of(response)
    assert Registration.objects.count() == 1


def test_adding_someone_with_an_account_does_not_tell_their_name_or_change_it(post, client, now):
    for name in ("", "Zoé Own-Name"):
        person = UserFactory(name=name)
        response = post("registrants_add", email=person.email, name="Typed Name", language="fr")
        person.refresh_from_db()
        assert person.name == name
        shown = page_of(client.get(response["Location"]))
        assert person.email in shown
        assert "Own-Name" not in shown


def test_skipping_the_waitlist_takes_a_free_seat_and_adds_none(post, series, now):
    register(series, UserFactory(), now=now)
    waiting = register(series, UserFactory(), now=now)
    assert post("registrant_promote", waiting.pk, reason="").status_code == 400
    refused = post("registrant_promote", waiting.pk, reason="She presents the case.")
    assert refused.status_code == 400
    assert "No seat is free, so nobody can skip the waitlist." in page_of(refused)
    assert (Series.objects.get(pk=series.pk).capacity, message_types(waiting)) == (1, ["waitlisted"])

    Series.objects.filter(pk=series.pk).update(capacity=2)
    assert post("registrant_promote", waiting.pk, reason="She presents the case.").status_code == 302
    waiting.refresh_from_db()
    assert (waiting.state, Series.objects.get(pk=series.pk).capacity) == ("confirmed", 2)
    assert message_types(waiting) == ["waitlisted", "seat-found"]


def test_skipping_the_waitlist_is_offered_only_while_a_seat_is_free(post, client, series, now):
    register(series, UserFactory(), now=now)
    waiting = register(series, UserFactory(), now=now)
    person, button = address(series, "registrant", waiting.pk), "Skip the waitlist</a>"
    for pages in (person, address(series, "registrant_promote", waiting.pk)):
        page = page_of(client.get(pages))
        assert "No seat is free, so nobody can skip the waitlist." in page
        assert button not in page
        assert "Give them a seat" not in page
    for capacity in (2, None):
        Series.objects.filter(pk=series.pk).update(capacity=capacity)
        assert button in page_of(client.get(person))
        assert "Give them a seat" in page_of(client.get(address(series, "registrant_promote", waiting.pk)))
    Series.objects.filter(pk=series.pk).update(is_closed=True)
    assert button not in page_of(client.get(person))


def test_nobody_is_added_to_a_series_that_staff_closed(post, client, series, editor, now):
    registration = register(SessionFactory(now=now, hub=editor.hub).series, UserFactory(), now=now)
    waiting = [register(series, UserFactory(), now=now) for _ in range(2)][1]
    Series.objects.filter(pk=series.pk).update(is_closed=True, capacity=9)
    for name, args, data in [("registrants_add", [], NEW), ("registrant_promote", [waiting.pk], {"reason": "x"})]:
        response = post(name, *args, **data)
        assert response.status_code == 400
        assert "Registration closed" in page_of(response)
    url = address(registration.series, "registrant_move", registration.pk)
    assert client.post(url, {"to": series.pk, "reason": "x"}).status_code == 400
    assert Series.objects.get(pk=series.pk).seats_taken == 1
    assert not User.objects.filter(email="zoe@example.ca").exists()


def test_a_series_that_closed_on_its_date_still_takes_people_from_its_team(post, series, now):
    Series.objects.filter(pk=series.pk).update(registration_closes_at=now)
    assert post("registrants_add", **NEW).status_code == 302


def titled(title, now, **fields):
    return SessionFactory(now=now, series=SeriesFactory(title_en=title, **fields)).series


def test_moving_offers_only_series_of_the_hub_that_take_people(post, client, series, editor, now):
    registration = register(series, UserFactory(), now=now)
    other = titled("Pain at home", now, hub=editor.hub)
    titled("Long over", now, hub=editor.hub, is_concluded=True)
    titled("A draft", now, hub=editor.hub, publication="draft")
    strangers = titled("Another hub’s", now, hub=MembershipFactory().hub)
    page = client.get(address(series, "registrant_move", registration.pk)).content.decode()
    assert [title in page for title in ("Pain at home", "Long over", "A draft", "Another hub’s")] == [
        True,
        False,
        False,
        False,
    ]

    refused = post("registrant_move", registration.pk, to=strangers.pk, reason="Asked")
    assert refused.status_code == 400
    assert "Choose one of your hub’s series." in page_of(refused)
    response = post("registrant_move", registration.pk, to=other.pk, reason="Asked")
    moved = Registration.objects.get(series=other)
    assert response["Location"] == address(other, "registrant", moved.pk)
    assert message_types(registration) == ["registered", "moved"]


def test_a_move_to_a_full_series_is_refused_in_words(post, series, editor, now):
    registration = register(series, UserFactory(), now=now)
    full = SessionFactory(now=now, hub=editor.hub, capacity=0).series
    response = post("registrant_move", registration.pk, to=full.pk, reason="Asked")
    assert response.status_code == 400
    assert "no seats left" in page_of(response)


def test_cancelling_takes_a_message_to_the_person_and_gives_the_seat_away(post, series, now):
    registration, waiting = (register(series, UserFactory(), now=now) for _ in range(2))
    assert post("registrant_cancel", registration.pk, note=" ").status_code == 400
    post("registrant_cancel", registration.pk, note="As you asked on the phone.")
    registration.refresh_from_db()
    waiting.refresh_from_db()
    assert (registration.state, registration.end_reason, waiting.state) == ("cancelled", "staff", "confirmed")
    assert Message.objects.get(message_type="cancelled-by-us").data["note"] == "As you asked on the phone."
    assert post("registrant_cancel", registration.pk, note="Again").status_code == 302


def test_who_may_change_registrations(client, series, editor, now):
    seat, waiting = (register(series, UserFactory(), now=now) for _ in range(2))
    pages = {
        "registrants_add": ([], NEW),
        "registrant_promote": ([waiting.pk], {"reason": "x"}),
        "registrant_move": ([seat.pk], {"reason": "x"}),
        "registrant_cancel": ([seat.pk], {"note": "x"}),
    }
    viewer = MembershipFactory(hub=editor.hub, role=Role.VIEWER).user
    before = list(Registration.objects.order_by("pk").values())
    for user in (viewer, MembershipFactory().user, UserFactory()):
        client.force_login(user)
        for name, (args, data) in pages.items():
            assert client.get(address(series, name, *args)).status_code == 404
            assert client.post(address(series, name, *args), data).status_code == 404
    assert list(Registration.objects.order_by("pk").values()) == before
    for user in (editor.user, MembershipFactory(hub=editor.hub).user):
        client.force_login(user)
        for name, (args, _data) in pages.items():
            assert client.get(address(series, name, *args)).status_code == 200, name
    assert list(Registration.objects.order_by("pk").values()) == before


def test_registrations_of_another_hub_are_not_found(post, series, now):
    elsewhere = register(SessionFactory(now=now, hub=MembershipFactory().hub).series, UserFactory(), now=now)
    for name, data in (("registrant_move", {"reason": "x"}), ("registrant_cancel", {"note": "x"})):
        assert post(name, elsewhere.pk, **data).status_code == 404
