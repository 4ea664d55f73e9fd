"""The page behind a join link: when it opens the meeting, for whom, and what counts as attendance."""

from datetime import timedelta

import pytest
import time_machine

from registrations.models import Attendance, Registration
from registrations.services import cancel, register
from registrations.tokens import make_join_token
from sessions_app.models import Session
from tests.factories import SessionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def text(response):
    return response.content.decode().replace("\u00a0", " ")


@pytest.fixture
def link(now, provider):
    session = SessionFactory(now=now, days=1, join_url="https://meet.example.ca/room")
    registration = register(session.series, provider, now=now)
    return f"/en/registration/join/{make_join_token(registration.pk, session.pk)}/"


def test_a_session_can_be_joined_from_fifteen_minutes_before_until_its_end(client, link, now, clock):
    day = timedelta(days=1)
    clock.move_to(now + day - timedelta(minutes=15, seconds=1))
    page = client.get(link)
    assert "This session hasn’t opened yet" in text(page)
    assert "meet.example.ca" not in text(page)
    clock.move_to(now + day - timedelta(minutes=15))
    page = client.get(link)
    assert "You can join now" in text(page)
    assert "meet.example.ca" not in text(page)
    assert Attendance.objects.count() == 0  # a GET, for example by a link scanner, does not count
    page = text(client.post(link))
    assert 'content="0; url=https://meet.example.ca/room"' in page
    assert 'href="https://meet.example.ca/room"' in page
    clock.move_to(now + day + timedelta(hours=1))
    assert "This session is over" in text(client.get(link))


def test_a_cancelled_registration_or_a_forged_link_cannot_join(client, link, clock, now):
    clock.move_to(now + timedelta(days=1))
    assert client.get(link[:-3] + "xx/").status_code == 404
    assert client.get("/en/registration/join/1-1/").status_code == 404
    cancel(Registration.objects.get(), now=now)
    for page in (client.get(link), client.post(link)):
        assert "You are not registered for this session" in text(page)
        assert "meet.example.ca" not in text(page)
    assert Attendance.objects.count() == 0


def test_the_page_says_that_a_session_is_postponed(client, link, clock, now):
    clock.move_to(now + timedelta(days=1))
    Session.objects.update(delivery="postponed")
    assert "This session is not taking place" in text(client.get(link))


def test_the_page_says_that_there_is_no_meeting_link_yet(client, link, clock, now):
    clock.move_to(now + timedelta(days=1))
    Session.objects.update(join_url="")
    assert "The meeting isn’t ready yet" in text(client.post(link))
