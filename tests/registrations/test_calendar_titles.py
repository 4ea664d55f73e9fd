"""Session titles in calendars: the session's own title, or its number in the series. The same in emails, feeds and links."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import icalendar
import pytest
import time_machine
from django.utils import translation

from registrations.services import cancel, notify_session_changes, register
from registrations.services.calendar import calendar_of
from sessions_app import calendars
from sessions_app.models import Series, Session
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def series(now):
    first = SessionFactory(now=now, days=3, title_en="Pain", title_fr="La douleur")
    series = first.series
    Series.objects.filter(pk=series.pk).update(title_en="First Words", title_fr="Premiers mots")
    Session.objects.filter(pk=first.pk).update(title_en="", title_fr="")
    SessionFactory(now=now, days=10, series=series, delivery="cancelled")
    SessionFactory(now=now, days=17, series=series, title_en="Relief")
    SessionFactory(now=now, days=24, series=series)
    return Series.objects.get(pk=series.pk)


ALL = ["First Words (1 of 4)", "First Words (2 of 4)", "First Words: Relief", "First Words (4 of 4)"]
MEETING = [ALL[0], ALL[2], ALL[3]]


def titles(content):
    return [str(event["SUMMARY"]) for event in icalendar.Calendar.from_ical(content).walk("VEVENT")]


def titles_in(email):
    parts = [part for part in email.message().walk() if part.get_content_type() == "text/calendar"]
    return [title for part in parts for title in titles(part.get_payload(decode=True))]


def test_titles_in_the_confirmation_and_the_cancellation(series, now, drain):
    seat = register(series, UserFactory(), now=now)
    (email,) = drain(now)
    assert titles_in(email) == MEETING
    cancel(seat, now=now)
    (email,) = drain(now)
    assert titles_in(email) == MEETING


def test_the_title_in_an_email_about_one_session(series, now, drain, clock):
    register(series, UserFactory(language="fr"), now=now)
    drain(now)
    clock.shift(timedelta(minutes=1))
    session = series.sessions.last()
    session.ends_at += timedelta(hours=1)
    session.save()
    notify_session_changes(now + timedelta(minutes=10))
    (email,) = drain(now + timedelta(minutes=10))
    assert titles_in(email) == ["Premiers mots (4 de 4)"]


def test_titles_in_feeds_downloads_and_links(client, series, provider, now):
    register(series, provider, now=now)
    personal = f"/en/registration/calendar/{calendar_of(provider, now=now).secret}.ics"
    for address in (personal, "/en/sessions/calendar.ics", f"/en/sessions/{series.slug}.ics"):
        assert titles(client.get(address).content) == ALL, address
    with translation.override("fr"):
        links = calendars.add_links(series.sessions.first(), series)
    assert parse_qs(urlsplit(links[0][1]).query)["text"] == ["Premiers mots (1 de 4)"]


def test_postponing_a_session_does_not_renumber_the_others(client, series):
    Session.objects.filter(series=series, starts_at=series.first_starts_at).update(delivery="postponed")
    assert titles(client.get(f"/en/sessions/{series.slug}.ics").content) == ALL


def test_a_one_off_has_no_number(client, now):
    series = SessionFactory(now=now).series
    assert titles(client.get(f"/en/sessions/{series.slug}.ics").content) == [series.title_en]


def test_the_sessions_are_loaded_once_for_many_emails(now, series, drain, django_assert_max_num_queries):
    for _ in range(10):
        register(series, UserFactory(), now=now)
    with django_assert_max_num_queries(23) as queries:
        assert len(drain(now)) == 10
    session_queries = [query for query in queries if 'FROM "sessions_app_session"' in query["sql"]]
    assert len(session_queries) == 1
