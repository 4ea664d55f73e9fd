"""Limits for reserving seats for colleagues: who can, how many in total and per series, and how often per address."""

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


def colleagues(count, first=0):
    return [Colleague(f"Colleague {n}", f"colleague{n}@example.ca") for n in range(first, first + count)]


@pytest.fixture
def series(now):
    return SessionFactory(now=now, capacity=30).series


@pytest.fixture
def host(series, now):
    host = UserFactory(with_profile=True)
    register(series, host, now=now)
    return host


def held_seats(**lookups):
    return Registration.objects.filter(held_until__isnull=False, state="confirmed", **lookups).count()


class TestWhoCanInvite:
    def test_only_people_with_a_confirmed_seat_can_invite(self, series, host, now):
        people = {
            "none": UserFactory(),
            "cancelled": UserFactory(),
            "recording only": UserFactory(),
            "held": UserFactory(),
        }
        cancel(register(series, people["cancelled"], now=now), now=now)
        switch_to_recording(register(series, people["recording only"], now=now), now=now)
        invite(series, [Colleague("Held", people["held"].email)], by=host, language="en", now=now)
        for name, person in people.items():
            with pytest.raises(NotRegisteredError):
                invite(series, colleagues(1), by=person, language="en", now=now)
            assert held_seats() == 1, name

    def test_waitlisted_people_cannot_invite(self, now):
        full = SessionFactory(now=now, capacity=0).series
        waitlisted = UserFactory()
        register(full, waitlisted, now=now)
        Series.objects.update(capacity=9)
        with pytest.raises(NotRegisteredError):
            invite(full, colleagues(1), by=waitlisted, language="en", now=now)

    @pytest.mark.parametrize("spelling", ["{}", " {} "])
    def test_your_own_address_is_refused_in_any_spelling(self, series, host, now, spelling):
        own = spelling.format(host.email.upper())
        with pytest.raises(OwnAddressError):
            invite(series, [Colleague("Me", own)], by=host, language="en", now=now)
        assert not Invitation.objects.exists()


class TestNumberOfInvitations:
    def test_a_person_can_have_twenty_unanswered_invitations(self, series, host, now):
        other = SessionFactory(now=now).series
        register(other, host, now=now)
        invite(series, colleagues(10), by=host, language="en", now=now)
        invite(other, colleagues(9, 10), by=host, language="en", now=now)
        with pytest.raises(TooManyUnansweredError) as error:
            invite(other, colleagues(2, 19), by=host, language="en", now=now)
        assert error.value.left == 1
        confirm_invitation(Registration.objects.get(user__email="colleague0@example.ca"), now=now)
        assert len(invite(other, colleagues(2, 19), by=host, language="en", now=now)) == 2
        assert held_seats() == MOST_UNANSWERED

    def test_a_third_of_the_seats_can_be_held(self, series, host, now):
        second = UserFactory()
        register(series, second, now=now)
        invite(series, colleagues(8), by=host, language="en", now=now)
        with pytest.raises(TooManyHeldError) as error:
            invite(series, colleagues(3, 8), by=second, language="en", now=now)
        assert error.value.left == 2
        invite(series, colleagues(2, 8), by=second, language="en", now=now)
        with pytest.raises(TooManyHeldError):
            invite(series, colleagues(1, 10), by=second, language="en", now=now)

    def test_confirmed_and_declined_seats_do_not_count_as_held(self, now, host):
        small = SessionFactory(now=now, capacity=6).series
        register(small, host, now=now)
        first, second = invite(small, colleagues(2), by=host, language="en", now=now)
        confirm_invitation(first.registration, now=now)
        cancel(second.registration, now=now)
        assert len(invite(small, colleagues(2, 2), by=host, language="en", now=now)) == 2

    def test_without_a_capacity_only_the_limit_of_the_inviter_applies(self, now, host):
        series = SessionFactory(now=now).series
        register(series, host, now=now)
        assert len(invite(series, colleagues(10), by=host, language="en", now=now)) == 10

    def test_the_limits_do_not_reveal_who_is_already_registered(self, now, host):
        """Every named colleague counts, registered or not."""
        series = SessionFactory(now=now, capacity=9).series
        register(series, host, now=now)
        known = [UserFactory() for _ in range(4)]
        for person in known:
            register(series, person, now=now)
        people = [Colleague("Known", person.email) for person in known]
        with pytest.raises(TooManyHeldError):
            invite(series, people, by=host, language="en", now=now)
        with pytest.raises(ColleagueError):
            invite(series, [*people, *colleagues(1)], by=host, language="en", now=now)
        Series.objects.update(capacity=None)
        for _ in range(MOST_UNANSWERED // 4):
            invite(series, people, by=host, language="en", now=now)
            Invitation.objects.update(email="")  # avoids the limit per address
        with pytest.raises(TooManyUnansweredError):
            invite(series, people, by=host, language="en", now=now)
        invite(series, people, by=host, language="en", now=now + timedelta(hours=49))


class TestInvitationsPerAddress:
    def test_an_address_gets_three_invitations_a_day(self, now, host):
        for n in range(4):
            series = SessionFactory(now=now).series
            inviter = UserFactory()
            register(series, inviter, now=now)
            if n < 3:
                invite(series, [Colleague("Anna", "Anna@Example.ca")], by=inviter, language="en", now=now)
        with pytest.raises(InvitedTooOftenError) as error:
            invite(series, [*colleagues(1), Colleague("Anna", "anna@example.ca")], by=inviter, language="en", now=now)
        assert error.value.emails == ["anna@example.ca"]
        assert Message.objects.filter(message_type="invited").count() == 3
        invite(series, [Colleague("Anna", "anna@example.ca")], by=inviter, language="en", now=now + timedelta(days=1))

    def test_the_limit_per_address_includes_people_who_are_already_registered(self, now, series, host):
        anna = UserFactory(email="anna@example.ca")
        register(series, anna, now=now)
        for _ in range(3):
            invite(series, [Colleague("Anna", anna.email)], by=host, language="en", now=now)
        with pytest.raises(InvitedTooOftenError):
            invite(series, [Colleague("Anna", anna.email)], by=host, language="en", now=now)


def test_the_inviter_is_notified_when_a_seat_that_staff_moved_is_cancelled(now, series, host):
    (invitation,) = invite(series, colleagues(1), by=host, language="en", now=now)
    other = SessionFactory(now=now).series
    moved = move(invitation.registration, other, by=UserFactory(is_staff=True), reason="Asked for it.", now=now)
    cancel(moved, now=now)
    assert Message.objects.get(message_type="colleague-not-coming").to == host.email


@pytest.mark.django_db(transaction=True)
def test_parallel_invitations_do_not_exceed_the_limits(now):
    """One person invites in four series at the same time."""
    series = [SessionFactory(now=now, capacity=30).series for _ in range(4)]
    host = UserFactory()
    for each in series:
        register(each, host, now=now)

    def try_to_invite(number):
        with suppress(InvitationError):
            invite(series[number % 4], colleagues(3, 3 * number), by=host, language="en", now=now)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(try_to_invite, range(16)))
    assert held_seats() == 18
    assert all(held_seats(series=each) <= 10 for each in series)
