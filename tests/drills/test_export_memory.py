"""A file of registrants needs the same memory for 1,000 and for 4,000 people."""

import gc
import tracemalloc
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from registrations.exports import RegistrantTable, csv_lines
from registrations.models import Registration
from tests.factories import SessionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture
def series(now):
    return SessionFactory(now=now).series


def test_memory_stays_flat_and_queries_grow_only_with_each_batch(series, now):
    add_people(series, now, 1000)
    first = peak_of_an_export(series, now)
    add_people(series, now, 3000)
    second = peak_of_an_export(series, now)
    assert (first[1], second[1]) == (1001, 4001)
    assert second[0] < first[0] * 1.5
    with CaptureQueriesContext(connection) as queries:
        list(csv_lines(RegistrantTable(series, Registration.objects.filter(series=series), now)))
    assert len(queries) < 20


def add_people(series, now, count):
    already = User.objects.count()
    people = User.objects.bulk_create(
        User(email=f"many{already + n}@example.ca", name=f"Person {n}", password="!") for n in range(count)
    )
    Registration.objects.bulk_create(
        Registration(series=series, user=person, state="waitlisted", created_at=now, waitlisted_at=now)
        for person in people
    )


def peak_of_an_export(series, now):
    """Return the most memory that was in use after each hundred lines of an export, in bytes, and the number of lines."""
    table, most = RegistrantTable(series, Registration.objects.filter(series=series), now), 0
    tracemalloc.start()
    for lines, _line in enumerate(csv_lines(table), start=1):
        if lines % 100 == 0:
            gc.collect()  # rows that refer to each other are freed when Python gets to it
            most = max(most, tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return most, lines
