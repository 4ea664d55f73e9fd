"""Emails about registrations: both languages, text and HTML, and calendar entries that other parsers can read."""

import email
import email.policy
from html import unescape

import icalendar
import pytest
import vobject

from outbox.models import Message
from registrations.services import cancel, register
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def parsed(message):
    return email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)


def calendars(message):
    return [part for part in parsed(message).walk() if part.get_content_type() == "text/calendar"]


@pytest.fixture
def series(now):
    first = SessionFactory(now=now, days=10, title_en="One", title_fr="Première séance")
    SessionFactory(now=now, days=17, series=first.series, title_en="Two", title_fr="Deuxième séance, accentuée")
    return first.series


def test_the_confirmation_has_an_rfc_5546_request_for_each_session(series, now, drain):
    person = UserFactory(name="Amélie Tremblay")
    registration = register(series, person, now=now)
    (message,) = drain(now)
    parts = calendars(message)
    assert [part.get_param("method") for part in parts] == ["REQUEST", "REQUEST"]
    for part, session in zip(parts, series.sessions.all(), strict=True):
        text = part.get_content()
        calendar = vobject.readOne(text)
        assert calendar.method.value == "REQUEST"
        event = calendar.vevent
        assert event.uid.value == f"session-{session.pk}-{registration.pk}@echo.example.ca"
        assert event.sequence.value == "0"
        assert (event.dtstart.value, event.dtend.value) == (session.starts_at, session.ends_at)
        assert f"DTSTART:{session.starts_at:%Y%m%dT%H%M%SZ}" in text
        assert event.organizer.value == "mailto:calendar@echo.example.ca"
        assert event.attendee.value == f"mailto:{person.email}"
        assert (event.attendee.params["PARTSTAT"], event.attendee.params["RSVP"]) == (["ACCEPTED"], ["FALSE"])
        assert event.attendee.params["CN"] == ["Amélie Tremblay"]
        assert len(text.split("BEGIN:VEVENT")) == 2
        assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_the_cancellation_removes_the_same_entries_with_a_higher_sequence(series, now, drain):
    registration = register(series, UserFactory(), now=now)
    sequences = {str(event["UID"]): int(event["SEQUENCE"]) for event in events(drain(now)[0])}
    cancel(registration, now=now)
    (message,) = drain(now)
    assert {part.get_param("method") for part in calendars(message)} == {"CANCEL"}
    for event in events(message):
        assert event["STATUS"] == "CANCELLED"
        assert int(event["SEQUENCE"]) > sequences.pop(str(event["UID"]))
    assert sequences == {}


def events(message):
    return [icalendar.Calendar.from_ical(part.get_content()).walk("VEVENT")[0] for part in calendars(message)]


@pytest.mark.parametrize(
    ("language", "subject", "date"),
    [
        ("en", "You are registered: ", "Friday, December 4, 2026"),
        ("fr", "Votre inscription est confirmée\u00a0: ", "vendredi 4 décembre 2026"),
    ],
)
def test_email_is_html_and_text_in_the_recipients_language(now, drain, language, subject, date):
    series = SessionFactory(now=now, days=11).series
    register(series, UserFactory(language=language, name="Zoé Roy"), now=now)
    (message,) = drain(now)
    parsed_message = parsed(message)
    text = parsed_message.get_body(("plain",)).get_content()
    html = parsed_message.get_body(("html",)).get_content()
    assert parsed_message["Subject"].strip().startswith(subject)
    assert parsed_message["Content-Language"] == language
    assert parsed_message["Auto-Submitted"] == "auto-generated"
    assert f'lang="{language}-CA"' in html
    for part in (text, html):
        assert date in unescape(part).replace("\u00a0", " ")
        assert "Zoé" in part
        assert "%MISSING" not in part
    assert "<" not in text.replace("<https", "")
    assert len(message.message().as_bytes()) < 100_000


def test_a_recipient_in_another_time_zone_sees_both_times(now, drain):
    series = SessionFactory(now=now, days=11).series
    register(series, UserFactory(with_profile=True, time_zone="America/St_Johns"), now=now)
    (message,) = drain(now)
    assert "Your time: 11:30 am–12:30 pm (NT)" in message.body.replace("\u00a0", " ")


def test_a_title_cannot_add_headers(now, drain):
    series = SessionFactory(now=now).series
    series.title_en = "Pain\r\nBcc: everyone@example.ca"
    series.save()
    register(series, UserFactory(), now=now)
    (message,) = drain(now)
    assert parsed(message)["Bcc"] is None
    assert parsed(message)["Subject"] == "You are registered: Pain Bcc: everyone@example.ca"


def test_markup_in_a_title_is_escaped(now, drain):
    series = SessionFactory(now=now).series
    series.title_en = "<b>Pain & relief</b>"
    series.save()
    register(series, UserFactory(), now=now)
    (message,) = drain(now)
    assert "&lt;b&gt;Pain &amp; relief" in message.alternatives[0].content
    assert "<b>Pain & relief</b>" in message.body


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_email_about_registrations_exists_in_both_languages(now, drain, language):
    series = SessionFactory(now=now, capacity=1).series
    sent = []
    first, second, third = (register(series, UserFactory(language=language), now=now) for _ in range(3))
    sent += drain(now)
    cancel(third, now=now)
    cancel(first, now=now)
    sent += drain(now)
    assert len(sent) == 6
    assert {message.extra_headers["Content-Language"] for message in sent} == {language}
    assert Message.objects.exclude(state="sent").count() == 0
    assert set(Message.objects.values_list("message_type", flat=True)) == {
        "registered",
        "waitlisted",
        "left-waitlist",
        "cancelled",
        "seat-found",
    }
    assert second.user.email in {message.to[0] for message in sent if len(calendars(message)) == 1}
