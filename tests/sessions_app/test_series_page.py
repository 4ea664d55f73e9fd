"""The page of a series, its preview, structured data and calendar file, and that the join link is never public."""

import json
import re
from datetime import timedelta

import icalendar
import pytest
import time_machine
import vobject
from django.contrib.auth.models import Permission

from sessions_app.models import Session
from tests.factories import HubFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
SECRET = "https://meet.example.ca/secret-room"


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def series(now):
    series = SeriesFactory(
        title_en="Pain at </script> Home",
        registration_opens_at=now - timedelta(days=3),
        hub=HubFactory(),
        capacity=12,
        audience=["physician"],
    )
    SessionFactory(
        now=now, days=10, series=series, title_en="One", join_url=SECRET, speakers_en="Ruth Okemaw, physician"
    )
    SessionFactory(now=now, days=17, series=series, delivery="cancelled", join_url=SECRET)
    series.refresh_from_db()
    return series


def test_the_join_link_is_on_no_public_page_feed_or_structured_data(client, series):
    for address in (
        f"/en/sessions/{series.slug}/",
        f"/en/sessions/{series.slug}.ics",
        "/en/sessions/",
        "/en/",
        f"/fr/seances/{series.slug}/",
    ):
        response = client.get(address)
        assert response.status_code == 200
        assert b"secret-room" not in response.content


def test_structured_data_describes_an_online_education_event(client, series):
    page = client.get(f"/en/sessions/{series.slug}/").content.decode()
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    assert (data["@type"], data["name"]) == ("EducationEvent", "Pain at </script> Home")
    assert data["eventAttendanceMode"].endswith("OnlineEventAttendanceMode")
    assert data["startDate"] == "2026-12-03T15:00:00+00:00"
    assert [event["eventStatus"].rpartition("/")[2] for event in data["subEvent"]] == [
        "EventScheduled",
        "EventCancelled",
    ]
    assert data["subEvent"][0]["performer"] == [{"@type": "Person", "name": "Ruth Okemaw"}]
    assert data["location"]["url"].startswith("http://127.0.0.1:8000/en/sessions/")


@pytest.mark.parametrize("publication", ["draft", "submitted", "archived"])
def test_an_unpublished_series_is_a_404(client, now, publication):
    series = SessionFactory(now=now, publication=publication).series
    for address in (
        f"/en/sessions/{series.slug}/",
        f"/en/sessions/{series.slug}.ics",
        f"/en/sessions/{series.slug}/preview/",
    ):
        assert client.get(address).status_code == 404
    client.force_login(UserFactory())
    assert client.get(f"/en/sessions/{series.slug}/preview/").status_code == 404


def test_staff_with_permission_see_a_preview(client, now):
    series = SessionFactory(now=now, publication="draft").series
    staff = UserFactory(is_staff=True)
    client.force_login(staff)
    assert client.get(f"/en/sessions/{series.slug}/preview/").status_code == 404
    staff.user_permissions.add(Permission.objects.get(codename="view_series"))
    page = client.get(f"/en/sessions/{series.slug}/preview/")
    assert "Only staff can see this page" in page.content.decode()
    assert client.get(f"/en/sessions/{series.slug}/").status_code == 404


def test_a_text_without_translation_is_shown_and_marked_in_the_other_language(client, now):
    series = SessionFactory(now=now).series
    series.title_fr, series.title_en = "", "Only English"
    series.save()
    page = client.get(f"/fr/seances/{series.slug}/").content.decode()
    assert '<span lang="en">Only English</span>' in page
    assert '<span lang="en">' not in client.get(f"/en/sessions/{series.slug}/").content.decode()


def test_the_page_takes_two_queries(client, series, django_assert_num_queries):
    with django_assert_num_queries(2):
        client.get(f"/en/sessions/{series.slug}/")


def test_the_calendar_file_has_cancelled_sessions_and_no_attendees(client, series):
    response = client.get(f"/en/sessions/{series.slug}.ics")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    text = response.content.decode()
    calendar = icalendar.Calendar.from_ical(text)
    assert (calendar["METHOD"], calendar["VERSION"]) == ("PUBLISH", "2.0")
    assert [str(event["STATUS"]) for event in calendar.walk("VEVENT")] == ["CONFIRMED", "CANCELLED"]
    assert "ATTENDEE" not in text
    assert "DTSTART:20261203T150000Z" in text
    first_event = vobject.readOne(text).vevent_list[0]
    assert first_event.summary.value == "Pain at </script> Home: One"
    description = first_event.description.value.replace("\u00a0", " ")
    assert "Thursday, December 3, 2026, 10:00–11:00 am ET" in description


def test_the_calendar_file_changes_only_with_its_data(client, series, django_capture_on_commit_callbacks):
    first = client.get(f"/en/sessions/{series.slug}.ics").content
    with time_machine.travel("2026-11-24T00:00Z"):
        assert client.get(f"/en/sessions/{series.slug}.ics").content == first
        session = Session.objects.first()
        session.starts_at -= timedelta(minutes=30)
        with django_capture_on_commit_callbacks(execute=True):
            session.save()
        changed = client.get(f"/en/sessions/{series.slug}.ics").content
    assert changed != first
    assert b"SEQUENCE:1" in changed


def test_the_french_calendar_file_is_in_french_with_folded_lines(client, now):
    series = SessionFactory(now=now, title_fr="Détresse respiratoire à domicile " * 5).series
    content = client.get(f"/fr/seances/{series.slug}.ics").content
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    event = icalendar.Calendar.from_ical(content).walk("VEVENT")[0]
    assert "Détresse respiratoire à domicile" in event["SUMMARY"]
    assert event["LOCATION"] == "En ligne"
