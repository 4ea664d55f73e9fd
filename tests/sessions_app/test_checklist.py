"""The checklist names what is missing, and the meter shows how complete each language is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hubs.models import Hub
from sessions_app.editing.checklist import Level, check_new_dates, checklist, completeness
from sessions_app.editing.data import ListingData, QuestionData, SessionData, read
from sessions_app.models import Series

NOW = datetime(2027, 1, 5, 15, tzinfo=UTC)
HUB = Hub(provinces=["ON"])
THURSDAY = datetime(2027, 5, 20, 16, tzinfo=UTC)


def session(starts_at=THURSDAY, **fields):
    texts = {"title_en": "One", "title_fr": "Un", "join_url": "https://zoom.example.ca/1"}
    return SessionData(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), **texts | fields)


COMPLETE = ListingData(
    read(Series()).values
    | {"title_en": "Pain", "title_fr": "Douleur", "summary_en": "About pain.", "summary_fr": "Sur la douleur."}
    | {"registration_opens_at": NOW},
    [session()],
)


def found(data, hub=HUB):
    return [(check.code, check.field) for check in checklist(data, hub, NOW)]


def test_a_complete_listing_has_nothing_to_check():
    assert found(COMPLETE) == []


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ({"summary_fr": " "}, ("no-fr", "summary_fr")),
        ({"title_en": ""}, ("no-en", "title_en")),
        ({"description_en": "More."}, ("no-fr", "description_fr")),
        ({"credits_fr": "Une heure."}, ("no-en", "credits_en")),
        ({"registration_opens_at": None}, ("no-opening", "registration_opens_at")),
        ({"registration_closes_at": NOW}, ("closes-before-opening", "registration_closes_at")),
        ({"registration_opens_at": THURSDAY}, ("opens-too-late", "registration_opens_at")),
    ],
)
def test_what_is_missing_in_the_texts_and_in_registration_is_named(values, check):
    assert found(COMPLETE.with_values(**values)) == [check]


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"title_fr": ""}, ("no-fr", "sessions.0")),
        ({"speakers_en": "Dr. Roy"}, ("no-fr", "sessions.0")),
        ({"join_url": ""}, ("no-link", "sessions.0")),
        ({"starts_at": THURSDAY + timedelta(days=2)}, ("saturday", "sessions.0")),
        ({"starts_at": THURSDAY + timedelta(days=3)}, ("sunday", "sessions.0")),
        ({"starts_at": datetime(2027, 5, 24, 16, tzinfo=UTC)}, ("holiday", "sessions.0")),
        ({"starts_at": datetime(2027, 5, 25, 3, tzinfo=UTC)}, ("holiday", "sessions.0")),  # still May 24 in Ontario
    ],
)
def test_what_is_missing_in_a_session_is_named(change, check):
    assert found(replace(COMPLETE, sessions=[session(**change)])) == [check]


def test_dates_in_the_past_need_no_link():
    past = session(NOW - timedelta(days=1), join_url="")
    assert found(replace(COMPLETE, sessions=[past, session()])) == [("in-the-past", "sessions.0")]


def test_a_series_without_dates_only_deserves_a_look():
    [check] = checklist(replace(COMPLETE, sessions=[]), HUB, NOW)
    assert (check.code, check.level) == ("no-sessions", Level.LOOK)


def test_questions_need_both_languages():
    asked = QuestionData(kind="choice", label_en="Where?", label_fr="Où?", options_en="Here\nThere")
    assert found(replace(COMPLETE, questions=[asked])) == [("no-fr", "questions.0")]


def test_the_holidays_are_those_of_the_hub():
    saint_jean = replace(COMPLETE, sessions=[session(datetime(2027, 6, 24, 16, tzinfo=UTC))])
    assert found(saint_jean) == []
    [check] = checklist(saint_jean, Hub(provinces=["QC"]), NOW)
    assert (
        check.sentence.replace("\xa0", " ") == "The session on June 24, 2027 is on a holiday: Saint Jean Baptiste Day."
    )
    assert found(replace(COMPLETE, sessions=[session(datetime(2027, 7, 1, 16, tzinfo=UTC))]), hub=None) == [
        ("holiday", "sessions.0")
    ]


def test_the_meter_counts_what_is_written_in_either_language():
    assert completeness(COMPLETE) == {"en": (3, 3), "fr": (3, 3)}
    data = replace(
        COMPLETE.with_values(summary_fr="", objectives_en="Assess pain"), sessions=[session(speakers_fr="Dre Roy")]
    )
    assert completeness(data) == {"en": (4, 5), "fr": (3, 5)}
    assert completeness(read(Series())) == {"en": (0, 2), "fr": (0, 2)}


def test_only_dates_that_are_new_or_moved_deserve_a_look():
    saturday, sunday = THURSDAY + timedelta(days=2), THURSDAY + timedelta(days=3)
    before = replace(COMPLETE, sessions=[session(pk=1), session(saturday, pk=2)])
    after = replace(COMPLETE, sessions=[session(sunday, pk=1), session(saturday, pk=2), session(NOW)])
    found = [(check.code, check.field) for check in check_new_dates(before, after, HUB, NOW)]
    assert found == [("sunday", "sessions.0"), ("in-the-past", "sessions.2")]
    assert check_new_dates(after, after, HUB, NOW) == []
