"""Database triggers keep the dates of a series up to date with its sessions."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app.models import Delivery, Series, Session, dates_of
from tests.factories import SeriesFactory, SessionFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_dates_are_updated_on_insert_update_move_and_delete(now):
    first = SessionFactory(now=now, days=1)
    last = SessionFactory(now=now, days=5, series=first.series)
    series = first.series
    assert (series.first_starts_at, series.last_starts_at) == (now + DAY, now + 5 * DAY)
    assert series.last_ends_at == now + 5 * DAY + timedelta(hours=1)
    Session.objects.filter(pk=last.pk).update(delivery="cancelled")
    series.refresh_from_db()
    assert series.last_starts_at == now + DAY
    other = SeriesFactory()
    Session.objects.filter(pk=first.pk).update(series=other)
    series.refresh_from_db()
    other.refresh_from_db()
    assert (series.first_starts_at, other.first_starts_at) == (None, now + DAY)
    first.delete()
    other.refresh_from_db()
    assert other.first_starts_at is None


def test_saving_an_old_instance_does_not_overwrite_dates_and_seats(now):
    series = SessionFactory(now=now).series
    old = Series.objects.get(pk=series.pk)
    Series.objects.filter(pk=series.pk).update(seats_taken=3)
    Session.objects.filter(series=series).update(starts_at=now + 20 * DAY, ends_at=now + 21 * DAY)
    old.title_en = "Renamed"
    old.save()
    series.refresh_from_db()
    assert (series.title_en, series.seats_taken, series.first_starts_at) == ("Renamed", 3, now + 20 * DAY)


def test_the_database_refuses_more_taken_seats_than_the_capacity(now):
    series = SessionFactory(now=now, capacity=2).series
    with pytest.raises(IntegrityError):
        Series.objects.filter(pk=series.pk).update(seats_taken=3)


def test_a_session_that_ends_before_it_starts_is_refused(now):
    with pytest.raises(IntegrityError):
        SessionFactory(now=now, hours=-1)


def test_only_a_change_that_calendars_show_raises_the_sequence(now):
    session = SessionFactory(now=now)
    session.join_url = "https://meet.example.ca/1"
    session.save()
    assert session.sequence == 0
    session.starts_at += timedelta(minutes=15)
    session.save()
    assert session.sequence == 1


sessions = st.lists(st.tuples(st.integers(-4, 4), st.integers(1, 50), st.sampled_from(Delivery.values)), max_size=5)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sessions=sessions)
def test_the_dates_computed_in_memory_are_those_that_the_database_keeps(now, sessions):
    series = SeriesFactory()
    Session.objects.bulk_create(
        Session(
            series=series,
            starts_at=now + days * DAY,
            ends_at=now + days * DAY + timedelta(hours=hours),
            delivery=delivery,
        )
        for days, hours, delivery in sessions
    )
    series.refresh_from_db()
    computed = dates_of(series.sessions.all())
    assert computed == {name: getattr(series, name) for name in computed}
