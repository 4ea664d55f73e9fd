"""Calendar feeds: all, a hub's, a language's; exported, cached until an edit, the same bytes, read by two parsers; and the month."""

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


def of(*sessions):
    return {f"session-{session.pk}@echo.example.ca" for session in sessions}


def test_each_feed_holds_what_its_name_says(client, programme, now):
    SessionFactory(now=now, days=12, series=programme["cancelled"].series)
    later = programme["cancelled"].series.sessions.last()
    both = (programme["cancelled"], later)
    assert uids(client.get("/en/sessions/calendar.ics")) == of(
        programme["english"], programme["french"], programme["north"], *both
    )
    assert uids(client.get("/en/hubs/north.ics")) == of(programme["north"])
    assert uids(client.get("/en/sessions/calendar-fr.ics")) == of(programme["french"], programme["north"])
    assert uids(client.get(f"/en/sessions/{programme['english'].series.slug}.ics")) == of(programme["english"])


def test_a_cancelled_session_stays_in_with_its_status_and_nobody_is_an_attendee(client, programme, now):
    SessionFactory(now=now, days=12, series=programme["cancelled"].series)
    register(programme["english"].series, UserFactory(), now=now)
    content = client.get("/en/sessions/calendar.ics").content.decode()
    assert "STATUS:CANCELLED" in content
    assert "ATTENDEE" not in content
    assert "METHOD:PUBLISH" in content


def test_calendars_are_asked_to_look_again_every_hour(client, programme):
    lines = client.get("/en/sessions/calendar.ics").content.decode().split("\r\n")
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines
    assert "X-PUBLISHED-TTL:PT1H" in lines


def test_accents_and_long_lines_come_back_whole_from_two_parsers(client, programme):
    response = client.get("/fr/seances/calendrier-fr.ics")
    assert all(len(line) <= 75 for line in response.content.split(b"\r\n"))
    ours = {str(e["SUMMARY"]) for e in icalendar.Calendar.from_ical(response.content).walk("VEVENT")}
    theirs = {event.summary.value for event in vobject.readOne(response.content.decode()).vevent_list}
    assert ours == theirs
    assert any("Séance accentuée, à l’été : très longue ligne" in summary for summary in ours)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (
            datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
            "12:30",
        ),  # the night the clocks go back: half past midnight, still summer time
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "1:30"),  # the second half past one of that night
        (datetime(2027, 3, 14, 7, 30, tzinfo=UTC), "3:30"),  # the hour after two does not exist in March
    ],
)
def test_a_session_on_the_nights_when_clocks_change_is_an_instant(client, start, said):
    series = SeriesFactory()
    Session.objects.create(series=series, starts_at=start, ends_at=start + timedelta(hours=1))
    content = client.get(f"/en/sessions/{series.slug}.ics").content.decode()
    event = vobject.readOne(content).vevent
    assert (event.dtstart.value, event.dtend.value) == (start, start + timedelta(hours=1))
    assert said in event.description.value.replace("\u00a0", " ")
    assert "VTIMEZONE" not in content


def test_the_same_facts_are_the_same_bytes_with_a_304_and_gzip(client, programme):
    first = client.get("/en/sessions/calendar.ics")
    Feed.objects.all().delete()
    assert client.get("/en/sessions/calendar.ics").content == first.content
    again = client.get("/en/sessions/calendar.ics", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again["Cache-Control"]) == (304, "public, max-age=600")
    assert client.get("/en/sessions/calendar.ics", HTTP_ACCEPT_ENCODING="gzip")["Content-Encoding"] == "gzip"


def test_a_worker_builds_the_missing_feeds_and_serving_one_is_a_lookup(
    client, programme, now, django_assert_num_queries
):
    assert feeds.build_missing(now) == 2 * (1 + 2 + 1)
    assert feeds.build_missing(now) == 0
    with django_assert_num_queries(1):
        client.get("/fr/seances/calendrier.ics")


@pytest.mark.parametrize(
    "address", ["/en/hubs/nowhere.ics", "/en/sessions/calendar-de.ics", "/en/sessions/nothing.ics"]
)
def test_what_is_no_feed_does_not_exist(client, address):
    assert client.get(address).status_code == 404


def test_a_hidden_hub_has_no_feed(client, programme):
    programme["north"].series.hub.is_listed = False
    programme["north"].series.hub.save()
    assert client.get("/en/hubs/north.ics").status_code == 404


def test_it_can_be_added_to_calendars_on_the_web(client, programme):
    session = programme["english"]
    links = dict(calendars.add_links(session, session.series))
    assert f"{session.starts_at:%Y%m%dT%H%M%SZ}%2F" in links["Google"]
    assert set(links) == {"Google", "Outlook.com", "Office 365"}
    page = client.get(session.series.get_absolute_url()).content.decode()
    assert "https://calendar.google.com/calendar/render?" in page


class TestMonth:
    def test_it_shows_the_sessions_of_the_month_on_their_days(self, client, programme, now):
        page = client.get("/en/sessions/month/?month=2026-12").content.decode()
        assert "December 2026" in page
        assert programme["english"].series.title_en in page
        assert programme["draft"].series.title_en not in page
        assert '?month=2026-11"' in page
        assert '?month=2027-01"' in page
        assert "décembre 2026" in client.get("/fr/seances/mois/?month=2026-12").content.decode().lower()

    @pytest.mark.parametrize("wanted", ["", "nonsense", "2026-13", "9999-01", "1500-01"])
    def test_what_is_no_month_is_this_one(self, client, wanted, now):
        assert "November 2026" in client.get(f"/en/sessions/month/?month={wanted}").content.decode()

    def test_a_month_takes_one_query_for_its_sessions(self, client, programme, now, django_assert_num_queries):
        for _ in range(5):
            SessionFactory(now=now)
        with django_assert_num_queries(1):
            client.get("/en/sessions/month/?month=2026-12")
        assert Series.objects.count() == 11
