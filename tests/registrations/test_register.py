"""Registering and cancelling: one registration per person, never too many seats, one email each. Also in parallel."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from outbox.models import Message
from registrations.models import Registration, RegistrationState
from registrations.services import RegistrationRefusedError, cancel, register
from sessions_app.models import Series
from sessions_app.status import Status
from tests.factories import SessionFactory, UserFactory


def seats(series):
    return Series.objects.values_list("seats_taken", flat=True).get(pk=series.pk)


def message_types():
    return sorted(Message.objects.values_list("message_type", flat=True))


@pytest.mark.django_db
def test_registering_takes_a_seat_and_sends_one_email(open_series, provider, now):
    registration = register(open_series, provider, now=now)
    assert (registration.state, registration.confirmed_at, seats(open_series)) == (RegistrationState.CONFIRMED, now, 1)
    again = register(open_series, provider, now=now + timedelta(minutes=1))
    assert (again.pk, seats(open_series), message_types()) == (registration.pk, 1, ["registered"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"is_cancelled": True}, Status.CANCELLED),
        ({"is_concluded": True}, Status.PAST),
        ({"is_closed": True}, Status.CLOSED),
        ({"registration_opens_at": None}, Status.SOON),
        ({"capacity": 0, "waitlist_enabled": False}, Status.FULL),
    ],
)
def test_a_series_that_is_not_open_refuses_registration_with_its_status(now, provider, fields, status):
    series = SessionFactory(now=now, **fields).series
    with pytest.raises(RegistrationRefusedError) as error:
        register(series, provider, now=now)
    assert (error.value.status, Registration.objects.count(), Message.objects.count()) == (status, 0, 0)


@pytest.mark.django_db
def test_a_full_series_has_a_waitlist_that_gets_released_seats_in_order(now):
    series = SessionFactory(now=now, capacity=1).series
    people = [UserFactory() for _ in range(4)]
    registrations = [register(series, person, now=now + timedelta(seconds=n)) for n, person in enumerate(people)]
    assert [registration.state for registration in registrations] == [
        "confirmed",
        "waitlisted",
        "waitlisted",
        "waitlisted",
    ]
    cancel(registrations[2], now=now)
    cancel(registrations[0], now=now)
    for registration in registrations:
        registration.refresh_from_db()
    assert [registration.state for registration in registrations] == [
        "cancelled",
        "confirmed",
        "cancelled",
        "waitlisted",
    ]
    assert seats(series) == 1
    assert message_types() == ["cancelled", "left-waitlist", "registered", "seat-found", *["waitlisted"] * 3]


@pytest.mark.django_db
def test_seats_that_staff_add_go_to_the_waitlist(now):
    series = SessionFactory(now=now, capacity=1).series
    registrations = [register(series, UserFactory(), now=now + timedelta(seconds=n)) for n in range(4)]
    series.capacity = 3
    series.save()
    for registration in registrations:
        registration.refresh_from_db()
    assert [registration.state for registration in registrations] == [
        "confirmed",
        "confirmed",
        "confirmed",
        "waitlisted",
    ]
    assert seats(series) == 3


@pytest.mark.django_db
def test_cancelling_twice_releases_one_seat_and_registering_again_is_a_new_registration(open_series, provider, now):
    first = register(open_series, provider, now=now)
    cancel(first, now=now)
    cancel(first, now=now)
    assert (seats(open_series), message_types()) == (0, ["cancelled", "registered"])
    second = register(open_series, provider, now=now)
    assert (second.pk != first.pk, seats(open_series)) == (True, 1)


@pytest.mark.django_db
def test_a_seat_released_in_a_past_series_does_not_go_to_the_waitlist(now):
    series = SessionFactory(now=now, days=1, capacity=1).series
    seat, waitlisted = (register(series, UserFactory(), now=now) for _ in range(2))
    cancel(seat, now=now + timedelta(days=5))
    waitlisted.refresh_from_db()
    assert waitlisted.state == RegistrationState.WAITLISTED


def in_threads(work, count):
    """Run `work(n)` in `count` threads that start together, each with its own database connection."""
    barrier, errors = threading.Barrier(count), []

    def run(number):
        try:
            barrier.wait()
            work(number)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.django_db(transaction=True)
def test_parallel_registrations_never_exceed_the_capacity(now):
    series = SessionFactory(now=now, capacity=7).series
    people = [UserFactory() for _ in range(24)]
    in_threads(lambda n: register(series, people[n], now=now), 24)
    assert seats(series) == Registration.objects.confirmed().count() == 7
    assert Registration.objects.waitlisted().count() == 17
    assert Message.objects.count() == 24


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_of_one_person_make_one_registration(now):
    series = SessionFactory(now=now, capacity=5).series
    person = UserFactory()
    in_threads(lambda _n: register(series, person, now=now), 8)
    assert (seats(series), Registration.objects.count(), Message.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_nobody_is_waitlisted_while_a_seat_is_free(now):
    """People cancel and join the waitlist at the same time."""
    for _ in range(10):
        series = SessionFactory(now=now, capacity=2).series
        holders = [register(series, UserFactory(), now=now) for _ in range(2)]
        people = [UserFactory() for _ in range(4)]

        def work(n, series=series, holders=holders, people=people):
            if n < 2:
                cancel(holders[n], now=now)
            else:
                register(series, people[n - 2], now=now)

        in_threads(work, 6)
        confirmed = Registration.objects.confirmed().filter(series=series).count()
        waitlisted = Registration.objects.waitlisted().filter(series=series).count()
        assert (seats(series), confirmed, waitlisted) == (2, 2, 2)
