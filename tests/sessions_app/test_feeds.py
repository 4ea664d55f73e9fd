"""Calendar feeds (all sessions, one hub, one language): content, caching, and two parsers. Also the month view."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import time_machine
import vobject

from registrations.services import register
from sessions_app import calendars, feeds
from sessions_app.models import Feed, Series, Session
from tests.factories import HubFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def programme(now):
    north = HubFactory(slug="north", name_en="Northern hub")
    return {
        "english": SessionFactory(now=now, title_en="English one"),
        "french": SessionFactory(
            now=now, language="fr", title_fr="Séance accentuée, à l’été : " + "très longue ligne " * 9
        ),
        "north": SessionFactory(now=now, hub=north, language="both"),
        "draft": SessionFactory(now=now, publication="draft"),
        "cancelled": SessionFactory(now=now, delivery="cancelled"),
        "old": SessionFactory(now=now, days=-60),
    }


def uids(response):
    return {str(event["UID"]) for event in icalendar.Calendar.from_ical(response.content).walk("VEVENT")}


def uids_of(*sessions):
    return {f"session-{session.pk}@echo.example.ca" for session in sessions}


def test_each_feed_has_the_sessions_in_its_name(client, programme, now):
    SessionFactory(now=now, days=12, series=programme["cancelled"].series)
    later = programme["cancelled"].series.sessions.last()
    both = (programme["cancelled"], later)
    assert uids(client.get("/en/sessions/calendar.ics")) == uids_of(
        programme["english"], programme["french"], programme["north"], *both
    )
    assert uids(client.get("/en/hubs/north.ics")) == uids_of(programme["north"])
    assert uids(client.get("/en/sessions/calendar-fr.ics")) == uids_of(programme["french"], programme["north"])
    assert uids(client.get(f"/en/sessions/{programme['english'].series.slug}.ics")) == uids_of(programme["english"])


def test_a_cancelled_session_stays_in_the_feed_and_there_are_no_attendees(client, programme, now):
    SessionFactory(now=now, days=12, series=programme["cancelled"].series)
    register(programme["english"].series, UserFactory(), now=now)
    content = client.get("/en/sessions/calendar.ics").content.decode()
    assert "STATUS:CANCELLED" in content
    assert "ATTENDEE" not in content
    assert "METHOD:PUBLISH" in content


def test_the_feed_asks_calendar_apps_to_refresh_every_hour(client, programme):
    lines = client.get("/en/sessions/calendar.ics").content.decode().split("\r\n")
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines
    assert "X-PUBLISHED-TTL:PT1H" in lines


def test_two_parsers_read_accents_and_long_lines_correctly(client, programme):
    response = client.get("/fr/seances/calendrier-fr.ics")
    assert all(len(line) <= 75 for line in response.content.split(b"\r\n"))
    events = icalendar.Calendar.from_ical(response.content).walk("VEVENT")
    summaries = {str(event["SUMMARY"]) for event in events}
    vobject_summaries = {event.summary.value for event in vobject.readOne(response.content.decode()).vevent_list}
    assert summaries == vobject_summaries
    assert any("Séance accentuée, à l’été : très longue ligne" in summary for summary in summaries)


@pytest.mark.parametrize(
    ("start", "local_time"),
    [
        # The clocks go back at 2:00 on November 1: before the change, and the second 1:30.
        (datetime(2026, 11, 1, 4, 30, tzinfo=UTC), "12:30"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "1:30"),
        # The clocks go forward from 2:00 to 3:00 on March 14.
        (datetime(2027, 3, 14, 7, 30, tzinfo=UTC), "3:30"),
    ],
)
def test_sessions_on_nights_when_clocks_change_have_the_right_time(client, start, local_time):
    series = SeriesFactory()
    Session.objects.create(series=series, starts_at=start, ends_at=start + timedelta(hours=1))
    content = client.get(f"/en/sessions/{series.slug}.ics").content.decode()
    event = vobject.readOne(content).vevent
    assert (event.dtstart.value, event.dtend.value) == (start, start + timedelta(hours=1))
    assert local_time in event.description.value.replace("\u00a0", " ")
    assert "VTIMEZONE" not in content


def test_unchanged_data_gives_the_same_bytes_and_a_304(client, programme):
    first = client.get("/en/sessions/calendar.ics")
    Feed.objects.all().delete()
    assert client.get("/en/sessions/calendar.ics").content == first.content
    again = client.get("/en/sessions/calendar.ics", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again["Cache-Control"]) == (304, "public, max-age=600")
    assert client.get("/en/sessions/calendar.ics", HTTP_ACCEPT_ENCODING="gzip")["Content-Encoding"] == "gzip"


def test_missing_feeds_are_built_and_a_cached_feed_takes_one_query(client, programme, now, django_assert_num_queries):
    assert feeds.build_missing(now) == 2 * (1 + 2 + 1)
    assert feeds.build_missing(now) == 0
    with django_assert_num_queries(1):
        client.get("/fr/seances/calendrier.ics")


@pytest.mark.parametrize(
    "address", ["/en/hubs/nowhere.ics", "/en/sessions/calendar-de.ics", "/en/sessions/nothing.ics"]
)
def test_an_unknown_feed_is_a_404(client, address):
    assert client.get(address).status_code == 404


def test_an_unlisted_hub_has_no_feed(client, programme):
    programme["north"].series.hub.is_listed = False
    programme["north"].series.hub.save()
    assert client.get("/en/hubs/north.ics").status_code == 404


def test_a_session_can_be_added_to_web_calendars(client, programme):
    session = programme["english"]
    links = dict(calendars.add_links(session, session.series))
    assert f"{session.starts_at:%Y%m%dT%H%M%SZ}%2F" in links["Google"]
    assert set(links) == {"Google", "Outlook.com", "Office 365"}
    page = client.get(session.series.get_absolute_url()).content.decode()
    assert "https://calendar.google.com/calendar/render?" in page


class TestMonth:
    def test_the_month_view_shows_the_sessions_of_the_month(self, client, programme, now):
        page = client.get("/en/sessions/month/?month=2026-12").content.decode()
        assert "December 2026" in page
        assert programme["english"].series.title_en in page
        assert programme["draft"].series.title_en not in page
        assert '?month=2026-11"' in page
        assert '?month=2027-01"' in page
        assert "décembre 2026" in client.get("/fr/seances/mois/?month=2026-12").content.decode().lower()

    @pytest.mark.parametrize("month", ["", "nonsense", "2026-13", "9999-01", "1500-01"])
    def test_an_invalid_month_means_the_current_one(self, client, month, now):
        assert "November 2026" in client.get(f"/en/sessions/month/?month={month}").content.decode()

    def test_the_month_view_takes_one_query(self, client, programme, now, django_assert_num_queries):
        for _ in range(5):
            SessionFactory(now=now)
        with django_assert_num_queries(1):
            client.get("/en/sessions/month/?month=2026-12")
        assert Series.objects.count() == 11
