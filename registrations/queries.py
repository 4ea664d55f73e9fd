"""Reads for "My sessions" and the waitlist."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import Count, OuterRef, Prefetch, Q, prefetch_related_objects
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import User
from registrations.models import EndReason, Intention, Invitation, Registration, RegistrationState
from registrations.tokens import make_join_token
from sessions_app import times
from sessions_app.listings import Listing, RowCount
from sessions_app.models import Resource, Series, Session
from sessions_app.status import Status, is_past, past_q

JOIN_OPENS_BEFORE = timedelta(minutes=15)
# The number of sessions that "My sessions" shows below the leading one. The others can be unfolded.
ROWS = 3
# With fewer seats than this in the past year, we don't say how many are usually given up.
ENOUGH_SEATS = 50
A_YEAR = timedelta(days=365)
AN_HOUR_IN_SECONDS = 3600
ENDED_BY_US = (EndReason.SERIES_CANCELLED, EndReason.WITHDRAWN, EndReason.STAFF, EndReason.WAITLIST_CLOSED)


@dataclass(kw_only=True)
class MyListing(Listing):
    """A series as a person who is registered for it sees it."""

    registration: Registration
    absent_from: set[int] = field(default_factory=set)  # keys of the sessions that they cannot come to

    @property
    def is_waiting(self) -> bool:
        return self.registration.state == RegistrationState.WAITLISTED

    @property
    def is_recording(self) -> bool:
        return self.registration.state == RegistrationState.RECORDING

    @property
    def is_held(self) -> bool:
        return self.registration.is_held

    @cached_property
    def meetings_ahead(self) -> list[Session]:
        return [session for session in self.meetings if session.ends_at > self.now]

    @cached_property
    def coming_next(self) -> Session | None:
        """The next session that the person has not declined."""
        return next((session for session in self.meetings_ahead if session.pk not in self.absent_from), None)

    @cached_property
    def lead(self) -> Session | None:
        """The session whose date is shown first: the next one that the person comes to, else the next one. For a past
        series it is the first.

        None if the series is not past and has no upcoming session.
        """
        if self.meetings_ahead:
            return self.coming_next or self.meetings_ahead[0]
        return self.meetings[0] if self.meetings and self.status == Status.PAST else None

    @property
    def number(self) -> int:
        """The number of the leading session in the series: 2 for "session 2 of 4"."""
        return self.meetings.index(self.lead) + 1 if self.lead else 0

    @property
    def rows(self) -> list[Session]:
        """The upcoming sessions shown below the leading one: the first few, and all that the person declined."""
        return [session for n, session in enumerate(self._others) if self._is_shown(n, session)]

    @property
    def folded_rows(self) -> list[Session]:
        return [session for n, session in enumerate(self._others) if not self._is_shown(n, session)]

    @property
    def _others(self) -> list[Session]:
        return [session for session in self.meetings_ahead if session is not self.coming_next]

    def _is_shown(self, n: int, session: Session) -> bool:
        return n < ROWS or session.pk in self.absent_from

    @property
    def soon(self) -> str:
        """How soon the next session is: "Now", "Tomorrow", "In 9 days". Empty if the person comes to none."""
        if not self.coming_next:
            return ""
        starts_at = self.coming_next.starts_at
        return _("Now") if starts_at <= self.now else times.format_until(starts_at, self.now, self.series.zone)

    @property
    def can_join(self) -> bool:
        """Whether the next session can be joined: from 15 minutes before it starts until it ends."""
        has_seat = self.registration.state == RegistrationState.CONFIRMED
        join_opens_at = self.join_opens_at
        return bool(has_seat and join_opens_at and self.lead and join_opens_at <= self.now < self.lead.ends_at)

    @property
    def join_opens_at(self) -> datetime | None:
        return self.coming_next.starts_at - JOIN_OPENS_BEFORE if self.coming_next else None

    @property
    def join_token(self) -> str:
        return make_join_token(self.registration.pk, self.lead.pk) if self.lead else ""

    @property
    def chances(self) -> "Chances | None":
        return chances(self.registration, self.now) if self.is_waiting else None


@dataclass(frozen=True)
class MySessions:
    """The sections of "My sessions". Each list starts with what comes first; the past starts with the latest."""

    to_answer: list[MyListing]  # seats that colleagues reserved, not confirmed yet
    next: MyListing | None  # the next session that the person has a seat in and has not declined
    upcoming: list[MyListing]  # the other seats
    waitlist: list[MyListing]
    recordings: list[MyListing]  # seats given up for the recording
    past: list[MyListing]
    ended: list[Registration]  # ended by the team, for series that are not past


def mine(user: User, now: datetime, reader: ZoneInfo | None) -> MySessions:
    registrations = _my_registrations(user)
    listings = [_my_listing(one, now, reader) for one in registrations if one.state != RegistrationState.CANCELLED]
    listings.sort(key=lambda listing: (listing.lead is None, listing.lead and listing.lead.starts_at))
    ahead = [listing for listing in listings if listing.status != Status.PAST]
    past = [listing for listing in reversed(listings) if listing.status == Status.PAST and not listing.is_waiting]
    # only the past shows recordings and slides
    prefetch_related_objects(
        [listing.series for listing in past], Prefetch("resources", Resource.objects.order_by("pk"))
    )
    seats = [listing for listing in ahead if not (listing.is_held or listing.is_waiting or listing.is_recording)]
    upcoming_first = next((listing for listing in seats if listing.coming_next), None)
    ended = [one for one in registrations if one.state == RegistrationState.CANCELLED and not is_past(one.series, now)]
    return MySessions(
        to_answer=[listing for listing in ahead if listing.is_held],
        next=upcoming_first,
        upcoming=[listing for listing in seats if listing is not upcoming_first],
        waitlist=[listing for listing in ahead if listing.is_waiting],
        recordings=[listing for listing in ahead if listing.is_recording],
        past=past,
        ended=sorted(ended, key=lambda one: one.cancelled_at or now, reverse=True),
    )


def _my_registrations(user: User) -> list[Registration]:
    """Return the person's active registrations, and those that the team ended."""
    shown = Registration.objects.filter(
        ~Q(state=RegistrationState.CANCELLED) | Q(end_reason__in=ENDED_BY_US), user=user
    )
    shown = shown.select_related("series").prefetch_related(
        Prefetch("series__sessions", Session.objects.order_by("starts_at", "pk")),
        Prefetch("intentions", Intention.objects.filter(is_coming=False), to_attr="absences"),
    )
    registrations: list[Registration] = list(shown.order_by("pk"))
    add_waitlist_positions(registrations)
    return registrations


def _my_listing(registration: Any, now: datetime, reader: ZoneInfo | None) -> MyListing:
    """`registration` is one of `_my_registrations`, which come with their `absences`."""
    absent_from = {absence.session_id for absence in registration.absences}
    return MyListing(registration.series, now, reader, registration=registration, absent_from=absent_from)


def has_waitlist(series: Series) -> bool:
    """Whether someone is on the waitlist, so that a seat that is given up goes to them."""
    return Registration.objects.waitlisted().filter(series=series).exists()


def colleagues(user: User, now: datetime) -> list[Invitation]:
    """Return the seats that the person reserved for colleagues, in series that are not past."""
    # most people have none, and then nothing else is read
    invitations = Invitation.objects.filter(inviter=user).prefetch_related("series", "registration")
    return [one for one in invitations.order_by("-created_at", "pk") if not is_past(one.series, now)]


def add_waitlist_positions(registrations: Iterable[Registration]) -> None:
    """Set `waitlist_position`, `waitlist_length` ("3rd of 12") and `seats_freed` on those that are on a waitlist.

    `seats_freed` is the number of seats that went to the waitlist so far.
    """
    waiting = {one.pk: one for one in registrations if one.state == RegistrationState.WAITLISTED}
    if not waiting:
        return
    waitlist = Registration.objects.waitlisted().filter(series=OuterRef("series")).order_by()
    served = Registration.objects.filter(
        series=OuterRef("series"), waitlisted_at__isnull=False, confirmed_at__isnull=False
    ).order_by()
    counted = Registration.objects.filter(pk__in=waiting).annotate(
        position=position_on_waitlist(),
        length=RowCount(waitlist.values("pk")),
        freed=RowCount(served.values("pk")),
    )
    for key, position, length, freed in counted.values_list("pk", "position", "length", "freed"):
        one = waiting[key]
        one.waitlist_position, one.waitlist_length, one.seats_freed = position, length, freed


def position_on_waitlist() -> RowCount:
    """Return a column with the waitlist position of each registration of a query. It is only for those on a waitlist."""
    not_later = Q(waitlisted_at__lt=OuterRef("waitlisted_at")) | Q(
        waitlisted_at=OuterRef("waitlisted_at"), pk__lte=OuterRef("pk")
    )
    same_waitlist = Registration.objects.waitlisted().filter(series=OuterRef("series")).order_by()
    return RowCount(same_waitlist.filter(not_later).values("pk"))


def waitlist_position_of(registration: Registration) -> tuple[int, int]:
    """Return (position, length), such as (3, 12) for "3rd of 12". It is (0, 0) for someone who is not on the waitlist."""
    if registration.state != RegistrationState.WAITLISTED:
        return (0, 0)
    add_waitlist_positions([registration])
    return registration.waitlist_position, registration.waitlist_length


@dataclass(frozen=True)
class Chances:
    """What we know about someone's chances on the waitlist. With too little data, it says so instead of guessing."""

    seats_freed: int  # seats of this series that people on the waitlist have got so far
    # Seats that are usually given up in a series of this size, from the past year. None if there is too little data.
    usual: int | None
    is_likely: bool


def chances(registration: Registration, now: datetime) -> Chances:
    """Return the chances of a waitlisted registration, after `add_waitlist_positions`."""
    series = registration.series
    position, seats_freed = registration.waitlist_position, registration.seats_freed
    share = _share_given_up(now)
    usual = None if share is None else round(share * (series.capacity or 0))
    return Chances(seats_freed, usual, usual is not None and position <= usual - seats_freed)


def _share_given_up(now: datetime) -> float | None:
    """Return the share of seats that people gave up in last year's limited series, or None if there were too few seats."""
    share = cache.get("share-of-seats-given-up")
    if share is None:
        share = _count_given_up(now)
        cache.set("share-of-seats-given-up", share, AN_HOUR_IN_SECONDS)
    return None if share < 0 else share


def _count_given_up(now: datetime) -> float:
    recent = Series.objects.filter(past_q(now), last_ends_at__gt=now - A_YEAR, capacity__isnull=False)
    had_seat = Registration.objects.filter(series__in=recent.values("pk"), confirmed_at__isnull=False)
    counted = had_seat.aggregate(
        seats=Count("pk"),
        given_up=Count("pk", filter=Q(end_reason=EndReason.SELF) | Q(state=RegistrationState.RECORDING)),
    )
    return counted["given_up"] / counted["seats"] if counted["seats"] >= ENOUGH_SEATS else -1.0
