"""Reads of "my sessions" and of the line."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from registrations.models import EndReason, Intention, Invitation, Place, Registration, RegistrationQuerySet
from registrations.tokens import make_join_token
from sessions_app.entry import Entry
from sessions_app.models import Resource, Series, Session
from sessions_app.status import Status, is_past

DOORS_OPEN = timedelta(minutes=15)
# Below this many seats of the past year, nothing is said of how many are usually given up.
ENOUGH_SEATS = 50
A_YEAR = timedelta(days=365)
AN_HOUR_IN_SECONDS = 3600
ENDED_BY_US = (EndReason.SERIES_CANCELLED, EndReason.WITHDRAWN, EndReason.STAFF, EndReason.LINE_CLOSED)


@dataclass
class MyEntry(Entry):
    """A series as the person who has a place in it sees it."""

    registration: Registration | None = None
    absent_from: set[int] = field(default_factory=set)  # keys of the sessions that they cannot come to

    @property
    def is_waiting(self) -> bool:
        return bool(self.registration and self.registration.place == Place.WAITLISTED)

    @property
    def is_recording(self) -> bool:
        return bool(self.registration and self.registration.place == Place.RECORDING)

    @property
    def can_join(self) -> bool:
        """The doors of the next session are open: from 15 minutes before it until its end."""
        has_seat = self.registration and self.registration.place == Place.CONFIRMED
        return bool(has_seat and self.lead and self.lead.starts_at - DOORS_OPEN <= self.now < self.lead.ends_at)

    @property
    def doors_open_at(self) -> datetime | None:
        return self.lead.starts_at - DOORS_OPEN if self.lead else None

    @property
    def join_token(self) -> str:
        return make_join_token(self.registration.pk, self.lead.pk) if self.registration and self.lead else ""

    @property
    def meetings_ahead(self) -> list[Session]:
        return [session for session in self.meetings if session.ends_at > self.now]

    @property
    def chances(self) -> "Chances | None":
        return chances(self.registration, self.now) if self.is_waiting and self.registration else None


@dataclass(frozen=True)
class Mine:
    """ "My sessions": to come, the next first; past, the latest first; ended by the team though still ahead."""

    coming: list[MyEntry]
    over: list[MyEntry]
    ended: list[Registration]


def mine(user: User, now: datetime, reader: ZoneInfo | None) -> Mine:
    registrations = (
        with_line(Registration.objects.active().filter(user=user))
        .select_related("series__hub")
        .prefetch_related(
            Prefetch("series__sessions", Session.objects.order_by("starts_at", "pk")),
            Prefetch("series__resources", Resource.objects.order_by("pk")),
            Prefetch("intentions", Intention.objects.filter(is_coming=False), to_attr="absences"),
        )
        .order_by("pk")
    )
    entries = [
        MyEntry(
            registration.series,
            now,
            reader,
            registration=registration,
            absent_from={absence.session_id for absence in registration.absences},
        )
        for registration in registrations
    ]
    coming = [entry for entry in entries if entry.status != Status.PAST]
    over = [entry for entry in entries if entry.status == Status.PAST]
    coming.sort(key=lambda entry: (entry.lead is None, entry.lead and entry.lead.starts_at))
    over.sort(key=lambda entry: (entry.lead is None, entry.lead and entry.lead.starts_at), reverse=True)
    ended = Registration.objects.filter(
        ~is_past_series(now), user=user, place=Place.CANCELLED, end_reason__in=ENDED_BY_US
    )
    return Mine(coming, over, list(ended.select_related("series").order_by("-cancelled_at")))


def is_past_series(now: datetime) -> Q:
    return Q(series__in=Series.objects.filter(is_past(now)).values("pk"))


def colleagues(user: User, now: datetime) -> list[Invitation]:
    """The seats that someone took for colleagues, in series that are not over."""
    invitations = Invitation.objects.filter(~is_past_series(now), inviter=user)
    return list(invitations.select_related("series", "registration").order_by("-created_at", "pk"))


def with_line(registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    """Annotate `line_place` and `line_length`: "3rd of 12"; and `came_free`, the seats that went to the line so far."""
    line = Registration.objects.filter(place=Place.WAITLISTED, series=OuterRef("series")).order_by()
    before = Q(waitlisted_at__lt=OuterRef("waitlisted_at")) | Q(
        waitlisted_at=OuterRef("waitlisted_at"), pk__lte=OuterRef("pk")
    )

    def counted(rows: RegistrationQuerySet) -> Coalesce:
        return Coalesce(Subquery(rows.values("series").annotate(n=Count("pk")).values("n")), 0)

    served = Registration.objects.filter(
        series=OuterRef("series"), waitlisted_at__isnull=False, confirmed_at__isnull=False
    ).order_by()
    return registrations.annotate(
        line_place=counted(line.filter(before)), line_length=counted(line), came_free=counted(served)
    )


def in_line(registration: Registration) -> tuple[int, int]:
    """(place, length) of the line that the person stands in: (3, 12) for "3rd of 12"; (0, 0) for who does not wait."""
    if registration.place != Place.WAITLISTED:
        return (0, 0)
    waiting: Any = with_line(
        Registration.objects.filter(pk=registration.pk)
    )  # Any: the types do not follow annotations
    return waiting.values_list("line_place", "line_length").first() or (0, 0)


@dataclass(frozen=True)
class Chances:
    """What the portal honestly knows of somebody's chances in line; nothing is guessed from too few series."""

    came_free: int  # seats of this series that went to the line so far
    usual: (
        int | None
    )  # seats of a series of this size that are usually given up, by the past year; None: too few to say
    is_likely: bool


def chances(registration: Registration, now: datetime) -> Chances:
    """`registration` waits, and is annotated by `with_line`."""
    series = registration.series
    place, came_free = registration.line_place, registration.came_free  # type: ignore[attr-defined]
    share = _share_given_up(now)
    usual = None if share is None else round(share * (series.capacity or 0))
    return Chances(came_free, usual, usual is not None and place <= usual - came_free)


def _share_given_up(now: datetime) -> float | None:
    """How large a part of the seats was given up by itself in last year's series with limited seats; None for too few."""
    share = cache.get("share-of-seats-given-up")
    if share is None:
        share = _count_given_up(now)
        cache.set("share-of-seats-given-up", share, AN_HOUR_IN_SECONDS)
    return None if share < 0 else share


def _count_given_up(now: datetime) -> float:
    recent = Series.objects.filter(is_past(now), last_ends_at__gt=now - A_YEAR, capacity__isnull=False)
    had_seat = Registration.objects.filter(series__in=recent.values("pk"), confirmed_at__isnull=False)
    counted = had_seat.aggregate(
        seats=Count("pk"), given_up=Count("pk", filter=Q(end_reason=EndReason.SELF) | Q(place=Place.RECORDING))
    )
    return counted["given_up"] / counted["seats"] if counted["seats"] >= ENOUGH_SEATS else -1.0
