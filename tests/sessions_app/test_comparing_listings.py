"""Two versions of a listing: what differs, in the reader's words, and how the work of two people is merged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.editing.changes import Group, compare, pick
from sessions_app.editing.data import ListingData, QuestionData, SessionData, read
from sessions_app.editing.merging import merge
from sessions_app.models import Series

TORONTO = ZoneInfo("America/Toronto")
NOON = datetime(2027, 5, 20, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)


def session(pk=None, days=0, **fields):
    starts_at = NOON + timedelta(days=days)
    return SessionData(**{"pk": pk, "starts_at": starts_at, "ends_at": starts_at + HOUR} | fields)


def question(pk=None, label="Where?", **fields):
    return QuestionData(pk=pk, kind="text", label_en=label, **fields)


def listing(sessions=(), questions=(), **values):
    return ListingData(read(Series()).values | values, list(sessions), list(questions))


BASE = listing([session(1), session(2, 7)], [question(1), question(2, "Why?")], title_en="Pain", capacity=20)


def told(before, after):
    return [
        (c.group, c.label.replace("\xa0", " "), c.before.replace("\xa0", " "), c.after.replace("\xa0", " "))
        for c in compare(before, after, TORONTO)
    ]


def test_nothing_differs_from_itself():
    assert told(BASE, BASE) == []


@pytest.mark.parametrize(
    ("values", "change"),
    [
        ({"title_fr": "La douleur"}, (Group.WORDING, "Title (French)", "", "La douleur")),
        ({"capacity": None}, (Group.SEATS, "Seats", "20", "no limit")),
        ({"credits_en": "1 hour"}, (Group.CREDITS, "Accreditation (English)", "", "1 hour")),
        ({"waitlist_enabled": False}, (Group.SETTINGS, "Waitlist when full", "Yes", "No")),
        ({"audience": ["physician"]}, (Group.SETTINGS, "Meant for", "everyone", "Physician")),
        ({"reminder_hours": [72]}, (Group.SETTINGS, "Reminders", "a day and an hour", "3 days")),
        ({"language": "both"}, (Group.SETTINGS, "Language of the sessions", "English", "English and French")),
        ({"time_zone": "America/Regina"}, (Group.DATES, "Time zone", "Eastern", "Saskatchewan")),
        ({"registration_opens_at": NOON}, (Group.SETTINGS, "Registration opens", "", "May 20, 2027, 12:00 pm ET")),
    ],
)  # fmt: skip
def test_a_change_of_a_field_is_told_in_words(values, change):
    assert told(BASE, BASE.with_values(**values)) == [change]


def test_changes_of_sessions_are_told_in_words():
    moved = replace(
        BASE.sessions[0], starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR, join_url="https://zoom.example.ca/1"
    )
    after = replace(BASE, sessions=[moved, session(days=14, title_en="New")])
    assert told(BASE, after) == [
        (
            Group.DATES,
            "Session on May 20: date and time",
            "Thursday, May 20, 2027, 12:00–1:00 pm ET",
            "Thursday, May 20, 2027, 1:00–2:00 pm ET",
        ),
        (Group.LINK, "Session on May 20: join link", "", "https://zoom.example.ca/1"),
        (Group.DATES, "Removed session", "Thursday, May 27, 2027, 12:00–1:00 pm ET", ""),
        (Group.DATES, "New session", "", "Thursday, June 3, 2027, 12:00–1:00 pm ET\nNew"),
    ]


def test_changes_of_questions_are_told_in_words():
    after = replace(BASE, questions=[replace(BASE.questions[1], is_required=True), question(label="Who?")])
    assert told(BASE, after) == [
        (Group.SETTINGS, "Removed question", "Where?", ""),
        (Group.SETTINGS, "Question “Why?”: required", "No", "Yes"),
        (Group.SETTINGS, "New question", "", "Who?"),
    ]
    assert [c.label for c in compare(BASE, replace(BASE, questions=BASE.questions[::-1]), TORONTO)] == [
        "Order of the questions"
    ]


def test_changes_are_told_in_french():
    with translation.override("fr"):
        [change] = told(BASE, BASE.with_values(capacity=None))
    assert change[1:] == ("Places", "20", "sans limite")


def test_only_the_chosen_kinds_of_change_are_picked():
    moved = replace(BASE.sessions[0], starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR, title_en="First")
    after = replace(BASE.with_values(title_en="Breath", capacity=5), sessions=[moved])
    wording = pick(BASE, after, {Group.WORDING})
    assert (wording.values["title_en"], wording.values["capacity"]) == ("Breath", 20)
    assert wording.sessions == [replace(BASE.sessions[0], title_en="First"), BASE.sessions[1]]
    assert pick(BASE, after, set(Group)) == after
    assert pick(BASE, after, set()) == BASE


def test_what_only_one_person_changed_is_taken_over():
    mine = replace(
        BASE.with_values(title_en="Mine"), sessions=[replace(BASE.sessions[0], title_en="One"), BASE.sessions[1]]
    )
    theirs = replace(
        BASE.with_values(capacity=5),
        sessions=[replace(BASE.sessions[0], join_url="https://a.example"), BASE.sessions[1]],
    )
    merged, conflicts = merge(BASE, mine, theirs, TORONTO)
    assert conflicts == []
    assert (merged.values["title_en"], merged.values["capacity"]) == ("Mine", 5)
    assert (merged.sessions[0].title_en, merged.sessions[0].join_url) == ("One", "https://a.example")


def test_what_both_changed_in_the_same_way_is_no_conflict():
    both = BASE.with_values(title_en="Same")
    assert merge(BASE, both, both, TORONTO) == (both, [])


def test_what_both_changed_in_different_ways_must_be_decided():
    mine, theirs = BASE.with_values(title_en="Mine"), BASE.with_values(title_en="Theirs")
    merged, [conflict] = merge(BASE, mine, theirs, TORONTO)
    assert (conflict.name, conflict.base, conflict.mine, conflict.theirs) == ("title_en", "Pain", "Mine", "Theirs")
    assert merged == mine
    assert merge(BASE, mine, theirs, TORONTO, take_theirs=["title_en"]) == (theirs, [])


def test_a_start_and_an_end_are_never_taken_from_two_people():
    mine = replace(BASE, sessions=[replace(BASE.sessions[0], ends_at=NOON + 2 * HOUR), BASE.sessions[1]])
    theirs = replace(BASE, sessions=[session(1, 1), BASE.sessions[1]])
    merged, [conflict] = merge(BASE, mine, theirs, TORONTO)
    assert conflict.name == "sessions.1.when"
    assert merged == mine


def test_new_sessions_of_both_are_kept_and_the_same_one_once():
    mine = replace(BASE, sessions=[*BASE.sessions, session(days=14), session(days=21)])
    theirs = replace(BASE, sessions=[*BASE.sessions, session(3, 14), session(4, 28)])
    merged, conflicts = merge(BASE, mine, theirs, TORONTO)
    assert [row.pk for row in merged.sessions] == [1, 2, 3, None, 4]
    assert conflicts == []


def test_a_session_that_one_removed_and_the_other_left_alone_is_removed():
    fewer = replace(BASE, sessions=BASE.sessions[:1])
    assert merge(BASE, fewer, BASE, TORONTO) == (fewer, [])
    assert merge(BASE, BASE, fewer, TORONTO) == (fewer, [])


def test_a_session_that_one_removed_and_the_other_changed_must_be_decided():
    fewer = replace(BASE, sessions=BASE.sessions[:1])
    renamed = replace(BASE, sessions=[BASE.sessions[0], replace(BASE.sessions[1], title_en="Two")])
    merged, [conflict] = merge(BASE, fewer, renamed, TORONTO)
    assert (merged, conflict.mine) == (fewer, "removed")
    merged, [conflict] = merge(BASE, renamed, fewer, TORONTO)
    assert (merged.sessions[1].pk, merged.sessions[1].title_en, conflict.theirs) == (None, "Two", "removed")


def test_the_order_of_questions_is_merged():
    mine = replace(BASE, questions=BASE.questions[::-1])
    theirs = replace(BASE, questions=[*BASE.questions, question(3, "Who?")])
    merged, _conflicts = merge(BASE, mine, theirs, TORONTO)
    assert [row.pk for row in merged.questions] == [2, 1, 3]


titles = st.sampled_from(["", "A", "B"])
rows = st.lists(
    st.builds(session, pk=st.sampled_from([1, 2, 3, None]), days=st.integers(0, 3), title_en=titles),
    max_size=4,
    unique_by=lambda row: row.pk or id(row),
)
versions = st.builds(
    lambda sessions, title, capacity: listing(sessions, title_en=title, capacity=capacity),
    rows,
    titles,
    st.sampled_from([None, 5]),
)


def contents(data):
    """The values, and the sessions without their keys and in any order."""
    return data.values, sorted((row.starts_at, row.title_en) for row in data.sessions)


@settings(max_examples=60, deadline=None)
@given(versions, versions)
def test_merging_with_someone_who_changed_nothing_gives_the_other_version(base, other):
    assert contents(merge(base, other, base, TORONTO)[0]) == contents(other)
    assert contents(merge(base, base, other, TORONTO)[0]) == contents(other)
    assert merge(base, other, base, TORONTO)[1] == merge(base, base, other, TORONTO)[1] == []


@settings(max_examples=60, deadline=None)
@given(versions, versions)
def test_a_change_is_told_exactly_if_something_differs(before, after):
    assert bool(compare(before, after, TORONTO)) == (contents(before) != contents(after) or rows_differ(before, after))


def rows_differ(before, after):
    keyed = [{row.pk: row for row in data.sessions if row.pk} for data in (before, after)]
    return any(keyed[1].get(pk, row) != row for pk, row in keyed[0].items())
