"""Registration status: each row of the table in docs/structure.md. The function and the annotation must agree."""

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app.models import Series, Session
from sessions_app.status import Status, registration_status, with_status
from tests.factories import SeriesFactory, SessionFactory

DAY = timedelta(days=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Status.OPEN),
        ({"is_cancelled": True, "is_concluded": True}, Status.CANCELLED),
        ({"is_concluded": True}, Status.PAST),
        ({"is_closed": True}, Status.CLOSED),
        ({"registration_opens_at": None}, Status.SOON),
        ({"capacity": 0, "registration_opens_at": None}, Status.SOON),
        ({"capacity": 0}, Status.WAITLIST),
        ({"capacity": 0, "waitlist_enabled": False}, Status.FULL),
        ({"capacity": 0, "is_closed": True}, Status.CLOSED),
        ({"capacity": 1}, Status.OPEN),
    ],
)
def test_each_row_of_the_table(now, fields, expected):
    series = SessionFactory(now=now, **fields).series
    assert registration_status(series, now) == expected
    assert with_status(Series.objects.all(), now).get().status == expected


@pytest.mark.django_db
def test_registration_closes_when_the_first_session_starts_or_the_last_with_late_joining(now):
    series = SessionFactory(now=now, days=0).series
    SessionFactory(now=now, days=7, series=series)
    assert registration_status(series, now) == Status.CLOSED
    series.late_joining = True
    assert registration_status(series, now) == Status.OPEN
    assert registration_status(series, now + 7 * DAY) == Status.CLOSED
    assert registration_status(series, now + 8 * DAY) == Status.PAST


@pytest.mark.django_db
def test_a_concluded_series_without_dates_is_past(now):
    assert registration_status(SeriesFactory(is_concluded=True), now) == Status.PAST


@pytest.mark.django_db
def test_a_series_with_a_postponed_session_is_not_past(now):
    series = SessionFactory(now=now, days=-3).series
    assert registration_status(series, now) == Status.PAST
    SessionFactory(now=now, days=-2, series=series, delivery="postponed")
    assert registration_status(series, now) == Status.CLOSED


# 50 in the suite, 1,000 in `make drill`, which sets this variable
EXAMPLES = 1000 if "HYPOTHESIS_SEQUENCES" in os.environ else 50
moments = st.one_of(st.none(), st.integers(-4, 4))


@pytest.mark.django_db
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flags=st.fixed_dictionaries(
        {
            name: st.booleans()
            for name in ("is_cancelled", "is_concluded", "is_closed", "late_joining", "waitlist_enabled")
        }
    ),
    opens=moments,
    closes=moments,
    seats=st.one_of(st.none(), st.integers(0, 2)),
    taken=st.integers(0, 2),
    sessions=st.lists(
        st.tuples(st.integers(-4, 4), st.sampled_from(["scheduled", "held", "cancelled", "postponed"])), max_size=3
    ),
    offset=st.integers(-5, 5),
)
def test_the_annotation_agrees_with_the_function(now, flags, opens, closes, seats, taken, sessions, offset):
    if opens is not None and closes is not None and closes <= opens:
        closes = opens + 1
    Session.objects.all().delete()
    Series.objects.all().delete()
    series = SeriesFactory(
        **flags,
        registration_opens_at=None if opens is None else now + opens * DAY,
        registration_closes_at=None if closes is None else now + closes * DAY,
        capacity=seats,
        seats_taken=0 if seats is None else min(taken, seats),
    )
    for days, delivery in sessions:
        SessionFactory(now=now, days=days, series=series, delivery=delivery)
    series.refresh_from_db()
    moment = now + offset * DAY
    assert with_status(Series.objects.all(), moment).get().status == registration_status(series, moment)
