"""Subscribers' reminders before sessions that still have seats: once, on time, one email a day, checked before sending."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from newsletters.emails import news as emails
from newsletters.models import Subscriber, Topic
from newsletters.services.reminders import MOST, USEFUL_FOR, queue_session_reminders
from outbox import message_types
from outbox.models import Message
from registrations.models import Registration
from registrations.services import cancel, register
from sessions_app.models import Series, Session
from tests.factories import HubFactory, SessionFactory, SubscriberFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NINE = datetime(2026, 11, 23, 14, tzinfo=UTC)  # nine in Toronto


@pytest.fixture
def session(now):
    """A session at ten in Toronto, in ten days."""
    return SessionFactory(now=now, days=10, title_en="Why it hurts")


def before(days):
    """Nine in Toronto so many days before the session."""
    return NINE + (10 - days) * DAY


def queue_again(moment):
    """Queue at `moment` as a server does that has lost its cache."""
    cache.clear()
    return queue_session_reminders(moment)


@pytest.mark.parametrize("days", [2, 7])
def test_a_reminder_is_written_once_on_the_chosen_day(session, drain, days):
    subscriber = SubscriberFactory(reminder_days=days)
    assert queue_session_reminders(before(days) - HOUR) == 0
    assert queue_session_reminders(before(days)) == 1
    assert queue_again(before(days) + HOUR) == 0
    assert [queue_again(before(other)) for other in range(10) if other != days] == [0] * 9
    (email,) = drain(before(days) + HOUR)
    assert email.to == [subscriber.email]
    assert email.subject == f"In {days} days: {session.series.title_en}"
    assert "Why it hurts" in email.body
    assert "10:00–11:00 am ET" in email.body.replace("\u00a0", " ")
    assert "/unsubscribe/" in email.extra_headers["List-Unsubscribe"]


def test_a_reminder_is_never_late(session, drain):
    SubscriberFactory()
    assert queue_session_reminders(before(7) + USEFUL_FOR) == 0
    assert queue_session_reminders(before(7) + USEFUL_FOR - HOUR) == 1
    assert drain(before(7) + USEFUL_FOR) == []
    assert Message.objects.get().state == "expired"


def test_the_sessions_of_a_day_come_in_one_email_in_the_order_of_their_times(session, now, drain):
    evening = SessionFactory(now=now + 13 * HOUR, days=10, title_en="In the evening", time_zone="America/St_Johns")
    SessionFactory(now=now, days=11, title_en="The next day")
    assert evening.starts_at.day != session.starts_at.day  # in UTC and in Newfoundland, but not in Toronto
    SubscriberFactory()
    assert queue_session_reminders(before(7)) == 1
    (email,) = drain(before(7))
    assert email.subject == "In 7 days: 2 sessions with seats left"
    assert email.body.index("Why it hurts") < email.body.index("In the evening")
    assert "The next day" not in email.body


@pytest.mark.parametrize(
    ("language", "sentence", "subject"),
    [
        ("en", "There are 2 more sessions for you that day.", "In 7 days: 12 sessions with seats left"),
        ("fr", "Il y a 2 autres séances pour vous ce jour-là.", "Dans 7 jours : 12 séances"),
    ],
)
def test_an_email_lists_the_first_sessions_of_a_busy_day_and_says_how_many_more_there_are(
    now, drain, language, sentence, subject
):
    for n in range(MOST + 2):
        SessionFactory(now=now + timedelta(minutes=n), days=10, title_en=f"Number {n:02}", language="both")
    SubscriberFactory(language=language)
    assert queue_session_reminders(before(7)) == 1
    (email,) = drain(before(7))
    body = " ".join(email.body.split())
    assert [n for n in range(MOST + 2) if f"Number {n:02}" in body] == list(range(MOST))
    assert sentence in body
    assert "?status=open" in body.partition(sentence)[2]
    assert email.subject.replace("\u00a0", " ").startswith(subject)


def test_nobody_is_reminded_of_a_day_twice(session):
    SubscriberFactory(reminder_days=7)
    assert queue_session_reminders(before(7)) == 1
    Subscriber.objects.update(reminder_days=2)
    assert queue_session_reminders(before(2)) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"is_closed": True},
        {"is_cancelled": True},
        {"is_unlisted": True},
        {"publication": "draft"},
        {"capacity": 0},
        {"registration_opens_at": None},
        {"language": "fr"},
        {"audience": ["physician"], "audience_required": True},
    ],
)
def test_only_open_series_with_seats_for_the_person_are_in_it(session, drain, change):
    SubscriberFactory()
    Series.objects.filter(pk=session.series_id).update(**change)
    assert queue_session_reminders(before(7)) == 0
    Series.objects.filter(pk=session.series_id).update(**{name: getattr(session.series, name) for name in change})
    assert queue_again(before(7)) == 1
    Series.objects.filter(pk=session.series_id).update(**change)
    assert drain(before(7)) == []
    assert Message.objects.get().state == "expired"


def test_a_series_of_another_province_for_other_professions_is_not_in_it(now):
    SessionFactory(now=now, hub=HubFactory(provinces=["BC"]), audience=["physician"])
    SubscriberFactory(province="ON", profession="registered-nurse")
    near = SubscriberFactory(province="BC", profession="registered-nurse")
    assert queue_session_reminders(before(7)) == 1
    assert Message.objects.get().to == near.email


def test_only_those_who_asked_get_it(session, now):
    SubscriberFactory(topics=[Topic.NEWSLETTER, Topic.SESSION_NEWS])
    SubscriberFactory(unsubscribed_at=now)
    SubscriberFactory(paused_until=before(7) + HOUR)
    assert queue_session_reminders(before(7)) == 0


@pytest.mark.parametrize("capacity", [None, 1])
def test_who_is_registered_or_on_the_waitlist_gets_only_the_reminders_of_the_series(session, now, capacity):
    series = session.series
    Series.objects.filter(pk=series.pk).update(capacity=capacity)
    if capacity:
        register(series, UserFactory(), now=now)
    person = UserFactory()
    registration = register(series, person, now=now)
    Series.objects.filter(pk=series.pk).update(capacity=None)  # there are seats again
    assert registration.state == ("waitlisted" if capacity else "confirmed")
    SubscriberFactory(email=person.email)
    assert queue_session_reminders(before(7)) == 0
    cancel(Registration.objects.get(pk=registration.pk), now=now)
    assert queue_again(before(7)) == 1


class TestRightBeforeSending:
    @pytest.fixture
    def other(self, now):
        return SessionFactory(now=now + HOUR, days=10, title_en="Grief")

    @pytest.fixture
    def email(self, session, other, drain):
        """A function that changes something between writing and sending, and returns the email."""
        subscriber = SubscriberFactory()

        def send(change):
            queue_session_reminders(before(7))
            change(session, subscriber)
            sent = [one for one in drain(before(7) + HOUR) if one.extra_headers.get("List-Unsubscribe")]
            return sent[0].body if sent else ""

        return send

    def test_a_session_that_moved_to_another_day_is_left_out(self, email):
        body = email(lambda session, _one: self.move(session, DAY))
        assert "Grief" in body
        assert "Why it hurts" not in body

    def test_a_session_that_moved_within_the_day_has_its_new_time(self, email):
        body = email(lambda session, _one: self.move(session, 3 * HOUR)).replace("\u00a0", " ")
        assert body.index("Grief") < body.index("Why it hurts")
        assert "1:00–2:00 pm ET" in body

    def move(self, session, by):
        Session.objects.filter(pk=session.pk).update(starts_at=session.starts_at + by, ends_at=session.ends_at + by)

    @pytest.mark.parametrize("delivery", ["cancelled", "postponed"])
    def test_a_session_that_does_not_take_place_is_left_out(self, email, delivery):
        body = email(lambda session, _one: Session.objects.filter(pk=session.pk).update(delivery=delivery))
        assert "Grief" in body
        assert "Why it hurts" not in body

    def test_a_series_that_the_person_has_registered_for_is_left_out(self, email, now):
        body = email(lambda session, one: register(session.series, UserFactory(email=one.email), now=now))
        assert "Grief" in body
        assert "Why it hurts" not in body

    def test_who_unsubscribed_gets_nothing(self, email, now):
        assert email(lambda _session, _one: Subscriber.objects.update(unsubscribed_at=now)) == ""
        assert Message.objects.get().state == "unsubscribed"


def test_a_session_that_moves_to_another_day_is_in_that_days_reminder(session):
    SubscriberFactory()
    assert queue_session_reminders(before(7)) == 1
    Session.objects.update(starts_at=session.starts_at + 5 * DAY, ends_at=session.ends_at + 5 * DAY)
    assert queue_again(before(2)) == 1


def test_a_run_that_takes_long_leaves_the_rest_to_the_next(session, monkeypatch):
    monkeypatch.setattr("newsletters.matching.BATCH", 2)
    SubscriberFactory.create_batch(5)
    SubscriberFactory.create_batch(5, language="fr")
    assert queue_session_reminders(before(7), is_over=lambda: True) == 2  # each run gets on, however late it is
    assert queue_session_reminders(before(7) + HOUR) == 3
    assert queue_session_reminders(before(7) + HOUR) == 0


def test_the_cost_does_not_grow_with_subscribers(session, now, django_assert_max_num_queries, drain):
    for n in range(5):
        SessionFactory(now=now + n * HOUR, days=10)
    SubscriberFactory.create_batch(30)
    with django_assert_max_num_queries(10):
        assert queue_session_reminders(before(7)) == 30
    with django_assert_max_num_queries(0):
        queue_session_reminders(before(7) + HOUR)
    with django_assert_max_num_queries(4):
        message_types.load("session-reminder", list(Message.objects.values_list("data", flat=True)))


def test_a_day_without_a_session_reads_no_subscriber(session, django_assert_max_num_queries):
    SubscriberFactory()
    with django_assert_max_num_queries(2):
        queue_session_reminders(before(5))


def test_readers_who_are_reminded_of_the_same_share_one_rendering(session, monkeypatch, drain):
    subjects, write = [], emails._render_bulk
    monkeypatch.setattr(emails, "_render_bulk", lambda *args: subjects.append(args[1]) or write(*args))
    people = SubscriberFactory.create_batch(3)
    queue_session_reminders(before(7))
    sent = {email.to[0]: email.body for email in drain(before(7))}
    assert len(subjects) == 1
    assert all(person.token in sent[person.email] for person in people)
