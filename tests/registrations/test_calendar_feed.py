"""The personal calendar feed: a secret address, which can be renewed, and stable content."""

import icalendar
import pytest
import time_machine
import vobject

from accounts.models import User
from registrations.models import PersonalCalendar
from registrations.services import cancel, record_intention, register
from registrations.services.calendar import calendar_of
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def address(provider, now):
    return f"/en/registration/calendar/{calendar_of(provider, now=now).secret}.ics"


def events(response):
    return {str(event["UID"]): event for event in icalendar.Calendar.from_ical(response.content).walk("VEVENT")}


def test_the_feed_has_only_sessions_with_a_confirmed_registration(client, address, provider, now):
    mine = SessionFactory(now=now, title_en="Mine")
    seat = register(mine.series, provider, now=now)
    register(SessionFactory(now=now, capacity=0).series, provider, now=now)  # waitlisted
    register(SessionFactory(now=now).series, UserFactory(), now=now)  # another person's
    response = client.get(address)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert list(events(response)) == [f"session-{mine.pk}-{seat.pk}@echo.example.ca"]
    calendar = vobject.readOne(response.content.decode())
    assert calendar.method.value == "PUBLISH"
    assert not hasattr(calendar.vevent, "attendee")
    cancel(seat, now=now)
    assert events(client.get(address)) == {}


def test_a_declined_session_is_left_out(client, address, provider, now):
    first = SessionFactory(now=now)
    SessionFactory(now=now, days=17, series=first.series)
    seat = register(first.series, provider, now=now)
    assert len(events(client.get(address))) == 2
    record_intention(seat, first, is_coming=False, now=now)
    assert len(events(client.get(address))) == 1


def test_unchanged_data_gives_the_same_bytes_and_a_304(client, address, provider, now):
    register(SessionFactory(now=now).series, provider, now=now)
    first = client.get(address)
    assert client.get(address).content == first.content
    again = client.get(address, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert "private" in first["Cache-Control"]


def test_the_feed_is_in_the_persons_language(client, address, provider, now):
    register(SessionFactory(now=now, title_fr="La douleur").series, provider, now=now)
    User.objects.update(language="fr")
    assert "La douleur" in client.get(address).content.decode()


def test_a_new_address_replaces_the_old_one(client, address, provider):
    client.force_login(provider)
    assert "Create a new calendar link?" in client.get("/en/registration/mine/calendar/").content.decode()
    page = client.post("/en/registration/mine/calendar/", follow=True).content.decode()
    assert "Your calendar has a new link." in page
    assert client.get(address).status_code == 404
    assert PersonalCalendar.objects.get().secret in page


@pytest.mark.parametrize("secret", ["x", "a" * 32, "%20"])
def test_a_wrong_address_and_a_closed_account_are_a_404(client, address, provider, secret):
    assert client.get(f"/en/registration/calendar/{secret}.ics").status_code == 404
    User.objects.update(is_active=False)
    assert client.get(address).status_code == 404
