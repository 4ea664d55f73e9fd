"""Whatever people and staff do to registrations, in any order and at the same time, the rules of docs/structure.md hold.

Thousands of random sequences on real Postgres; several acts of a step run in threads of their own, each with its own
connection. HYPOTHESIS_SEQUENCES says how many sequences; the suite runs 100, `make drill` 3,000.
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
SEQUENCES = int(os.environ.get("HYPOTHESIS_SEQUENCES", "100"))
BEGIN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
REFUSED = (services.RegistrationRefusedError, services.NoSeatError, services.InvitationError, Registration.DoesNotExist)
END_KINDS = {
    EndReason.SELF: {"cancelled", "left-waitlist", "declined"},
    EndReason.STAFF: {"cancelled-by-us"},
    EndReason.MOVED: {"moved"},
    EndReason.LAPSED: {"invitation-lapsed"},
    EndReason.WAITLIST_CLOSED: {"waitlist-closed"},
    EndReason.SERIES_CANCELLED: {"series-cancelled"},
    EndReason.WITHDRAWN: {"series-withdrawn"},
}


class Acts:
    """Each act is done to person `who` in series `where`; `n` is one more number that it may need."""

    def __init__(self, people, staff, series, now):
        self.people, self.staff, self.series, self.now = people, staff, series, now

    def registration(self, who, where):
        return Registration.objects.active().get(user=self.people[who], series=self.series[where])

    def register(self, who, where, n):
        services.register(self.series[where], self.people[who], now=self.now)

    def cancel(self, who, where, n):
        services.cancel(self.registration(who, where), now=self.now)

    def decline(self, who, where, n):
        """The link in a mail: the place as it was when it was mailed, perhaps given up since."""
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
        with suppress(IntegrityError):  # fewer than are taken: refused
            series.save()

    def promote(self, who, where, n):
        services.promote(self.registration(who, where), by=self.staff, reason="She speaks.", now=self.now)

    def move(self, who, where, n):
        place = self.registration(who, where)
        services.move(place, self.series[1 - where], by=self.staff, reason="Asked for it.", now=self.now)

    def register_for(self, who, where, n):
        email = self.people[who].email
        services.register_for(self.series[where], email, name="", language="en", by=self.staff, now=self.now)

    def cancel_for(self, who, where, n):
        services.cancel_for(self.registration(who, where), by=self.staff, note="", now=self.now)

    def invite(self, who, where, n):
        named = [Colleague("A colleague", self.people[(who + k) % PEOPLE].email) for k in range(1, 1 + n % 3)]
        services.invite(self.series[where], named, by=self.people[who], language="en", now=self.now)

    def expire_invitations(self, who, where, n):
        services.expire_invitations(self.now)

    def close_due_waitlists(self, who, where, n):
        services.close_due_waitlists(self.now)

    def close_or_open(self, who, where, n):
        with (
            transaction.atomic()
        ):  # the admin locks the row too, so that it saves no seats from before somebody else's edit
            series = Series.objects.select_for_update().get(pk=self.series[where].pk)
            series.is_closed = not series.is_closed
            series.save()


OFTEN = ["register"] * 4 + ["cancel"] * 2 + ["invite"] * 2
ALL = OFTEN + [name for name in vars(Acts) if not name.startswith("_") and name not in ("registration", *OFTEN)]
one_act = st.tuples(st.sampled_from(ALL), st.integers(0, PEOPLE - 1), st.integers(0, 1), st.integers(0, 5))


class Places(RuleBasedStateMachine):
    people, staff, pool = (), None, None

    @initialize(capacities=st.tuples(st.integers(0, 3), st.none() | st.integers(0, 3)), waitlists=st.booleans())
    def open_two_series(self, capacities, waitlists):
        self.now = BEGIN
        self.series = [
            SessionFactory(now=BEGIN, days=300, capacity=capacity, waitlist_enabled=waitlist).series
            for capacity, waitlist in zip(capacities, (True, waitlists), strict=True)
        ]

    @rule(act=one_act)
    def one(self, act):
        self._do(act)

    @rule(acts=st.lists(one_act, min_size=2, max_size=THREADS))
    def together(self, acts):
        for done in [self.pool.submit(self._do, act) for act in acts]:
            done.result()

    @rule()
    def two_days_pass(self):
        self.now += timedelta(days=2)
        services.expire_invitations(self.now)

    @rule(where=st.integers(0, 1))
    def the_closing_time_comes(self, where):
        Series.objects.filter(pk=self.series[where].pk).update(registration_closes_at=self.now)
        services.close_due_waitlists(self.now)

    @rule(where=st.integers(0, 1), withdraw=st.booleans())
    def cancel_the_series(self, where, withdraw):
        series = Series.objects.get(pk=self.series[where].pk)
        if withdraw:
            series.publication = "draft"
        else:
            series.is_cancelled = True
        series.save()

    def _do(self, act):
        name, who, where, n = act
        with suppress(*REFUSED):
            getattr(Acts(self.people, self.staff, self.series, self.now), name)(who, where, n)

    @invariant()
    def the_rules_hold(self):
        keys = [series.pk for series in getattr(self, "series", [])]
        places, told = list(Registration.objects.filter(series__in=keys)), self._told()
        for series in Series.objects.filter(pk__in=keys):
            self._check(series, [place for place in places if place.series_id == series.pk])
        for place in places:
            self._check_told(place, told[place.pk])

    def _check(self, series, places):
        confirmed = [place for place in places if place.state == RegistrationState.CONFIRMED]
        active = [place.user_id for place in places if place.state != RegistrationState.CANCELLED]
        assert series.seats_taken == len(confirmed)
        assert series.capacity is None or series.seats_taken <= series.capacity
        assert len(active) == len(set(active))
        if any(place.state == RegistrationState.WAITLISTED for place in places):
            assert series.seats_left == 0, "Somebody waits while a seat is free."
            status = registration_status(series, self.now)
            assert status not in (Status.CANCELLED, Status.PAST, Status.CLOSED), (
                "Somebody waits for what will not come."
            )

    def _told(self):
        """What was told of each place. The key of a message is unique, so nothing is told twice as long as keys name the fact."""
        told = defaultdict(set)
        for key, kind, data in Message.objects.values_list("key", "message_type", "data"):
            if "registration" in data:
                assert key == f"{kind}:{data['registration']}"
                told[data["registration"]].add(kind)
            if kind == "moved":
                told[data["to"]].add("arrived")
        return told

    def _check_told(self, place, told):
        assert told & {"registered", "waitlisted", "invited", "arrived"}, "Nobody told that the place is there."
        if place.waitlisted_at and place.confirmed_at:
            assert "seat-found" in told
        if place.state == RegistrationState.CONFIRMED and "invited" in told:
            assert ("registered" in told) == (place.held_until is None)
        if place.recording_at:
            assert "recording-only" in told
        if place.state == RegistrationState.CANCELLED and place.end_reason != EndReason.CAME_BACK:
            assert len(told & END_KINDS[EndReason(place.end_reason)]) == 1

    def teardown(self):
        for series in getattr(self, "series", []):
            Registration.objects.filter(series=series).update(held_until=None, state=RegistrationState.CANCELLED)
        Message.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_the_rules_hold_after_any_sequence_of_acts():
    Places.people, Places.staff = [UserFactory(with_profile=True) for _ in range(PEOPLE)], UserFactory(is_staff=True)
    with ThreadPoolExecutor(THREADS) as pool:
        Places.pool = pool
        try:
            run_state_machine_as_test(
                Places,
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
            everyone = Barrier(THREADS)
            for done in [pool.submit(hang_up, everyone) for _ in range(THREADS)]:
                done.result()


def hang_up(everyone):
    """Each thread of the pool closes its own connection."""
    everyone.wait()
    connection.close()
