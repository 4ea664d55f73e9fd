"""What the mails of registering say and carry: both languages, text and HTML, a calendar that other parsers read."""

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


def test_the_confirmation_carries_one_invitation_a_session_as_rfc_5546_asks(series, now, drain):
    person = UserFactory(name="Amélie Tremblay")
    registration = register(series, person, now=now)
    (message,) = drain(now)
    parts = calendars(message)
    assert [part.get_param("method") for part in parts] == ["REQUEST", "REQUEST"]
    for part, session in zip(parts, series.sessions.all(), strict=True):
        text = part.get_content()
        theirs = vobject.readOne(text)
        assert theirs.method.value == "REQUEST"
        event = theirs.vevent
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


def test_cancelling_takes_the_same_entries_out_with_a_higher_sequence(series, now, drain):
    registration = register(series, UserFactory(), now=now)
    asked = {str(event["UID"]): int(event["SEQUENCE"]) for event in events(drain(now)[0])}
    cancel(registration, now=now)
    (message,) = drain(now)
    assert {part.get_param("method") for part in calendars(message)} == {"CANCEL"}
    for event in events(message):
        assert event["STATUS"] == "CANCELLED"
        assert int(event["SEQUENCE"]) > asked.pop(str(event["UID"]))
    assert asked == {}


def events(message):
    return [icalendar.Calendar.from_ical(part.get_content()).walk("VEVENT")[0] for part in calendars(message)]


@pytest.mark.parametrize(
    ("language", "subject", "says"),
    [
        ("en", "You are registered: ", "Friday, December 4, 2026"),
        ("fr", "Votre inscription est confirmée\u00a0: ", "vendredi 4 décembre 2026"),
    ],
)
def test_mail_is_html_and_text_in_the_readers_language(now, drain, language, subject, says):
    series = SessionFactory(now=now, days=11).series
    register(series, UserFactory(language=language, name="Zoé Roy"), now=now)
    (message,) = drain(now)
    mail = parsed(message)
    text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert mail["Subject"].strip().startswith(subject)
    assert mail["Content-Language"] == language
    assert mail["Auto-Submitted"] == "auto-generated"
    assert f'lang="{language}-CA"' in html
    for part in (text, html):
        assert says in unescape(part).replace("\u00a0", " ")
        assert "Zoé" in part
        assert "%MISSING" not in part
    assert "<" not in text.replace("<https", "")
    assert len(message.message().as_bytes()) < 100_000


def test_the_reader_elsewhere_sees_both_clocks(now, drain):
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


def test_nothing_an_author_wrote_is_markup_in_mail(now, drain):
    series = SessionFactory(now=now).series
    series.title_en = "<b>Pain & relief</b>"
    series.save()
    register(series, UserFactory(), now=now)
    (message,) = drain(now)
    assert "&lt;b&gt;Pain &amp; relief" in message.alternatives[0].content
    assert "<b>Pain & relief</b>" in message.body


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_kind_of_mail_of_this_room_goes_in_both_languages(now, drain, language):
    series = SessionFactory(now=now, capacity=1).series
    sent = []
    first, second, third = (register(series, UserFactory(language=language), now=now) for _ in range(3))
    sent += drain(now)
    cancel(third, now=now)
    cancel(first, now=now)
    sent += drain(now)
    assert len(sent) == 6
    assert {mail.extra_headers["Content-Language"] for mail in sent} == {language}
    assert Message.objects.exclude(state="sent").count() == 0
    assert set(Message.objects.values_list("message_type", flat=True)) == {
        "registered",
        "waitlisted",
        "left-waitlist",
        "cancelled",
        "seat-found",
    }
    assert second.user.email in {mail.to[0] for mail in sent if len(calendars(mail)) == 1}
