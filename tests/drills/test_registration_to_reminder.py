"""The main job of the portal on real processes: a newcomer registers, then gets one confirmation and one reminder per session."""

import re
from datetime import timedelta

import icalendar
import pytest
import vobject
from django.utils import timezone

from outbox.models import Message
from registrations.models import Attendance, Registration
from sessions_app.models import Session
from tests.conftest import free_port
from tests.factories import SeriesFactory, SessionFactory
from tests.processes import Browser, Portal, wait_until


@pytest.fixture
def portal(transactional_db, smtp, tmp_path):
    portal = Portal(tmp_path, free_port(), EMAIL_URL=f"smtp://127.0.0.1:{smtp.port}")
    portal.start()
    try:
        wait_until(portal.is_up, "The start of the web server", 40)
        yield portal
    finally:
        portal.stop()


def subjects(smtp):
    return [str(email["Subject"]) for email in smtp.messages]


def wait_for_email(smtp, words, seconds=30):
    wait_until(lambda: any(words in subject for subject in subjects(smtp)), f"An email “{words}”", seconds)
    return next(email for email in smtp.messages if words in str(email["Subject"]))


def calendar_parts(email):
    return [part for part in email.walk() if part.get_content_type() == "text/calendar"]


def test_a_newcomer_registers_and_gets_each_email_once(portal, smtp):
    now = timezone.now()
    series = SeriesFactory(
        slug="first-words", title_en="First Words", registration_opens_at=now - timedelta(days=9), capacity=5
    )
    first = SessionFactory(now=now, days=10, series=series, join_url="https://meet.example.ca/one")
    second = SessionFactory(now=now, days=20, series=series, join_url="https://meet.example.ca/two")

    browser = Browser(portal.address)
    assert "Open: 5 seats left" in browser.get("/en/sessions/first-words/")
    browser.get("/en/registration/first-words/")
    browser.post(name="Zoé Roy", email="zoe@example.ca", profession="physician", province="QC")
    code = re.search(r"\d{6}", str(wait_for_email(smtp, "Your code")["Subject"]))[0]
    page = browser.post(code=code)
    assert "You are registered, Zoé Roy." in page
    assert "Open: 4 seats left" in browser.get("/en/sessions/first-words/")

    confirmation = wait_for_email(smtp, "You are registered: First Words")
    assert confirmation["To"] == "zoe@example.ca"
    registration = Registration.objects.get()
    parts = calendar_parts(confirmation)
    assert len(parts) == 2
    for part, session in zip(parts, (first, second), strict=True):
        assert part.get_param("method") == "REQUEST"
        text = part.get_content()
        calendar = vobject.readOne(text)
        event = calendar.vevent
        assert calendar.method.value == "REQUEST"
        assert event.uid.value.startswith(f"session-{session.pk}-{registration.pk}@")
        assert event.sequence.value == "0"
        assert event.dtstart.value == session.starts_at.replace(microsecond=0)
        assert re.search(r"DTSTART:\d{8}T\d{6}Z", text)
        assert re.search(r"DTEND:\d{8}T\d{6}Z", text)
        assert event.organizer.value == "mailto:calendar@echo.example.ca"
        assert event.attendee.value == "mailto:zoe@example.ca"
        assert icalendar.Calendar.from_ical(text).walk("VEVENT")[0]["UID"] == event.uid.value

    # Move the dates: registered long ago, one session in 23 hours, the other in ten minutes.
    now = timezone.now()
    Registration.objects.update(confirmed_at=now - timedelta(days=30))
    for session, starts_in in ((first, timedelta(hours=23)), (second, timedelta(minutes=10))):
        Session.objects.filter(pk=session.pk).update(
            starts_at=now + starts_in, ends_at=now + starts_in + timedelta(hours=1)
        )
    wait_until(
        lambda: Message.objects.filter(message_type__startswith="reminder", state="sent").count() == 2,
        "Two reminders",
        30,
    )
    reminders = [
        email
        for email in smtp.messages
        if "/join/" in email.get_body(("plain",)).get_content() and not calendar_parts(email)
    ]
    assert len(reminders) == 2
    assert all("meet.example.ca" not in email.as_string() for email in reminders)

    # The link for the session that starts soon leads to the meeting. The other page has no button yet.
    assert {meeting_url(join_link(email)) for email in reminders} == {"https://meet.example.ca/two", None}
    assert Attendance.objects.get().session == second

    # Beat continues, and nothing is sent twice.
    before = portal.ticks("registrations.tasks.queue_due_reminders")
    wait_until(
        lambda: portal.ticks("registrations.tasks.queue_due_reminders") >= before + 3, "Three more ticks of beat", 20
    )
    assert Message.objects.count() == 4
    assert len(smtp.messages) == 4  # a code, a confirmation, two reminders
    assert len({email["Message-ID"] for email in smtp.messages}) == 4


def join_link(email):
    return next(line for line in email.get_body(("plain",)).get_content().splitlines() if "/join/" in line)


def meeting_url(link):
    """Return the address that the join button leads to, or None if the page has no button yet."""
    browser = Browser(link)
    if 'method="post"' not in browser.get(link):
        return None
    return re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', browser.post())[1]
