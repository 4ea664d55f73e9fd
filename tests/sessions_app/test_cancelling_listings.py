"""A hub cancels a series with a message in both languages, or one session. This never waits for staff."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from outbox.models import Message
from registrations.models import Announcement, Registration
from registrations.services import notify_session_changes, register
from sessions_app.editing.cancelling import cancel_series, cancel_session, postpone_session
from sessions_app.editing.errors import AlreadyOverError, SessionCancelledError, SessionTookPlaceError
from sessions_app.editing.saving import read_for_editing, save_listing, waiting_request
from sessions_app.models import Series, Session
from tests.factories import HubFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
ENGLISH, FRENCH = "Our speaker is ill.", "Notre conférencière est malade."


@pytest.fixture
def now():
    """What follows from a save is written at the time of the save."""
    return timezone.now()


@pytest.fixture
def session(now):
    return SessionFactory(now=now, hub=HubFactory())


def cancelled(series, now, drain, **notes):
    for language in ("en", "fr"):
        register(series, UserFactory(language=language, email=f"{language}@example.ca"), now=now)
    drain(now)
    for _ in range(2):
        cancel_series(series, **notes, by=UserFactory(), now=now)
    sent = {email.to[0]: email for email in drain(timezone.now()) if "@example.ca" in email.to[0]}
    assert len(sent) == 2
    return sent


def test_each_person_gets_the_message_in_their_language(session, now, drain):
    sent = cancelled(session.series, now, drain, note_en=ENGLISH, note_fr=FRENCH)
    assert ENGLISH in sent["en@example.ca"].body
    assert FRENCH in sent["fr@example.ca"].body
    assert FRENCH not in sent["en@example.ca"].body
    assert not Registration.objects.active().exists()


def test_a_message_in_one_language_goes_to_everyone_and_says_which(session, now, drain):
    sent = cancelled(session.series, now, drain, note_en=ENGLISH)
    assert ENGLISH in sent["fr@example.ca"].body
    html = sent["fr@example.ca"].alternatives[0].content
    assert 'lang="en"' in html[: html.index(ENGLISH)][-60:]


def test_a_series_is_cancelled_without_a_message(session, now, drain):
    sent = cancelled(session.series, now, drain)
    assert "Message from the team" not in sent["en@example.ca"].body


def test_a_message_that_was_queued_before_an_upgrade_is_still_sent(session, now, drain):
    register(session.series, UserFactory(), now=now)
    drain(now)
    cancel_series(session.series, by=UserFactory(), now=now)
    message = Message.objects.get(message_type="series-cancelled")
    message.data["note"] = ENGLISH
    message.save()
    assert any(ENGLISH in email.body for email in drain(timezone.now()))


def test_a_draft_and_a_past_series_cannot_be_cancelled(now):
    for fields in ({"publication": "draft"}, {"days": -9}):
        with pytest.raises(AlreadyOverError):
            cancel_series(SessionFactory(now=now, **fields).series, by=UserFactory(), now=now)
    assert not Series.objects.filter(is_cancelled=True).exists()


@pytest.mark.parametrize(("action", "delivery"), [(cancel_session, "cancelled"), (postpone_session, "postponed")])
def test_one_session_is_cancelled_or_postponed_and_people_are_told(session, now, action, delivery):
    register(session.series, UserFactory(), now=now - timedelta(hours=1))
    for _ in range(2):
        action(session, by=UserFactory(), now=now)
    session.refresh_from_db()
    assert (session.delivery, session.series.revision, session.sequence) == (delivery, 1, 1)
    Announcement.objects.update(changed_at=now)
    assert notify_session_changes(now + timedelta(minutes=6)) == 1


@pytest.fixture
def people(session, now, drain):
    """An English and a French reader with a seat."""
    for language in ("en", "fr"):
        register(session.series, UserFactory(language=language), now=now - timedelta(hours=1))
    drain(now)


def sent_later(now, drain):
    notify_session_changes(now + timedelta(minutes=6))
    return drain(now + timedelta(minutes=6))


def test_the_message_about_a_session_waits_for_its_email(session, people, now, drain):
    cancel_session(session, note_en=ENGLISH, note_fr=FRENCH, by=UserFactory(), now=now)
    Session.objects.get().save()  # someone saves the form meanwhile
    english, french = sorted(sent_later(now, drain), key=lambda email: FRENCH in email.body)
    assert ENGLISH in english.body
    assert FRENCH in french.body
    assert ENGLISH not in french.body
    assert Announcement.objects.get().note == {}


def test_a_message_about_a_session_in_one_language_goes_to_everyone(session, people, now, drain):
    postpone_session(session, note_fr=FRENCH, by=UserFactory(), now=now)
    emails = sent_later(now, drain)
    assert len(emails) == 2
    assert all(FRENCH in email.body for email in emails)


def test_the_message_about_a_postponed_session_is_dropped_when_it_has_a_new_date(session, people, now, drain):
    postpone_session(session, note_en=ENGLISH, by=UserFactory(), now=now)
    again = Session.objects.get()
    again.delivery, again.ends_at = "scheduled", again.ends_at + timedelta(hours=1)
    again.save()
    emails = sent_later(now, drain)
    assert len(emails) == 2
    assert not any(ENGLISH in email.body for email in emails)


def test_a_session_that_took_place_cannot_be_cancelled(now):
    past = SessionFactory(now=now, days=-3)
    with pytest.raises(SessionTookPlaceError):
        cancel_session(past, by=UserFactory(), now=now)


def test_a_cancelled_session_cannot_be_postponed(session, now):
    cancel_session(session, by=UserFactory(), now=now)
    with pytest.raises(SessionCancelledError):
        postpone_session(session, by=UserFactory(), now=now)
    session.refresh_from_db()
    assert session.delivery == "cancelled"


def test_a_postponed_session_can_still_be_cancelled_after_its_old_date(session, now):
    postpone_session(session, by=UserFactory(), now=now)
    cancel_session(session, by=UserFactory(), now=session.ends_at + timedelta(days=1))
    session.refresh_from_db()
    assert session.delivery == "cancelled"


@pytest.mark.parametrize(("values", "state"), [({}, "taken-back"), ({"capacity": 30}, "waiting")])
def test_changes_that_wait_for_staff_do_not_bring_a_cancelled_session_back(session, now, values, state):
    series = session.series
    editing = read_for_editing(series)
    (row,) = editing.data.sessions
    later = replace(row, starts_at=row.starts_at + timedelta(days=7), ends_at=row.ends_at + timedelta(days=7))
    data = replace(editing.data.with_values(**values), sessions=[later])
    save_listing(series, data, revision=editing.revision, by=UserFactory(), now=now)
    cancel_session(session, by=UserFactory(), now=now)
    series.refresh_from_db()
    editing = read_for_editing(series)
    assert (editing.data.sessions, editing.conflicts) == ([], [])
    assert series.change_requests.get().state == state


def test_changes_that_wait_for_staff_are_taken_back_with_the_series(session, now):
    series = session.series
    editing = read_for_editing(series)
    save_listing(series, editing.data.with_values(capacity=30), revision=editing.revision, by=UserFactory(), now=now)
    assert waiting_request(series)
    cancel_series(series, by=UserFactory(), now=now)
    assert waiting_request(series) is None
    assert series.change_requests.get().state == "taken-back"


def test_people_are_told_when_a_postponed_session_is_cancelled_after_its_old_date(session, people, now, drain):
    postpone_session(session, by=UserFactory(), now=now)
    sent_later(now, drain)
    later = session.ends_at + timedelta(days=1)
    with time_machine.travel(later, tick=False):
        cancel_session(session, note_en=ENGLISH, by=UserFactory(), now=later)
    emails = sent_later(later, drain)
    assert sorted(email.to[0] for email in emails) == sorted(one.user.email for one in Registration.objects.all())
    assert all(ENGLISH in email.body for email in emails)
