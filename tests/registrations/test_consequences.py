"""Before an edit is saved, the page says whom it reaches. What it says is what happens when the edit is saved."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from outbox.models import Message
from registrations.consequences import Kind, consequences
from registrations.models import Announcement, Registration
from registrations.services import cancel, invite, notify_session_changes, queue_due_reminders, register
from registrations.services.colleagues import Colleague
from sessions_app.editing.data import SessionData, read
from sessions_app.editing.writing import edited_copy, write
from sessions_app.models import Delivery, Feed, Session
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def series(now):
    """A full series with two sessions: two people with a seat, an invited colleague and someone on the waitlist."""
    session = SessionFactory(now=now, join_url="https://meet.example.ca/a", capacity=6, title_fr="Première séance")
    series = session.series
    SessionFactory(now=now, days=17, series=series)
    people = [UserFactory(with_profile=True) for _ in range(3)]
    for person in people[:2]:
        register(series, person, now=now)
    invite(series, [Colleague("Ada", "ada@example.ca")], by=people[0], language="en", now=now)
    series.refresh_from_db()
    series.capacity = 3
    series.save()
    register(series, people[2], now=now)
    series.refresh_from_db()
    return series


def edit_first(data, **values):
    return replace(data, sessions=[replace(data.sessions[0], **values), *data.sessions[1:]])


def moved(data, by=DAY):
    first = data.sessions[0]
    return edit_first(data, starts_at=first.starts_at + by, ends_at=first.ends_at + by)


def save(series, data):
    """Save an edit for real, as the editing services do."""
    write(series, read(series), data, timezone.now())


def emails_after(series, data, drain, now, clock):
    """Save the edit two minutes later and return the emails that people then get."""
    clock.move_to(now + timedelta(minutes=2))
    drain(now + timedelta(minutes=2))
    save(series, data)
    notify_session_changes(now + timedelta(minutes=8))
    return drain(now + timedelta(minutes=8))


def test_a_moved_session_reaches_those_with_a_seat_on_the_waitlist_and_invited(series, drain, now, clock):
    data = moved(read(series))
    found = consequences(series, data, now)
    (change,) = found.sessions
    assert change.kind == Kind.MOVED
    assert (found.reach.seats, found.reach.waitlisted, found.reach.invited) == (2, 1, 1)
    assert found.calendars_updated == 2
    emails = emails_after(series, data, drain, now, clock)
    assert len(emails) == found.reach.total
    assert {"ada@example.ca"} < {email.to[0] for email in emails}
    waitlisted = Registration.objects.waitlisted().get(series=series).user
    assert waitlisted.email in {email.to[0] for email in emails}


def test_the_examples_read_like_the_emails_that_are_sent(series, drain, now, clock):
    data = moved(read(series))
    examples = consequences(series, data, now).emails
    emails = emails_after(series, data, drain, now, clock)
    with_seat = Registration.objects.coming().filter(series=series).first().user
    sent = next(email for email in emails if email.to == [with_seat.email])
    shown = examples[0].versions["en"]
    assert shown.subject == sent.subject

    def lines_without_links(text):
        return [line for line in text.splitlines() if "http" not in line]

    assert lines_without_links(shown.text) == lines_without_links(sent.body)
    assert "Une séance a changé d’heure ou de date." in examples[0].versions["fr"].text
    assert [str(example.to) for example in examples] == [
        "People with a seat",
        "People on the waitlist",
        "Invited colleagues who haven’t answered yet",
    ]


def test_looking_at_the_consequences_leaves_nothing_behind(series, now, django_capture_on_commit_callbacks):
    Feed.objects.create(name="program", language="en", content=b"", made_at=now)

    def state():
        return [
            list(type(series).objects.values()),
            list(Session.objects.order_by("pk").values()),
            list(Announcement.objects.order_by("pk").values()),
            list(Registration.objects.order_by("pk").values()),
            Message.objects.count(),
            Feed.objects.count(),
            User.objects.count(),
            Session.events.rel.related_model.objects.count(),
        ]

    before = state()
    with django_capture_on_commit_callbacks() as callbacks:
        data = moved(read(series)).with_values(capacity=10, registration_closes_at=now + DAY)
        assert not consequences(series, data, now).is_empty
    assert state() == before
    assert callbacks == []


def test_a_new_link_reaches_only_those_with_a_confirmed_seat(series, drain, now, clock):
    data = edit_first(read(series), join_url="https://meet.example.ca/b")
    found = consequences(series, data, now)
    assert [change.kind for change in found.sessions] == [Kind.LINK]
    assert (found.reach.total, found.reach.seats) == (2, 2)
    assert len(emails_after(series, data, drain, now, clock)) == 2


def test_a_new_session_reaches_everyone(series, drain, now, clock):
    data = read(series)
    new = SessionData(starts_at=now + 20 * DAY, ends_at=now + 20 * DAY + timedelta(hours=1))
    data = replace(data, sessions=[*data.sessions, new])
    found = consequences(series, data, now)
    assert [change.kind for change in found.sessions] == [Kind.ADDED]
    assert len(emails_after(series, data, drain, now, clock)) == found.reach.total == 4


def test_a_session_that_is_left_out_is_cancelled_for_everyone(series, drain, now, clock):
    data = read(series)
    data = replace(data, sessions=data.sessions[1:])
    found = consequences(series, data, now)
    assert [change.kind for change in found.sessions] == [Kind.CANCELLED]
    assert len(emails_after(series, data, drain, now, clock)) == found.reach.total == 4
    assert found.emails[0].versions["en"].subject.startswith("A session is cancelled")


def test_a_new_date_brings_a_postponed_session_back(series, now):
    session = series.sessions.first()
    session.delivery = Delivery.POSTPONED
    session.save()
    Announcement.objects.filter(session=session).update(delivery=Delivery.POSTPONED, changed_at=None)
    found = consequences(series, moved(read(series)), now)
    assert found.sessions[0].session.delivery == Delivery.SCHEDULED


def test_seats_that_are_added_go_to_the_waitlist_at_once(series, drain, now, clock):
    data = read(series).with_values(capacity=5)
    found = consequences(series, data, now)
    assert (found.promoted, found.still_waiting, found.reach.total) == (1, 0, 0)
    assert [str(example.to) for example in found.emails] == ["People on the waitlist who get a seat"]
    emails = emails_after(series, data, drain, now, clock)
    assert [email.subject for email in emails] == [found.emails[0].versions["en"].subject]


def test_someone_who_gets_a_seat_in_a_moved_session_gets_one_email(series, drain, now, clock):
    data = moved(read(series)).with_values(capacity=5)
    found = consequences(series, data, now)
    assert (found.promoted, found.reach.total) == (1, 3)
    assert len(emails_after(series, data, drain, now, clock)) == 4


def test_closing_registration_earlier_ends_the_waitlist(series, drain, now, clock):
    data = read(series).with_values(registration_closes_at=now - timedelta(minutes=1))
    found = consequences(series, data, now)
    assert (found.waitlist_ended, found.promoted) == (1, 0)
    emails = emails_after(series, data, drain, now, clock)
    assert [email.subject for email in emails] == [found.emails[0].versions["en"].subject]


def test_reminders_move_with_the_session(series, now):
    found = consequences(series, moved(read(series)), now)
    start = series.sessions.first().starts_at
    rows = [(row.hours, row.before, row.after) for row in found.reminders]
    assert rows == [
        (24, start - DAY, start),
        (1, start - timedelta(hours=1), start + DAY - timedelta(hours=1)),
    ]


def test_a_reminder_whose_time_has_passed_leaves_at_once(series, now, drain, clock):
    """A session in ten days moves to five hours from now: both reminders follow, the early one right away."""
    data = moved(read(series), by=timedelta(hours=5) - 10 * DAY)
    clock.move_to(now + timedelta(minutes=1))
    found = consequences(series, data, now + timedelta(minutes=1))
    assert [row.after for row in found.reminders] == [now + timedelta(minutes=1), now + timedelta(hours=4)]
    Registration.objects.update(confirmed_at=now - 2 * DAY)
    save(series, data)
    assert queue_due_reminders(now + timedelta(minutes=1)) == 2


def test_other_reminder_hours_reach_those_with_a_seat(series, now):
    found = consequences(series, read(series).with_values(reminder_hours=[48, 1]), now)
    assert {(row.hours, bool(row.before), bool(row.after)) for row in found.reminders} == {
        (48, False, True),
        (24, True, False),
    }
    assert not found.is_empty


def test_wording_and_unreached_people_have_no_consequences(series, now):
    assert consequences(series, edit_first(read(series), title_en="A better title"), now).is_empty
    for registration in Registration.objects.active().filter(series=series).order_by("state", "pk"):
        cancel(registration, now=now)
    for registration in Registration.objects.active().filter(series=series):
        cancel(registration, now=now)
    series.refresh_from_db()
    assert consequences(series, moved(read(series)), now).is_empty


@pytest.mark.parametrize("fields", [{"publication": "draft"}, {"is_cancelled": True}])
def test_a_series_that_is_not_public_has_no_consequences(series, now, fields):
    type(series).objects.filter(pk=series.pk).update(**fields)
    series.refresh_from_db()
    assert consequences(series, moved(read(series)), now).is_empty


def test_the_example_people_need_no_addresses_of_their_own(series, now):
    for name in ("example@example.ca", "invited@example.invalid", "inviter@example.invalid"):
        UserFactory(email=name)
    data = read(series)
    later = [replace(one, starts_at=one.starts_at + DAY, ends_at=one.ends_at + DAY) for one in data.sessions]
    found = consequences(series, replace(data, sessions=later), now)
    assert (len(found.sessions), len(found.emails)) == (2, 4)
    to_invited = next(example for example in found.emails if "Invited" in str(example.to))
    assert "Sam Tremblay reserved a seat for you" in to_invited.versions["en"].text.replace("\n", " ")


def test_the_examples_say_what_the_edit_says(series, now):
    data = moved(read(series)).with_values(title_en="A new title")
    assert "A new title" in consequences(series, data, now).emails[0].versions["en"].subject


def test_the_copy_that_is_looked_at_is_what_saving_leaves(series, now):
    """Moved, removed, added and brought back: the sessions, their order and the dates of the series are the same."""
    for days in (24, 31):
        SessionFactory(now=now, days=days, series=series)
    data = read(series)
    first, second, third, last = data.sessions
    Session.objects.filter(pk__in=[second.pk, third.pk]).update(delivery=Delivery.POSTPONED)
    new = SessionData(starts_at=first.starts_at, ends_at=first.ends_at, title_en="New")
    rows = [
        new,
        replace(last, starts_at=first.starts_at, ends_at=first.ends_at),
        replace(second, ends_at=second.ends_at + DAY),
        third,
    ]
    after = replace(data, sessions=rows).with_values(capacity=9, late_joining=True)
    copied = edited_copy(series, after, now)
    save(series, after)

    def facts(one):
        sessions = [
            (session.starts_at, session.ends_at, session.title_en, session.delivery) for session in one.sessions.all()
        ]
        return sessions, one.capacity, one.closes_at, one.last_ends_at, one.has_postponed

    saved = type(series).objects.get(pk=series.pk)
    assert facts(copied) == facts(saved)
    assert saved.has_postponed


def test_the_number_of_queries_does_not_grow_with_sessions_and_people(series, now):
    def count():
        with CaptureQueriesContext(connection) as queries:
            data = read(series)
            later = [replace(one, starts_at=one.starts_at + DAY, ends_at=one.ends_at + DAY) for one in data.sessions]
            consequences(series, replace(data, sessions=later), now)
        return len(queries)

    before = count()
    for n in range(5):
        SessionFactory(now=now, days=30 + n, series=series)
        series.refresh_from_db()
        register(series, UserFactory(with_profile=True), now=now)
    assert count() == before
    assert before <= 6


def test_the_partial_shows_it_in_sentences(series, now):
    found = consequences(series, moved(read(series)), now)
    html = " ".join(render_to_string("workspace/consequences.html", {"consequences": found}).split())
    assert "We’ll email 4 people 5 minutes after you save:" in html
    assert "2 people with a seat" in html
    assert "1 invited colleague who hasn’t answered yet" in html
    assert 'lang="fr"' in html
    waiting = render_to_string("workspace/consequences.html", {"consequences": found, "waits": True})
    assert "once Pallium Canada has approved the change" in waiting


def test_removing_a_postponed_session_after_its_old_date_reaches_people(series, drain, now, clock):
    """It is the last one that is still to come, so the series is past once it is removed."""
    data = read(series)
    postponed = series.sessions.get(pk=data.sessions[0].pk)
    postponed.delivery = Delivery.POSTPONED
    postponed.save()
    notify_session_changes(now + timedelta(minutes=6))
    drain(now + timedelta(minutes=6))
    later = data.sessions[1].ends_at + DAY
    clock.move_to(later)
    Registration.objects.filter(state="waitlisted").update(state="cancelled")
    series.refresh_from_db()
    shorter = replace(data, sessions=data.sessions[1:])
    found = consequences(series, shorter, later)
    assert ([change.kind for change in found.sessions], found.reach.total) == ([Kind.CANCELLED], 3)
    assert len(emails_after(series, shorter, drain, later, clock)) == 3
