"""The rules for registrations (docs/structure.md) hold after any sequence of actions by people and staff, also in parallel.

Hypothesis runs random sequences on real Postgres. The actions of a parallel step run in threads, each with its own database
connection. HYPOTHESIS_SEQUENCES is the number of sequences: 20 in the suite, 2,000 in `make drill`.
"""

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from outbox.models import Message
from registrations import services
from registrations.models import EndReason, Registration, RegistrationState
from registrations.services.colleagues import Colleague
from sessions_app.models import Series
from sessions_app.status import Status, registration_status
from tests.factories import SessionFactory, UserFactory

PEOPLE, THREADS = 6, 4
SEQUENCES = int(os.environ.get("HYPOTHESIS_SEQUENCES", "20"))
BEGIN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
REFUSALS = (
    services.RegistrationRefusedError,
    services.NoSeatError,
    services.InvitationError,
    Registration.DoesNotExist,
)
END_MESSAGE_TYPES = {
    EndReason.SELF: {"cancelled", "left-waitlist", "declined"},
    EndReason.STAFF: {"cancelled-by-us"},
    EndReason.MOVED: {"moved"},
    EndReason.LAPSED: {"invitation-lapsed"},
    EndReason.WAITLIST_CLOSED: {"waitlist-closed"},
    EndReason.SERIES_CANCELLED: {"series-cancelled"},
    EndReason.WITHDRAWN: {"series-withdrawn"},
}


class Actions:
    """Actions on person number `who` in series number `where`. Some use the number `n`."""

    def __init__(self, people, staff, series, now):
        self.people, self.staff, self.series, self.now = people, staff, series, now

    def registration(self, who, where):
        return Registration.objects.active().get(user=self.people[who], series=self.series[where])

    def register(self, who, where, n):
        services.register(self.series[where], self.people[who], now=self.now)

    def cancel(self, who, where, n):
        services.cancel(self.registration(who, where), now=self.now)

    def decline(self, who, where, n):
        """Use the link in an email. The registration may already be cancelled."""
        last = Registration.objects.filter(user=self.people[who], series=self.series[where]).order_by("pk").last()
        if last:
            services.cancel(last, now=self.now)

    def switch_to_recording(self, who, where, n):
        services.switch_to_recording(self.registration(who, where), now=self.now)

    def confirm(self, who, where, n):
        services.confirm_invitation(self.registration(who, where), now=self.now)

    def change_capacity(self, who, where, n):
        series = Series.objects.get(pk=self.series[where].pk)
        series.capacity = n
        with suppress(IntegrityError):  # refused if fewer than are taken
            series.save()

    def promote(self, who, where, n):
        services.promote(self.registration(who, where), by=self.staff, reason="She speaks.", now=self.now)

    def move(self, who, where, n):
        registration = self.registration(who, where)
        services.move(registration, self.series[1 - where], by=self.staff, reason="Asked for it.", now=self.now)

    def register_for(self, who, where, n):
        email = self.people[who].email
        services.register_for(self.series[where], email, name="", language="en", by=self.staff, now=self.now)

    def cancel_for(self, who, where, n):
        services.cancel_for(self.registration(who, where), by=self.staff, note="", now=self.now)

    def invite(self, who, where, n):
        colleagues = [Colleague("A colleague", self.people[(who + k) % PEOPLE].email) for k in range(1, 1 + n % 3)]
        services.invite(self.series[where], colleagues, by=self.people[who], language="en", now=self.now)

    def expire_invitations(self, who, where, n):
        services.expire_invitations(self.now)

    def close_due_waitlists(self, who, where, n):
        services.close_due_waitlists(self.now)

    def close_or_open(self, who, where, n):
        with transaction.atomic():  # locks the row, as the admin does
            series = Series.objects.select_for_update().get(pk=self.series[where].pk)
            series.is_closed = not series.is_closed
            series.save()


FREQUENT = ["register"] * 4 + ["cancel"] * 2 + ["invite"] * 2
ALL = FREQUENT + [
    name for name in vars(Actions) if not name.startswith("_") and name not in ("registration", *FREQUENT)
]
one_action = st.tuples(st.sampled_from(ALL), st.integers(0, PEOPLE - 1), st.integers(0, 1), st.integers(0, 5))


class RegistrationMachine(RuleBasedStateMachine):
    people, staff, pool = (), None, None

    @initialize(capacities=st.tuples(st.integers(0, 3), st.none() | st.integers(0, 3)), waitlists=st.booleans())
    def open_two_series(self, capacities, waitlists):
        self.now = BEGIN
        self.series = [
            SessionFactory(now=BEGIN, days=300, capacity=capacity, waitlist_enabled=waitlist).series
            for capacity, waitlist in zip(capacities, (True, waitlists), strict=True)
        ]

    @rule(action=one_action)
    def run_one(self, action):
        self._perform(action)

    @rule(actions=st.lists(one_action, min_size=2, max_size=THREADS))
    def run_in_parallel(self, actions):
        for future in [self.pool.submit(self._perform, action) for action in actions]:
            future.result()

    @rule()
    def wait_two_days(self):
        self.now += timedelta(days=2)
        services.expire_invitations(self.now)

    @rule(where=st.integers(0, 1))
    def reach_the_closing_time(self, where):
        Series.objects.filter(pk=self.series[where].pk).update(registration_closes_at=self.now)
        services.close_due_waitlists(self.now)

    @rule(where=st.integers(0, 1), withdraw=st.booleans())
    def cancel_or_withdraw_the_series(self, where, withdraw):
        series = Series.objects.get(pk=self.series[where].pk)
        if withdraw:
            series.publication = "draft"
        else:
            series.is_cancelled = True
        series.save()

    def _perform(self, action):
        name, who, where, n = action
        with suppress(*REFUSALS):
            getattr(Actions(self.people, self.staff, self.series, self.now), name)(who, where, n)

    @invariant()
    def the_rules_hold(self):
        keys = [series.pk for series in getattr(self, "series", [])]
        registrations, sent = list(Registration.objects.filter(series__in=keys)), self._message_types()
        for series in Series.objects.filter(pk__in=keys):
            self._check_series(series, [each for each in registrations if each.series_id == series.pk])
        for registration in registrations:
            self._check_messages(registration, sent[registration.pk])

    def _check_series(self, series, registrations):
        confirmed = [each for each in registrations if each.state == RegistrationState.CONFIRMED]
        active = [each.user_id for each in registrations if each.state != RegistrationState.CANCELLED]
        assert series.seats_taken == len(confirmed)
        assert series.capacity is None or series.seats_taken <= series.capacity
        assert len(active) == len(set(active))
        if any(each.state == RegistrationState.WAITLISTED for each in registrations):
            assert series.seats_left == 0, "Someone is waitlisted while a seat is free."
            status = registration_status(series, self.now)
            assert status not in (Status.CANCELLED, Status.PAST, Status.CLOSED), (
                "Someone is waitlisted in a series that has ended or closed."
            )

    def _message_types(self):
        """Return the message types for each registration. Message keys are unique, so the same email cannot exist twice."""
        sent = defaultdict(set)
        for key, message_type, data in Message.objects.values_list("key", "message_type", "data"):
            if "registration" in data:
                assert key == f"{message_type}:{data['registration']}"
                sent[data["registration"]].add(message_type)
            if message_type == "moved":
                sent[data["to"]].add("arrived")
        return sent

    def _check_messages(self, registration, sent):
        assert sent & {"registered", "waitlisted", "invited", "arrived"}, "No email confirms the registration."
        if registration.waitlisted_at and registration.confirmed_at:
            assert "seat-found" in sent
        if registration.state == RegistrationState.CONFIRMED and "invited" in sent:
            assert ("registered" in sent) == (registration.held_until is None)
        if registration.recording_at:
            assert "recording-only" in sent
        if registration.state == RegistrationState.CANCELLED and registration.end_reason != EndReason.CAME_BACK:
            assert len(sent & END_MESSAGE_TYPES[EndReason(registration.end_reason)]) == 1

    def teardown(self):
        for series in getattr(self, "series", []):
            Registration.objects.filter(series=series).update(held_until=None, state=RegistrationState.CANCELLED)
        Message.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_the_rules_hold_after_any_sequence_of_actions():
    RegistrationMachine.people, RegistrationMachine.staff = (
        [UserFactory(with_profile=True) for _ in range(PEOPLE)],
        UserFactory(is_staff=True),
    )
    with ThreadPoolExecutor(THREADS) as pool:
        RegistrationMachine.pool = pool
        try:
            run_state_machine_as_test(
                RegistrationMachine,
                settings=settings(
                    max_examples=SEQUENCES,
                    stateful_step_count=6,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    database=None,
                    print_blob=True,
                ),
            )
        finally:
            barrier = Barrier(THREADS)
            for future in [pool.submit(close_connection, barrier) for _ in range(THREADS)]:
                future.result()


def close_connection(barrier):
    """Close the database connection of this thread. The barrier makes every thread of the pool run it once."""
    barrier.wait()
    connection.close()
