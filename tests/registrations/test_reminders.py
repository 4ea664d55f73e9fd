"""Reminders a day and an hour before a session: each is sent once, not too late, and only if it still applies."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.urls import resolve

from outbox.models import Message
from registrations.services import cancel, queue_due_reminders, register
from sessions_app.models import Session
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def seat(now, provider):
    session = SessionFactory(now=now, days=10, join_url="https://meet.example.ca/secret")
    registration = register(session.series, provider, now=now)
    Message.objects.all().delete()
    return registration


@pytest.fixture
def session(seat):
    return seat.series.sessions.get()


def test_each_reminder_is_queued_once(seat, session):
    start = session.starts_at
    assert queue_due_reminders(start - 24 * HOUR - timedelta(seconds=1)) == 0
    assert queue_due_reminders(start - 24 * HOUR) == 1
    assert queue_due_reminders(start - 23 * HOUR) == 0
    assert queue_due_reminders(start - HOUR) == 1
    assert queue_due_reminders(start - HOUR / 2) == 0
    assert sorted(Message.objects.values_list("message_type", flat=True)) == ["reminder-1h", "reminder-24h"]


def test_a_late_reminder_is_queued_only_while_it_is_useful(seat, session):
    assert queue_due_reminders(session.starts_at - 22 * HOUR) == 1
    Message.objects.all().delete()
    assert queue_due_reminders(session.starts_at - 2 * HOUR) == 0
    assert queue_due_reminders(session.starts_at) == 0


def test_a_person_who_registers_after_the_reminder_time_does_not_get_it(now):
    session = SessionFactory(now=now, days=0.5)
    register(session.series, UserFactory(), now=now)
    assert queue_due_reminders(now + HOUR) == 0
    assert queue_due_reminders(session.starts_at - HOUR) == 1


def test_a_cancelled_registration_or_session_gets_no_reminder(seat, session, now):
    cancel(seat, now=now)
    assert queue_due_reminders(session.starts_at - HOUR) == 0
    Message.objects.all().delete()
    register(seat.series, UserFactory(), now=now)
    Session.objects.filter(pk=session.pk).update(delivery="cancelled")
    assert queue_due_reminders(session.starts_at - HOUR) == 0


def test_the_reminder_has_the_personal_join_link_and_not_the_meeting_link(seat, session, drain, client):
    moment = session.starts_at - HOUR
    queue_due_reminders(moment)
    (email,) = drain(moment)
    assert email.to == [seat.user.email]
    link = next(line for line in email.body.splitlines() if "/join/" in line)
    for part in (email.body, email.alternatives[0].content, str(email.message())):
        assert "meet.example.ca" not in part
    assert resolve(urlsplit(link).path).view_name == "registrations:join"
    with time_machine.travel(session.starts_at - timedelta(minutes=10), tick=False):
        assert "https://meet.example.ca/secret" in client.post(urlsplit(link).path).content.decode()


def test_a_queued_reminder_expires_if_the_registration_is_cancelled(seat, session, now, drain):
    moment = session.starts_at - HOUR
    queue_due_reminders(moment)
    cancel(seat, now=now)
    assert [email.subject for email in drain(moment) if "Your seat" not in email.subject] == []
    assert Message.objects.get(message_type="reminder-1h").state == "expired"


def test_a_moved_session_gets_a_new_reminder_and_the_old_one_expires(seat, session, drain):
    moment = session.starts_at - HOUR
    queue_due_reminders(moment)
    Session.objects.filter(pk=session.pk).update(
        starts_at=session.starts_at + 48 * HOUR, ends_at=session.ends_at + 48 * HOUR
    )
    assert drain(moment) == []
    assert Message.objects.get().reason == "The session is not at that time any more."
    assert queue_due_reminders(moment + 48 * HOUR) == 1
    assert len(drain(moment + 48 * HOUR)) == 1


def test_a_reminder_expires_when_its_session_starts(seat, session, drain):
    queue_due_reminders(session.starts_at - HOUR)
    assert drain(session.starts_at) == []
    assert Message.objects.get().state == "expired"


@pytest.mark.parametrize(
    ("language", "subjects"),
    [
        ("en", ["In 3 days, 10:00 am ET: ", "Tomorrow, 10:00 am ET: ", "In one hour, 10:00 am ET: "]),
        ("fr", ["Dans 3 jours, à 10 h (HE) : ", "Demain, à 10 h (HE) : ", "Dans une heure, à 10 h (HE) : "]),
    ],
)
def test_each_reminder_says_how_soon_the_session_is(now, drain, language, subjects):
    """Email apps group messages with the same subject, so readers would not see the second reminder."""
    session = SessionFactory(now=now, reminder_hours=[72, 24, 1])
    register(session.series, UserFactory(language=language), now=now)
    drain(now)
    for hours, subject in zip((72, 24, 1), subjects, strict=True):
        moment = session.starts_at - hours * HOUR
        queue_due_reminders(moment)
        (email,) = drain(moment + timedelta(seconds=5))
        assert email.subject.replace("\u00a0", " ").startswith(subject)
        words = subject.partition(",")[0]
        assert f"\n\n{words}" in email.body
        html = email.alternatives[0].content
        assert re.search(rf'<div class="hide"[^>]*>\s*{words}', html)
        assert re.search(rf"<h1[^>]*>{words}", html)


def test_a_delayed_reminder_says_how_soon_the_session_is_when_it_is_sent(seat, session, drain):
    queue_due_reminders(session.starts_at - 24 * HOUR)
    (email,) = drain(session.starts_at - 5 * HOUR)
    assert email.subject.startswith("In 5 hours, ")


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ([24, 1], "We’ll send you a reminder a day and an hour before each session."),
        ([2, 72], "We’ll send you a reminder 3 days and 2 hours before each session."),
        ([], "We don’t send reminders for this series."),
    ],
)
def test_page_email_and_panel_say_when_reminders_are_sent(now, client, provider, drain, hours, sentence):
    with time_machine.travel(now, tick=False):
        series = SessionFactory(now=now, reminder_hours=hours).series
        client.force_login(provider)
        page = client.post(f"/en/registration/{series.slug}/", follow=True).content.decode()
        assert sentence in " ".join(page.split())
        panel = client.get(f"/en/registration/{series.slug}/panel/").content.decode()
        assert sentence in " ".join(panel.split())
        (email,) = drain(now)
        assert sentence in " ".join(email.body.split())
