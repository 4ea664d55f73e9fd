"""Listings are created and saved with their sessions and questions, and what people rely on is kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from registrations.models import Announcement, Answer, Attendance, Registration
from registrations.services import register
from sessions_app.editing.data import ListingData, QuestionData, SessionData, from_json, read, to_json
from sessions_app.editing.errors import (
    CapacityTooLowError,
    QuestionAnsweredError,
    SessionTookPlaceError,
    UnknownRowError,
)
from sessions_app.editing.saving import create_listing, save_listing
from sessions_app.models import Question, Series, Session
from tests.factories import HubFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def new_listing(now, **values):
    empty = read(Series())
    sessions = [
        SessionData(starts_at=now + timedelta(days=7 * n), ends_at=now + timedelta(days=7 * n, hours=1)) for n in (1, 2)
    ]
    question = QuestionData(kind="text", label_en="Where do you work?")
    return ListingData(empty.values | {"title_en": "Pain at Home"} | values, sessions, [question])


def save(series, data, now, **more):
    series.refresh_from_db()
    return save_listing(series, data, revision=series.revision, by=UserFactory(), now=now, **more)


@pytest.fixture
def draft(now):
    return create_listing(HubFactory(), new_listing(now), by=UserFactory(), now=now)


def test_a_new_listing_is_a_draft_with_its_sessions_and_questions(now):
    hub = HubFactory()
    series = create_listing(hub, new_listing(now), by=UserFactory(), now=now)
    assert (series.hub, series.publication, series.slug, series.slug_fr) == (hub, "draft", "pain-at-home", None)
    assert series.sessions.count() == 2
    assert series.questions.get().position == 1
    assert series.first_starts_at == now + timedelta(days=7)


def test_what_was_read_survives_json(draft):
    assert from_json(to_json(read(draft))) == read(draft)


def test_both_languages_share_one_space_of_page_addresses(now):
    SeriesFactory(slug="pain-at-home", slug_fr="la-douleur-a-domicile")
    data = new_listing(now, title_fr="La douleur à domicile")
    series = create_listing(None, data, by=UserFactory(), now=now)
    assert (series.slug, series.slug_fr) == ("pain-at-home-2", "la-douleur-a-domicile-2")


def test_a_series_with_only_a_french_title_has_one_address(now):
    series = create_listing(None, new_listing(now, title_en="", title_fr="L’écoute"), by=UserFactory(), now=now)
    assert (series.slug, series.slug_fr) == ("l-ecoute", None)


def test_the_address_of_an_unlisted_series_cannot_be_guessed(now):
    data = new_listing(now, title_fr="La douleur", is_unlisted=True)
    series = create_listing(None, data, by=UserFactory(), now=now)
    for slug, start in ((series.slug, "pain-at-home-"), (series.slug_fr, "la-douleur-")):
        assert slug.startswith(start)
        assert len(slug.removeprefix(start)) * 4 >= 60  # hexadecimal digits


def test_a_series_that_becomes_unlisted_gets_a_new_address_and_keeps_it(draft, now):
    save(draft, read(draft).with_values(is_unlisted=True), now)
    draft.refresh_from_db()
    secret = draft.slug
    assert secret.startswith("pain-at-home-")
    save(draft, read(draft).with_values(is_unlisted=False), now)
    draft.refresh_from_db()
    assert draft.slug == secret


def test_a_draft_gets_the_address_of_its_new_title_and_a_public_page_keeps_its_own(draft, now):
    save(draft, read(draft).with_values(title_en="Breathing"), now)
    draft.refresh_from_db()
    assert draft.slug == "breathing"
    Series.objects.update(publication="published", hub=None)
    draft.refresh_from_db()
    save(draft, read(draft).with_values(title_en="Breathlessness", title_fr="Le souffle"), now)
    draft.refresh_from_db()
    assert (draft.slug, draft.slug_fr) == ("breathing", "le-souffle")


def test_a_series_needs_a_title(now):
    with pytest.raises(ValidationError, match="title"):
        create_listing(None, new_listing(now, title_en=""), by=UserFactory(), now=now)
    assert not Series.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {
            "registration_opens_at": datetime(2027, 1, 2, tzinfo=UTC),
            "registration_closes_at": datetime(2027, 1, 1, tzinfo=UTC),
        },
        {"time_zone": "Mars/Olympus"},
        {"audience": ["wizard"]},
    ],
)
def test_what_the_database_or_the_model_would_refuse_is_refused_before(draft, now, change):
    with pytest.raises(ValidationError):
        save(draft, read(draft).with_values(**change), now)


def test_a_session_must_end_after_it_starts(draft, now):
    data = read(draft)
    data.sessions[0] = replace(data.sessions[0], ends_at=data.sessions[0].starts_at)
    with pytest.raises(ValidationError, match="end after"):
        save(draft, data, now)


def test_sessions_are_moved_added_and_removed_in_one_save(draft, now):
    data = read(draft)
    first, second = data.sessions
    moved = replace(first, starts_at=first.starts_at + timedelta(hours=3), ends_at=first.ends_at + timedelta(hours=3))
    new = replace(second, pk=None, starts_at=now + timedelta(days=30), ends_at=now + timedelta(days=30, hours=1))
    saved = save(draft, replace(data, sessions=[moved, new]), now)
    assert [change.label.partition(":")[0] for change in saved.live] == [
        "Session on November\xa030",
        "Removed session",
        "New session",
    ]
    assert {session.starts_at for session in draft.sessions.all()} == {moved.starts_at, new.starts_at}
    assert Session.objects.get(pk=first.pk).sequence == 1
    assert not Session.objects.filter(pk=second.pk).exists()


def test_a_save_that_changes_nothing_writes_nothing(draft, now):
    before = Series.objects.get()
    saved = save(draft, read(draft), now)
    assert (saved.live, saved.waiting) == ([], [])
    assert Series.objects.get().updated_at == before.updated_at
    assert Series.objects.get().revision == before.revision


def test_sending_a_form_twice_adds_its_sessions_once(draft, now):
    data = read(draft)
    new = SessionData(starts_at=now + timedelta(days=30), ends_at=now + timedelta(days=30, hours=1))
    twice = replace(data, sessions=[*data.sessions, new])
    for _ in range(2):
        save_listing(draft, twice, revision=draft.revision, by=UserFactory(), now=now)
    assert draft.sessions.count() == 3


def test_the_rows_of_another_series_are_refused(draft, now):
    stranger = SessionFactory(now=now)
    data = read(draft)
    with pytest.raises(UnknownRowError):
        save(draft, replace(data, sessions=[replace(data.sessions[0], pk=stranger.pk)]), now)


def test_capacity_below_the_seats_taken_is_refused(now):
    series = SessionFactory(now=now, capacity=5).series
    for _ in range(3):
        register(series, UserFactory(), now=now)
    with pytest.raises(CapacityTooLowError, match="3 seats are already taken"):
        save(series, read(series).with_values(capacity=2), now)


def test_more_seats_go_to_the_waitlist(now):
    series = SessionFactory(now=now, capacity=1).series
    for _ in range(2):
        register(series, UserFactory(), now=now)
    save(series, read(series).with_values(capacity=2), now)
    assert Registration.objects.confirmed().count() == 2


def test_moving_a_session_tells_the_people_in_the_series(now):
    session = SessionFactory(now=now)
    register(session.series, UserFactory(), now=now)
    data = read(session.series)
    later = {"starts_at": session.starts_at + timedelta(days=1), "ends_at": session.ends_at + timedelta(days=1)}
    save(session.series, replace(data, sessions=[replace(data.sessions[0], **later)]), now)
    assert Announcement.objects.get(session=session).changed_at is not None


def test_a_waitlist_survives_when_a_past_session_moves_ahead_in_the_same_save(now):
    session = SessionFactory(now=now, days=5, capacity=1)
    series = session.series
    for _ in range(2):
        register(series, UserFactory(), now=now)
    Session.objects.update(starts_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    series.refresh_from_db()
    data = read(series)
    ahead = replace(data.sessions[0], starts_at=now + timedelta(days=900), ends_at=now + timedelta(days=901))
    save(series, replace(data, sessions=[ahead]), now)
    assert Registration.objects.waitlisted().count() == 1


def test_a_removed_session_that_people_know_of_is_cancelled(now):
    series = SessionFactory(now=now).series
    second = SessionFactory(now=now, series=series, days=20)
    register(series, UserFactory(), now=now)
    data = read(series)
    save(series, replace(data, sessions=data.sessions[:1]), now)
    second.refresh_from_db()
    assert second.delivery == "cancelled"
    assert [session.pk for session in read(series).sessions] == [data.sessions[0].pk]


def test_a_removed_session_that_nobody_knows_of_is_deleted(now):
    series = SessionFactory(now=now).series
    save(series, replace(read(series), sessions=[]), now)
    assert not Session.objects.exists()


def test_a_session_that_took_place_cannot_be_removed(now):
    past = SessionFactory(now=now, days=-3)
    with pytest.raises(SessionTookPlaceError, match="20, 2026 has already taken place"):
        save(past.series, replace(read(past.series), sessions=[]), now)


def test_a_session_that_people_attended_cannot_be_removed(now):
    session = SessionFactory(now=now, publication="draft")
    registration = Registration.objects.create(
        series=session.series, user=UserFactory(), state="cancelled", created_at=now
    )
    Attendance.objects.create(registration=registration, session=session, joined_at=now)
    with pytest.raises(SessionTookPlaceError):
        save(session.series, replace(read(session.series), sessions=[]), now)


def test_a_draft_may_lose_a_session_in_the_past(now):
    past = SessionFactory(now=now, days=-3, publication="draft")
    save(past.series, replace(read(past.series), sessions=[]), now)
    assert not Session.objects.exists()


def test_a_postponed_session_is_scheduled_again_by_a_new_date(now):
    session = SessionFactory(now=now, delivery="postponed")
    data = read(session.series)
    assert data.sessions[0].delivery == "postponed"
    later = {"starts_at": session.starts_at + timedelta(days=9), "ends_at": session.ends_at + timedelta(days=9)}
    save(session.series, replace(data, sessions=[replace(data.sessions[0], **later)]), now)
    session.refresh_from_db()
    assert session.delivery == "scheduled"


@pytest.fixture
def five_questions():
    series = SeriesFactory()
    for n in range(1, 6):
        Question.objects.create(series=series, position=n, label_en=f"Question {n}?")
    return series


def test_five_questions_can_change_places(five_questions, now):
    data = read(five_questions)
    save(five_questions, replace(data, questions=data.questions[::-1]), now)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert [question.label_en for question in five_questions.questions.all()] == [
        f"Question {n}?" for n in (5, 4, 3, 2, 1)
    ]


def test_a_sixth_question_is_refused(five_questions, now):
    data = read(five_questions)
    with pytest.raises(ValidationError, match="at most 5"):
        save(
            five_questions, replace(data, questions=[*data.questions, QuestionData(kind="text", label_en="Why?")]), now
        )


def test_a_question_with_one_choice_is_refused(five_questions, now):
    question = QuestionData(kind="choice", label_en="Which?", options_en="This")
    with pytest.raises(ValidationError, match="at least two choices"):
        save(five_questions, replace(read(five_questions), questions=[question]), now)


def test_an_answered_question_keeps_its_type_and_stays(five_questions, now):
    question = five_questions.questions.first()
    registration = Registration.objects.create(
        series=five_questions, user=UserFactory(), state="cancelled", created_at=now
    )
    Answer.objects.create(registration=registration, question=question, value=["Here"])
    data = read(five_questions)
    for questions in (data.questions[1:], [replace(data.questions[0], kind="yes-no"), *data.questions[1:]]):
        with pytest.raises(QuestionAnsweredError, match="already answered “Question 1\\?”"):
            save(five_questions, replace(data, questions=questions), now)
    save(
        five_questions,
        replace(data, questions=[replace(data.questions[0], label_en="Where?"), *data.questions[1:]]),
        now,
    )
    question.refresh_from_db()
    assert question.label_en == "Where?"
