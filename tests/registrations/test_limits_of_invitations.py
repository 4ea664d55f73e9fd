"""Reserving seats for colleagues has limits: who may, how many, of which series, and how often an address is written to."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from outbox.models import Message
from registrations.models import Invitation, Registration
from registrations.services import (
    ColleagueError,
    InvitationError,
    InvitedTooOftenError,
    NotRegisteredError,
    OwnAddressError,
    TooManyHeldError,
    TooManyUnansweredError,
    cancel,
    confirm_invitation,
    invite,
    move,
    register,
    switch_to_recording,
)
from registrations.services.colleagues import MOST_UNANSWERED, Colleague
from sessions_app.models import Series
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def named(count, first=0):
    return [Colleague(f"Colleague {n}", f"colleague{n}@example.ca") for n in range(first, first + count)]


@pytest.fixture
def series(now):
    return SessionFactory(now=now, capacity=30).series


@pytest.fixture
def host(series, now):
    host = UserFactory(with_profile=True)
    register(series, host, now=now)
    return host


def held(**which):
    return Registration.objects.filter(held_until__isnull=False, state="confirmed", **which).count()


class TestWhoMayInvite:
    def test_only_someone_with_a_seat_that_they_confirmed_themselves(self, series, host, now):
        strangers = {
            "none": UserFactory(),
            "cancelled": UserFactory(),
            "recording only": UserFactory(),
            "held": UserFactory(),
        }
        cancel(register(series, strangers["cancelled"], now=now), now=now)
        switch_to_recording(register(series, strangers["recording only"], now=now), now=now)
        invite(series, [Colleague("Held", strangers["held"].email)], by=host, language="en", now=now)
        for name, stranger in strangers.items():
            with pytest.raises(NotRegisteredError):
                invite(series, named(1), by=stranger, language="en", now=now)
            assert held() == 1, name

    def test_whoever_is_on_the_waitlist_waits_themselves(self, now):
        full = SessionFactory(now=now, capacity=0).series
        waiting = UserFactory()
        register(full, waiting, now=now)
        Series.objects.update(capacity=9)
        with pytest.raises(NotRegisteredError):
            invite(full, named(1), by=waiting, language="en", now=now)

    @pytest.mark.parametrize("spelled", ["{}", " {} "])
    def test_ones_own_address_is_refused_however_it_is_spelled(self, series, host, now, spelled):
        own = spelled.format(host.email.upper())
        with pytest.raises(OwnAddressError):
            invite(series, [Colleague("Me", own)], by=host, language="en", now=now)
        assert not Invitation.objects.exists()


class TestHowMany:
    def test_twenty_unanswered_over_all_series(self, series, host, now):
        other = SessionFactory(now=now).series
        register(other, host, now=now)
        invite(series, named(10), by=host, language="en", now=now)
        invite(other, named(9, 10), by=host, language="en", now=now)
        with pytest.raises(TooManyUnansweredError) as refused:
            invite(other, named(2, 19), by=host, language="en", now=now)
        assert refused.value.left == 1
        confirm_invitation(Registration.objects.get(user__email="colleague0@example.ca"), now=now)
        assert len(invite(other, named(2, 19), by=host, language="en", now=now)) == 2
        assert held() == MOST_UNANSWERED

    def test_a_third_of_the_seats_whoever_invites(self, series, host, now):
        second = UserFactory()
        register(series, second, now=now)
        invite(series, named(8), by=host, language="en", now=now)
        with pytest.raises(TooManyHeldError) as refused:
            invite(series, named(3, 8), by=second, language="en", now=now)
        assert refused.value.left == 2
        invite(series, named(2, 8), by=second, language="en", now=now)
        with pytest.raises(TooManyHeldError):
            invite(series, named(1, 10), by=second, language="en", now=now)

    def test_a_seat_that_is_confirmed_or_declined_is_not_held_any_more(self, now, host):
        small = SessionFactory(now=now, capacity=6).series
        register(small, host, now=now)
        first, second = invite(small, named(2), by=host, language="en", now=now)
        confirm_invitation(first.registration, now=now)
        cancel(second.registration, now=now)
        assert len(invite(small, named(2, 2), by=host, language="en", now=now)) == 2

    def test_without_a_limit_of_seats_only_the_inviters_limit_holds(self, now, host):
        series = SessionFactory(now=now).series
        register(series, host, now=now)
        assert len(invite(series, named(10), by=host, language="en", now=now)) == 10

    def test_no_limit_tells_who_was_registered_already(self, now, host):
        """Whoever is named counts, registered or not."""
        series = SessionFactory(now=now, capacity=9).series
        register(series, host, now=now)
        known = [UserFactory() for _ in range(4)]
        for person in known:
            register(series, person, now=now)
        people = [Colleague("Known", person.email) for person in known]
        with pytest.raises(TooManyHeldError):
            invite(series, people, by=host, language="en", now=now)
        with pytest.raises(ColleagueError):
            invite(series, [*people, *named(1)], by=host, language="en", now=now)
        Series.objects.update(capacity=None)
        for _ in range(MOST_UNANSWERED // 4):
            invite(series, people, by=host, language="en", now=now)
            Invitation.objects.update(email="")  # how often an address was invited is another limit
        with pytest.raises(TooManyUnansweredError):
            invite(series, people, by=host, language="en", now=now)
        invite(series, people, by=host, language="en", now=now + timedelta(hours=49))


class TestHowOftenAnAddress:
    def test_three_invitations_a_day(self, now, host):
        for n in range(4):
            series = SessionFactory(now=now).series
            inviter = UserFactory()
            register(series, inviter, now=now)
            if n < 3:
                invite(series, [Colleague("Anna", "Anna@Example.ca")], by=inviter, language="en", now=now)
        with pytest.raises(InvitedTooOftenError) as refused:
            invite(series, [*named(1), Colleague("Anna", "anna@example.ca")], by=inviter, language="en", now=now)
        assert refused.value.emails == ["anna@example.ca"]
        assert Message.objects.filter(message_type="invited").count() == 3
        invite(series, [Colleague("Anna", "anna@example.ca")], by=inviter, language="en", now=now + timedelta(days=1))

    def test_someone_who_was_registered_already_counts_the_same(self, now, series, host):
        anna = UserFactory(email="anna@example.ca")
        register(series, anna, now=now)
        for _ in range(3):
            invite(series, [Colleague("Anna", anna.email)], by=host, language="en", now=now)
        with pytest.raises(InvitedTooOftenError):
            invite(series, [Colleague("Anna", anna.email)], by=host, language="en", now=now)


def test_whoever_invited_hears_of_a_seat_that_staff_moved_meanwhile(now, series, host):
    (invitation,) = invite(series, named(1), by=host, language="en", now=now)
    other = SessionFactory(now=now).series
    arrived = move(invitation.registration, other, by=UserFactory(is_staff=True), reason="Asked for it.", now=now)
    cancel(arrived, now=now)
    assert Message.objects.get(message_type="colleague-not-coming").to == host.email


@pytest.mark.django_db(transaction=True)
def test_many_at_once_do_not_get_past_the_limits(now):
    """One person in four series at the same time: not more than twenty unanswered, nor more than a third of any series."""
    series = [SessionFactory(now=now, capacity=30).series for _ in range(4)]
    host = UserFactory()
    for one in series:
        register(one, host, now=now)

    def try_it(number):
        with suppress(InvitationError):
            invite(series[number % 4], named(3, 3 * number), by=host, language="en", now=now)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(try_it, range(16)))
    assert held() == 18
    assert all(held(series=one) <= 10 for one in series)
