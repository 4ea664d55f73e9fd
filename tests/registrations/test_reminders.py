"""Reminders a day and an hour before: each once, never after their time, never for what does not hold any more."""

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


def test_each_reminder_is_written_once(seat, session):
    start = session.starts_at
    assert queue_due_reminders(start - 24 * HOUR - timedelta(seconds=1)) == 0
    assert queue_due_reminders(start - 24 * HOUR) == 1
    assert queue_due_reminders(start - 23 * HOUR) == 0
    assert queue_due_reminders(start - HOUR) == 1
    assert queue_due_reminders(start - HOUR / 2) == 0
    assert sorted(Message.objects.values_list("message_type", flat=True)) == ["reminder-1h", "reminder-24h"]


def test_a_reminder_that_beat_was_late_for_goes_as_long_as_it_helps(seat, session):
    assert queue_due_reminders(session.starts_at - 22 * HOUR) == 1
    Message.objects.all().delete()
    assert queue_due_reminders(session.starts_at - 2 * HOUR) == 0
    assert queue_due_reminders(session.starts_at) == 0


def test_who_registers_after_the_moment_is_not_reminded_of_it(now):
    session = SessionFactory(now=now, days=0.5)
    register(session.series, UserFactory(), now=now)
    assert queue_due_reminders(now + HOUR) == 0
    assert queue_due_reminders(session.starts_at - HOUR) == 1


def test_no_reminder_for_a_place_in_line_a_given_up_seat_or_a_session_that_is_off(seat, session, now):
    cancel(seat, now=now)
    assert queue_due_reminders(session.starts_at - HOUR) == 0
    Message.objects.all().delete()
    register(seat.series, UserFactory(), now=now)
    Session.objects.filter(pk=session.pk).update(delivery="cancelled")
    assert queue_due_reminders(session.starts_at - HOUR) == 0


def test_the_reminder_carries_the_join_link_of_that_person_and_never_the_meetings_address(seat, session, drain, client):
    moment = session.starts_at - HOUR
    queue_due_reminders(moment)
    (mail,) = drain(moment)
    assert mail.to == [seat.user.email]
    link = next(line for line in mail.body.splitlines() if "/join/" in line)
    for part in (mail.body, mail.alternatives[0].content, str(mail.message())):
        assert "meet.example.ca" not in part
    assert resolve(urlsplit(link).path).view_name == "registrations:join"
    with time_machine.travel(session.starts_at - timedelta(minutes=10), tick=False):
        assert "https://meet.example.ca/secret" in client.post(urlsplit(link).path).content.decode()


def test_a_reminder_in_the_queue_is_checked_once_more_before_it_goes(seat, session, now, drain):
    moment = session.starts_at - HOUR
    queue_due_reminders(moment)
    cancel(seat, now=now)
    assert [mail.subject for mail in drain(moment) if "Your seat" not in mail.subject] == []
    assert Message.objects.get(message_type="reminder-1h").state == "expired"


def test_a_session_that_moved_is_reminded_of_anew_and_the_old_reminder_does_not_go(seat, session, drain):
    moment = session.starts_at - HOUR
    queue_due_reminders(moment)
    Session.objects.filter(pk=session.pk).update(
        starts_at=session.starts_at + 48 * HOUR, ends_at=session.ends_at + 48 * HOUR
    )
    assert drain(moment) == []
    assert Message.objects.get().reason == "The session is not at that time any more."
    assert queue_due_reminders(moment + 48 * HOUR) == 1
    assert len(drain(moment + 48 * HOUR)) == 1


def test_a_reminder_never_comes_after_its_session(seat, session, drain):
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
def test_each_reminder_says_how_far_away_the_session_is(now, drain, language, subjects):
    """Two reminders with one subject end up in one thread, and nobody sees the second."""
    session = SessionFactory(now=now, reminder_hours=[72, 24, 1])
    register(session.series, UserFactory(language=language), now=now)
    drain(now)
    for hours, subject in zip((72, 24, 1), subjects, strict=True):
        moment = session.starts_at - hours * HOUR
        queue_due_reminders(moment)
        (mail,) = drain(moment + timedelta(seconds=5))
        assert mail.subject.replace("\u00a0", " ").startswith(subject)
        words = subject.partition(",")[0]
        assert f"\n\n{words}" in mail.body
        html = mail.alternatives[0].content
        assert re.search(rf'<div class="hide"[^>]*>\s*{words}', html)
        assert re.search(rf"<h1[^>]*>{words}", html)


def test_a_reminder_that_waited_says_how_far_away_the_session_is_by_then(seat, session, drain):
    queue_due_reminders(session.starts_at - 24 * HOUR)
    (mail,) = drain(session.starts_at - 5 * HOUR)
    assert mail.subject.startswith("In 5 hours, ")


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ([24, 1], "We’ll send you a reminder a day and an hour before each session."),
        ([2, 72], "We’ll send you a reminder 3 days and 2 hours before each session."),
        ([], "We don’t send reminders for this series."),
    ],
)
def test_page_email_and_panel_say_when_this_series_reminds(now, client, provider, drain, hours, sentence):
    with time_machine.travel(now, tick=False):
        series = SessionFactory(now=now, reminder_hours=hours).series
        client.force_login(provider)
        page = client.post(f"/en/registration/{series.slug}/", follow=True).content.decode()
        assert sentence in " ".join(page.split())
        panel = client.get(f"/en/registration/{series.slug}/panel/").content.decode()
        assert sentence in " ".join(panel.split())
        (mail,) = drain(now)
        assert sentence in " ".join(mail.body.split())
