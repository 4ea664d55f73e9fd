"""Reads of the public programme."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Min, OuterRef, Prefetch, Q, Subquery
from django.utils.functional import cached_property

from accounts.zones import PROJECT_ZONE
from sessions_app import times
from sessions_app.forms import NATIONAL
from sessions_app.models import Delivery, Series, SeriesQuerySet, Session
from sessions_app.status import FEW_SEATS, Status, registration_status, with_status

SEARCHED = ("title", "summary", "description", "audience_note")


def upcoming(now: datetime, filters: dict[str, Any] | None = None) -> SeriesQuerySet:
    """Public series that are not past, the next session first, those without a date last."""
    still_ahead = Q(status=Status.CANCELLED) & ~Q(last_ends_at__gt=now)
    series: Any = with_status(Series.objects.public(), now)  # Any: types do not follow annotations
    series = series.exclude(status=Status.PAST).exclude(still_ahead)
    ahead = Session.objects.meeting().filter(series=OuterRef("pk"), ends_at__gt=now).order_by()
    next_start = ahead.values("series").annotate(next=Min("starts_at")).values("next")
    series = series.annotate(next_starts_at=Subquery(next_start))
    return narrowed(series, filters or {}).order_by(F("next_starts_at").asc(nulls_last=True), "slug")


def past(now: datetime, filters: dict[str, Any] | None = None) -> SeriesQuerySet:
    """Public series that are past, the latest first, those without dates last."""
    series: Any = with_status(Series.objects.public(), now)
    return narrowed(series.filter(status=Status.PAST), filters or {}).order_by(
        F("last_ends_at").desc(nulls_last=True), "slug"
    )


def narrowed(series: Any, filters: dict[str, Any]) -> SeriesQuerySet:
    """Apply the chosen filters (forms.ProgrammeFilter). National programming is for every province."""
    for word in filters.get("q", "").split():
        found = Q()
        for name in SEARCHED:
            found |= Q(**{f"{name}_en__unaccent__icontains": word}) | Q(**{f"{name}_fr__unaccent__icontains": word})
        series = series.filter(found)
    if "status" in filters:
        series = series.filter(status__in=filters["status"])
    if "language" in filters:
        series = series.filter(language__in=[*filters["language"], "both"])
    if "profession" in filters:
        series = series.filter(Q(audience__overlap=filters["profession"]) | Q(audience=[]))
    if "province" in filters:
        series = series.filter(Q(hub=None) | Q(hub__provinces__overlap=filters["province"]))
    if "hub" in filters:
        series = series.filter(
            Q(hub__slug__in=filters["hub"]) | (Q(hub=None) if NATIONAL in filters["hub"] else Q(pk=None))
        )
    if "month" in filters:
        start, after = filters["month"]
        in_month = Session.objects.meeting().filter(starts_at__gte=start, starts_at__lt=after)
        series = series.filter(pk__in=in_month.values("series"))
    return series


def for_list(series: SeriesQuerySet) -> SeriesQuerySet:
    """Everything that an agenda shows of a series, in two queries."""
    return series.select_related("hub").prefetch_related(
        Prefetch("sessions", Session.objects.order_by("starts_at", "pk"))
    )


@dataclass
class Entry:
    """A series as a list shows it at `now`, to a reader who lives in `reader`."""

    series: Series
    now: datetime
    reader: ZoneInfo | None = None
    sessions: list[Session] = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = list(self.series.sessions.all())

    @cached_property
    def status(self) -> Status:
        return registration_status(self.series, self.now)

    @property
    def few_left(self) -> int | None:
        """The seats left, where they are few enough to say so."""
        left = self.series.seats_left
        return left if self.status == Status.OPEN and left is not None and left <= FEW_SEATS else None

    @cached_property
    def meetings(self) -> list[Session]:
        return [s for s in self.sessions if s.delivery not in (Delivery.CANCELLED, Delivery.POSTPONED)]

    @cached_property
    def lead(self) -> Session | None:
        """The session whose date leads: the next one, or, once all are over, the first."""
        ahead = (session for session in self.meetings if session.ends_at > self.now)
        return next(ahead, self.meetings[0] if self.meetings else None)

    @property
    def day(self) -> datetime | None:
        return self.lead.starts_at.astimezone(self.series.zone) if self.lead else None

    @property
    def month(self) -> datetime | None:
        return self.lead.starts_at.astimezone(ZoneInfo(PROJECT_ZONE)).replace(day=1) if self.lead else None

    @property
    def ahead(self) -> int:
        return sum(session.ends_at > self.now for session in self.meetings)

    @property
    def when(self) -> str:
        return times.say_when(self.lead.starts_at, self.lead.ends_at, self.series.zone) if self.lead else ""

    @property
    def also(self) -> str:
        """The dates of the sessions that follow the one that leads; with their times where these differ from its own."""
        if not self.lead:
            return ""
        zone = self.series.zone
        hours = times.say_times(self.lead.starts_at, self.lead.ends_at, zone)
        said = []
        for session in self.meetings:
            if session.starts_at <= self.lead.starts_at:
                continue
            year = session.starts_at.year != self.lead.starts_at.year
            own = times.say_times(session.starts_at, session.ends_at, zone)
            date = times.say_date(session.starts_at, zone, weekday=False, year=year)
            said.append(date if own == hours else f"{date} ({own})")
        return " · ".join(said)

    @property
    def readers_times(self) -> str:
        if not self.lead:
            return ""
        return times.say_readers_times(self.lead.starts_at, self.lead.ends_at, self.series.zone, self.reader)

    @property
    def opens(self) -> str:
        """The date on which registration opens, where it is known and ahead."""
        opens_at = self.series.registration_opens_at
        if self.status != Status.SOON or not opens_at:
            return ""
        return times.say_date(opens_at, self.series.zone, weekday=False, year=opens_at.year != self.now.year)


def by_month(entries: list[Entry]) -> list[tuple[datetime | None, list[Entry]]]:
    """The entries, in their order, under their months; None heads those without a date."""
    groups: list[tuple[datetime | None, list[Entry]]] = []
    for entry in entries:
        head = entry.month.replace(hour=0, minute=0, second=0, microsecond=0) if entry.month else None
        if not groups or groups[-1][0] != head:
            groups.append((head, []))
        groups[-1][1].append(entry)
    return groups


def next_open(now: datetime) -> Series | None:
    """The next series with a seat, for the home page's ticket."""
    return for_list(dated(now).filter(status=Status.OPEN)).first()


def dated(now: datetime) -> Any:
    """The upcoming series whose next session has a date and has not begun."""
    series: Any = upcoming(now)
    return series.filter(next_starts_at__gt=now)
