"""A session is edited: everyone whom it concerns gets one message, five minutes later, with a calendar update for each seat; and
the recording."""

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
    """Two with a seat, and one who waits."""
    places = [
        register(session.series, UserFactory(with_profile=True, time_zone="America/St_Johns"), now=now)
        for _ in range(3)
    ]
    later = now + timedelta(minutes=1)
    drain(later)
    return places


def move(session, **by):
    session.starts_at += timedelta(**by)
    session.ends_at += timedelta(**by)
    session.save()


def sent(drain, moment):
    notify_session_changes(moment)
    return drain(moment)


def event(mail):
    part = next(part for part in mail.message().walk() if part.get_content_type() == "text/calendar")
    (found,) = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
    return part.get_param("method"), found


def test_however_many_saves_there_were_each_gets_one_message(session, people, drain, now, clock):
    for minute in (2, 3, 4):
        clock.move_to(now + MINUTES[minute])
        move(session, hours=1)
    assert sent(drain, now + MINUTES[6]) == []
    mails = sent(drain, now + MINUTES[7])
    assert sorted(mail.to[0] for mail in mails) == sorted(place.user.email for place in people)
    assert sent(drain, now + MINUTES[12]) == []
    for mail in [mail for mail in mails if mail.to != [people[2].user.email]]:
        assert mail.subject.startswith("A session has changed")
        body = mail.body.replace("\u00a0", " ")
        assert "Before: Thursday, December 3, 2026, 10:00–11:00 am ET" in body
        assert "Now: Thursday, December 3, 2026, 1:00–2:00 pm ET" in body
        assert "Your time: 2:30–3:30 pm (NT)" in body
        assert "<s " in mail.alternatives[0].content
        method, found = event(mail)
        assert (method, found["DTSTART"].dt) == ("REQUEST", session.starts_at)
        assert int(found["SEQUENCE"]) == 3


def test_changing_back_within_the_five_minutes_says_nothing(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    move(session, hours=1)
    clock.move_to(now + MINUTES[4])
    move(session, hours=-1)
    assert sent(drain, now + MINUTES[9]) == []
    clock.move_to(now + MINUTES[10])
    move(session, hours=2)
    assert len(sent(drain, now + MINUTES[15])) == 3


def test_what_nobody_needs_to_know_is_not_told(session, people, drain, now):
    session.title_en = "A better title"
    session.save()
    assert sent(drain, now + MINUTES[10]) == []


def test_a_new_link_is_told_without_the_link_itself(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    session.join_url = "https://meet.example.ca/b"
    session.save()
    mails = sent(drain, now + MINUTES[8])
    assert len(mails) == 2
    assert "The meeting has a new link." in mails[0].body
    assert "meet.example.ca" not in mails[0].message().as_string()


@pytest.mark.parametrize(
    ("delivery", "subject"), [("cancelled", "A session is cancelled"), ("postponed", "A session is postponed")]
)
def test_one_session_that_does_not_take_place_leaves_the_calendar(
    session, people, drain, now, clock, delivery, subject
):
    clock.move_to(now + MINUTES[2])
    session.delivery = delivery
    session.save()
    mails = sent(drain, now + MINUTES[8])
    assert [mail.subject.partition(":")[0] for mail in mails] == [subject] * 3
    mail = next(mail for mail in mails if mail.to == [people[0].user.email])
    assert "You keep your seat" in mail.body
    method, found = event(mail)
    assert (method, str(found["STATUS"])) == ("CANCEL", "CANCELLED")


def test_a_date_that_is_added_is_news_to_those_who_are_in(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    SessionFactory(now=now, days=24, series=session.series)
    mails = sent(drain, now + MINUTES[8])
    assert len(mails) == 3
    assert "A session was added." in mails[0].body


@pytest.mark.parametrize(
    ("edit", "heading"),
    [
        ({"days": 1}, "A session has a new time."),
        ({"delivery": "postponed"}, "A session is postponed."),
        ({"delivery": "cancelled"}, "A session is cancelled."),
    ],
)
def test_whoever_waits_and_whoever_is_invited_hears_of_it_too_without_a_seat(now, drain, clock, edit, heading):
    session = SessionFactory(now=now, capacity=3, join_url="https://meet.example.ca/a")
    SessionFactory(now=now, days=17, series=session.series)
    host, waiting = UserFactory(name="Ana Roy"), UserFactory()
    register(session.series, host, now=now)
    invite(session.series, [Colleague("Bo Li", "bo@example.ca")], by=host, language="en", now=now)
    register(session.series, UserFactory(), now=now)
    register(session.series, waiting, now=now)
    drain(now)
    clock.move_to(now + MINUTES[2])
    session.delivery = edit.get("delivery", "scheduled")
    move(session, days=edit.get("days", 0))
    told = {mail.to[0]: mail for mail in sent(drain, now + MINUTES[8])}
    assert len(told) == 4
    on_the_list, invited = told[waiting.email], told["bo@example.ca"]
    for mail in (on_the_list, invited):
        assert heading in mail.body
        assert "/join/" not in mail.body
        assert "keep your seat" not in mail.body
        assert mail.attachments == []
    assert "You keep your position on the waitlist" in on_the_list.body
    assert "Leave the waitlist" in on_the_list.body
    assert "Ana Roy reserved a seat for you" in invited.body.replace("\n", " ")
    assert "because a colleague reserved a seat for you" in invited.body
    assert "because you registered" in on_the_list.body
    assert "Confirm or decline: http" in invited.body.replace("\n", " ")


def test_whoever_left_the_waitlist_before_the_email_goes_is_not_told(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    move(session, hours=1)
    notify_session_changes(now + MINUTES[8])
    cancel(people[2], now=now + MINUTES[8])
    assert people[2].user.email not in [mail.to[0] for mail in drain(now + MINUTES[8]) if "changed" in mail.subject]


def test_a_session_that_was_called_off_by_mistake_is_said_to_take_place(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    session.delivery = "cancelled"
    session.save()
    sent(drain, now + MINUTES[8])
    clock.move_to(now + MINUTES[10])
    session.delivery = "scheduled"
    session.save()
    mails = sent(drain, now + MINUTES[16])
    assert len(mails) == 3
    assert all("A session will take place after all." in mail.body for mail in mails)


def test_who_registered_after_the_change_knows_the_new_time_already(session, people, drain, now, clock):
    clock.move_to(now + MINUTES[2])
    move(session, hours=1)
    cancel(people[0], now=now + MINUTES[3])
    drain(now + MINUTES[3])
    assert [mail.to[0] for mail in sent(drain, now + MINUTES[8])] == [people[1].user.email]


def test_an_import_that_writes_without_saving_is_known_as_it_stands(session, people, drain, now):
    Session.objects.bulk_create(
        [Session(series=session.series, starts_at=now + timedelta(days=40), ends_at=now + timedelta(days=41))]
    )
    assert sent(drain, now + MINUTES[8]) == []
    assert Session.objects.filter(announcement=None).count() == 0


def test_what_a_calendar_holds_after_request_change_and_cancel_is_right(session, people, drain, now, clock):
    """By UID and SEQUENCE, as RFC 5546 §2.1.5 has a calendar do it."""
    held = {}

    def receive(mails):
        for mail in mails:
            if mail.to != [people[0].user.email]:
                continue
            for part in mail.message().walk():
                if part.get_content_type() != "text/calendar":
                    continue
                (found,) = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
                uid, sequence = str(found["UID"]), int(found["SEQUENCE"])
                if uid not in held or sequence >= held[uid][0]:
                    held[uid] = (sequence, str(found["STATUS"]), found["DTSTART"].dt)

    Message.objects.filter(message_type="registered").update(state="queued", settled_at=None)
    receive(drain(now + MINUTES[1]))
    assert sorted(status for _n, status, _at in held.values()) == ["CONFIRMED", "CONFIRMED"]
    clock.move_to(now + MINUTES[2])
    move(session, hours=3)
    receive(sent(drain, now + MINUTES[8]))
    uid = f"session-{session.pk}-{people[0].pk}@echo.example.ca"
    assert held[uid][1:] == ("CONFIRMED", session.starts_at)
    clock.move_to(now + MINUTES[9])
    session.delivery = "postponed"
    session.save()
    receive(sent(drain, now + MINUTES[15]))
    assert held[uid][1] == "CANCELLED"
    clock.move_to(now + timedelta(hours=1))
    session.delivery = "scheduled"
    move(session, days=2)
    receive(sent(drain, now + timedelta(hours=1, minutes=6)))
    assert held[uid][1:] == ("CONFIRMED", session.starts_at)
    cancel(people[0], now=now + timedelta(hours=2))
    receive(drain(now + timedelta(hours=2)))
    assert {status for _n, status, _at in held.values()} == {"CANCELLED"}


def test_the_recording_is_told_to_who_came_and_to_who_asked_for_it(session, people, drain, now, clock):
    switch_to_recording(people[1], now=now)
    drain(now)
    clock.move_to(now + timedelta(days=30))
    Resource.objects.create(series=session.series, kind="slides", url="https://video.example.ca/slides")
    resource = Resource.objects.create(series=session.series, url="https://video.example.ca/1")
    resource.save()
    mails = drain(now + timedelta(days=30))
    assert len(mails) == 3  # the first, who asked for it, and who got that seat
    assert all("https://video.example.ca/1" in mail.body for mail in mails)


def test_a_series_says_how_often_it_reminds(session, people, now):
    from registrations.services import queue_due_reminders

    session.series.reminder_hours = [72, 3]
    session.series.save()
    due = [hours for hours in (80, 71, 23, 2) if queue_due_reminders(session.starts_at - timedelta(hours=hours))]
    assert due == [71, 2]
    session.series.reminder_hours = []
    session.series.save()
    Message.objects.all().delete()
    assert queue_due_reminders(session.starts_at - timedelta(hours=2)) == 0
