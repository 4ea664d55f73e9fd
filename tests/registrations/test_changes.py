"""Emails about edited sessions: one per person, five minutes after the last edit, with a calendar update for each seat. Also
emails about recordings."""

from datetime import timedelta

import icalendar
import pytest
import time_machine

from outbox.models import Message
from registrations.services import cancel, invite, notify_session_changes, register, switch_to_recording
from registrations.services.colleagues import Colleague
from sessions_app.models import Resource, Session
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
MINUTES = [timedelta(minutes=n) for n in range(20)]


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def session(now):
    session = SessionFactory(now=now, join_url="https://meet.example.ca/a", capacity=2)
    SessionFactory(now=now, days=17, series=session.series)
    return session


@pytest.fixture
def people(session, now, drain):
    """Two confirmed registrations and one waitlisted."""
    registrations = [
        register(session.series, UserFactory(with_profile=True, time_zone="America/St_Johns"), now=now)
        for _ in range(3)
    ]
    later = now + timedelta(minutes=1)
    drain(later)
    return registrations


def move(session, **by):
    session.starts_at += timedelta(**by)
    session.ends_at += timedelta(**by)
    session.save()


def sent(drain, moment):
    notify_session_changes(moment)
    return drain(moment)


def event(email):
    part = next(part for part in email.message().walk() if part.get_content_type() == "text/calendar")
    (found,) = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
    return part.get_param("method"), found


def test_several_edits_are_one_email_per_person(session, people, drain, now, clock):
    for minute in (2, 3, 4):
        clock.move_to(now + MINUTES[minute])
        move(session, hours=1)
    assert sent(drain, now + MINUTES[6]) == []
    emails = sent(drain, now + MINUTES[7])
    assert sorted(email.to[0] for email in emails) == sorted(registration.user.email for registration in people)
    assert sent(drain, now + MINUTES[12]) == []
    for email in [email for email in emails if email.to != [people[2].user.email]]:
        assert email.subject.startswith("A session has changed")
        body = email.body.replace("\u00a0", " ")
        assert "Before: Thursday, December 3, 2026, 10:00–11:00 am ET" in body
        assert "Now: Thursday, December 3, 2026, 1:00–2:00 pm ET" in body
        assert "Your time: 2:30–3:30 pm (NT)" in body
        assert "<s " in email.alternatives[0].content
        method, found = event(email)
        assert (method, found["DTSTART"].dt) == ("REQUEST", session.starts_at)
        assert int(found["SEQUENCE"]) == 3


def test_undoing_an_edit_within_five_minutes_sends_nothing(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    move(session, hours=1)
    clock.move_to(now + MINUTES[4])
    move(session, hours=-1)
    assert sent(drain, now + MINUTES[9]) == []
    clock.move_to(now + MINUTES[10])
    move(session, hours=2)
    assert len(sent(drain, now + MINUTES[15])) == 3


def test_an_unimportant_edit_sends_nothing(session, people, drain, now):
    session.title_en = "A better title"
    session.save()
    assert sent(drain, now + MINUTES[10]) == []


def test_a_new_meeting_link_is_announced_without_the_link(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    session.join_url = "https://meet.example.ca/b"
    session.save()
    emails = sent(drain, now + MINUTES[8])
    assert len(emails) == 2
    assert "The meeting has a new link." in emails[0].body
    assert "meet.example.ca" not in emails[0].message().as_string()


@pytest.mark.parametrize(
    ("delivery", "subject"), [("cancelled", "A session is cancelled"), ("postponed", "A session is postponed")]
)
def test_a_cancelled_or_postponed_session_is_removed_from_calendars(
    session, people, drain, now, clock, delivery, subject
):
    clock.move_to(now + MINUTES[2])
    session.delivery = delivery
    session.save()
    emails = sent(drain, now + MINUTES[8])
    assert [email.subject.partition(":")[0] for email in emails] == [subject] * 3
    email = next(email for email in emails if email.to == [people[0].user.email])
    assert "You keep your seat" in email.body
    method, found = event(email)
    assert (method, str(found["STATUS"])) == ("CANCEL", "CANCELLED")


def test_an_added_session_is_announced(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    SessionFactory(now=now, days=24, series=session.series)
    emails = sent(drain, now + MINUTES[8])
    assert len(emails) == 3
    assert "A session was added." in emails[0].body


@pytest.mark.parametrize(
    ("edit", "heading"),
    [
        ({"days": 1}, "A session has a new date or time."),
        ({"delivery": "postponed"}, "A session is postponed."),
        ({"delivery": "cancelled"}, "A session is cancelled."),
    ],
)
def test_waitlisted_and_invited_people_are_notified_too(now, drain, clock, edit, heading):
    session = SessionFactory(now=now, capacity=3, join_url="https://meet.example.ca/a")
    SessionFactory(now=now, days=17, series=session.series)
    host, waitlisted = UserFactory(name="Ana Roy"), UserFactory()
    register(session.series, host, now=now)
    invite(session.series, [Colleague("Bo Li", "bo@example.ca")], by=host, language="en", now=now)
    register(session.series, UserFactory(), now=now)
    register(session.series, waitlisted, now=now)
    drain(now)
    clock.move_to(now + MINUTES[2])
    session.delivery = edit.get("delivery", "scheduled")
    move(session, days=edit.get("days", 0))
    received = {email.to[0]: email for email in sent(drain, now + MINUTES[8])}
    assert len(received) == 4
    to_waitlisted, to_invited = received[waitlisted.email], received["bo@example.ca"]
    for email in (to_waitlisted, to_invited):
        assert heading in email.body
        assert "/join/" not in email.body
        assert "keep your seat" not in email.body
        assert email.attachments == []
    assert "You keep your position on the waitlist" in to_waitlisted.body
    assert "Leave the waitlist" in to_waitlisted.body
    assert "Ana Roy reserved a seat for you" in to_invited.body.replace("\n", " ")
    assert "because a colleague reserved a seat for you" in to_invited.body
    assert "because you registered" in to_waitlisted.body
    assert "Confirm or decline: http" in to_invited.body.replace("\n", " ")


def test_a_person_who_leaves_the_waitlist_before_the_email_is_sent_does_not_get_it(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    move(session, hours=1)
    notify_session_changes(now + MINUTES[8])
    cancel(people[2], now=now + MINUTES[8])
    assert people[2].user.email not in [email.to[0] for email in drain(now + MINUTES[8]) if "changed" in email.subject]


def test_undoing_a_cancellation_is_announced(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    session.delivery = "cancelled"
    session.save()
    sent(drain, now + MINUTES[8])
    clock.move_to(now + MINUTES[10])
    session.delivery = "scheduled"
    session.save()
    emails = sent(drain, now + MINUTES[16])
    assert len(emails) == 3
    assert all("A session will take place after all." in email.body for email in emails)


def test_a_person_who_got_their_seat_after_the_change_is_not_notified(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    move(session, hours=1)
    cancel(people[0], now=now + MINUTES[3])
    drain(now + MINUTES[3])
    assert [email.to[0] for email in sent(drain, now + MINUTES[8])] == [people[1].user.email]


def test_sessions_added_in_bulk_are_not_announced(session, people, drain, now):
    Session.objects.bulk_create(
        [Session(series=session.series, starts_at=now + timedelta(days=40), ends_at=now + timedelta(days=41))]
    )
    assert sent(drain, now + MINUTES[8]) == []
    assert Session.objects.filter(announcement=None).count() == 0


def test_calendar_entries_are_correct_after_changes_and_a_cancellation(session, people, drain, now, clock):
    """Applies the updates by UID and SEQUENCE as a calendar app does (RFC 5546 §2.1.5)."""
    entries = {}

    def receive(emails):
        for email in emails:
            if email.to != [people[0].user.email]:
                continue
            for part in email.message().walk():
                if part.get_content_type() != "text/calendar":
                    continue
                (found,) = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
                uid, sequence = str(found["UID"]), int(found["SEQUENCE"])
                if uid not in entries or sequence >= entries[uid][0]:
                    entries[uid] = (sequence, str(found["STATUS"]), found["DTSTART"].dt)

    Message.objects.filter(message_type="registered").update(state="queued", settled_at=None)
    receive(drain(now + MINUTES[1]))
    assert sorted(status for _n, status, _at in entries.values()) == ["CONFIRMED", "CONFIRMED"]
    clock.move_to(now + MINUTES[2])
    move(session, hours=3)
    receive(sent(drain, now + MINUTES[8]))
    uid = f"session-{session.pk}-{people[0].pk}@echo.example.ca"
    assert entries[uid][1:] == ("CONFIRMED", session.starts_at)
    clock.move_to(now + MINUTES[9])
    session.delivery = "postponed"
    session.save()
    receive(sent(drain, now + MINUTES[15]))
    assert entries[uid][1] == "CANCELLED"
    clock.move_to(now + timedelta(hours=1))
    session.delivery = "scheduled"
    move(session, days=2)
    receive(sent(drain, now + timedelta(hours=1, minutes=6)))
    assert entries[uid][1:] == ("CONFIRMED", session.starts_at)
    cancel(people[0], now=now + timedelta(hours=2))
    receive(drain(now + timedelta(hours=2)))
    assert {status for _n, status, _at in entries.values()} == {"CANCELLED"}


def test_a_recording_is_announced_to_everyone_with_a_seat_or_recording_only(session, people, drain, now, clock):
    switch_to_recording(people[1], now=now)
    drain(now)
    clock.move_to(now + timedelta(days=30))
    Resource.objects.create(series=session.series, kind="slides", url="https://video.example.ca/slides")
    resource = Resource.objects.create(series=session.series, url="https://video.example.ca/1")
    resource.save()
    emails = drain(now + timedelta(days=30))
    assert len(emails) == 3  # one with a seat, one recording-only, one promoted from the waitlist
    assert all("https://video.example.ca/1" in email.body for email in emails)


def test_reminder_times_can_be_set_for_each_series(session, people, now):
    from registrations.services import queue_due_reminders

    session.series.reminder_hours = [72, 3]
    session.series.save()
    due = [hours for hours in (80, 71, 23, 2) if queue_due_reminders(session.starts_at - timedelta(hours=hours))]
    assert due == [71, 2]
    session.series.reminder_hours = []
    session.series.save()
    Message.objects.all().delete()
    assert queue_due_reminders(session.starts_at - timedelta(hours=2)) == 0
