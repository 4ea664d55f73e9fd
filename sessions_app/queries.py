"""Reads of the public programme."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Exists, F, Min, OuterRef, Prefetch, Q, Subquery, When

from accounts.languages import current_language
from accounts.zones import PROJECT_ZONE
from hubs.models import Hub
from sessions_app.forms import NATIONAL
from sessions_app.models import Series, SeriesQuerySet, Session, SessionQuerySet
from sessions_app.status import Status, is_past, with_status
from sessions_app.version import programme_version

SEARCHED = ("title", "summary", "description", "audience_note")
MonthCount = tuple[date, int]  # the first of a month, and how many series have a session in it


def upcoming(now: datetime, filters: dict[str, Any] | None = None) -> Any:
    """Public series that are not past, the next session first, those without a date last."""
    listed = Q(is_cancelled=True, last_ends_at__gt=now) | (Q(is_cancelled=False) & ~is_past(now))
    ahead = Session.objects.meeting().filter(ends_at__gt=now)
    of_series = ahead.filter(series=OuterRef("pk")).order_by()
    next_start = of_series.values("series").annotate(next=Min("starts_at")).values("next")
    series = narrowed(Series.objects.public().filter(listed), filters or {}, now, meetings=ahead)
    # only a series that has begun has to look for its next session
    next_starts_at = Case(When(first_starts_at__gt=now, then=F("first_starts_at")), default=Subquery(next_start))
    series = series.annotate(next_starts_at=next_starts_at)
    return series.order_by(F("next_starts_at").asc(nulls_last=True), "slug")


def past(now: datetime, filters: dict[str, Any] | None = None) -> Any:
    """Public series that are past, those that began last first: the list shows each under the month of its first session. Those
    without dates come last."""
    over = Series.objects.public().filter(is_past(now), is_cancelled=False)
    series = narrowed(over, filters or {}, now, meetings=Session.objects.meeting())
    return series.order_by(F("first_starts_at").desc(nulls_last=True), "slug")


def narrowed(series: Any, filters: dict[str, Any], now: datetime, *, meetings: SessionQuerySet) -> Any:
    """Apply the chosen filters (forms.ProgrammeFilter). National programming is for every province; `meetings` are the sessions
    that a month is searched for."""
    for word in filters.get("q", "").split():
        spoken = Session.objects.filter(_contains("speakers", word), series=OuterRef("pk"))
        found = Q(Exists(spoken))
        for name in SEARCHED:
            found |= _contains(name, word)
        series = series.filter(found)
    if "status" in filters:
        series = with_known_status(series, now, filters["status"])
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
        in_month = meetings.filter(starts_at__gte=start, starts_at__lt=after)
        series = series.filter(pk__in=in_month.values("series"))
    return series


def _contains(name: str, word: str) -> Q:
    return Q(**{f"{name}_en__unaccent__icontains": word}) | Q(**{f"{name}_fr__unaccent__icontains": word})


def offered(series: Series, now: datetime) -> Any:
    """The next series that are open to the same audience in the same language, from any hub, the soonest first: for whom this one
    is of no use to."""
    filters: dict[str, Any] = {"status": [Status.OPEN]}
    if series.audience:
        filters["profession"] = series.audience
    if series.language != "both":
        filters["language"] = [series.language]
    return upcoming(now, filters).exclude(pk=series.pk)


def with_known_status(series: Any, now: datetime, statuses: Iterable[str]) -> Any:
    annotated: Any = with_status(series, now)  # Any: the types do not follow annotations
    return annotated.filter(status__in=list(statuses))


def for_list(series: SeriesQuerySet) -> SeriesQuerySet:
    """Everything that an agenda shows of a series, in two queries."""
    return series.select_related("hub").prefetch_related(
        Prefetch("sessions", Session.objects.order_by("starts_at", "pk"))
    )


def dated(now: datetime) -> Any:
    """The upcoming series whose next session has a date and has not begun."""
    return upcoming(now).filter(next_starts_at__gt=now)


def next_open(now: datetime) -> Series | None:
    """The next series with a seat, for the home page's ticket."""
    return for_list(with_known_status(dated(now), now, [Status.OPEN])).first()


def hub_choices() -> list[tuple[str, str]]:
    """(slug, name) of the hubs that a list can be narrowed to, in the reader's language; kept until the programme changes."""
    version = programme_version()
    if version is None:
        return Hub.objects.listed().choices()
    return _hub_choices(version, current_language())


def upcoming_months(now: datetime) -> tuple[MonthCount, ...]:
    """The months, on the project's clock, that the upcoming list can be narrowed to, and how many series it then shows.

    Kept until the programme changes, for a minute at most: sessions end as time goes by.
    """
    version = programme_version()
    if version is None:
        return _count_months(now)
    return _upcoming_months(version, int(now.timestamp()) // 60)


@lru_cache(maxsize=4)
def _upcoming_months(_version: str, minute: int) -> tuple[MonthCount, ...]:
    return _count_months(datetime.fromtimestamp(minute * 60, UTC))


def _count_months(now: datetime) -> tuple[MonthCount, ...]:
    ahead = Session.objects.meeting().filter(ends_at__gt=now, series__in=upcoming(now).order_by().values("pk"))
    zone = ZoneInfo(PROJECT_ZONE)
    # each series counts once a month
    found = {
        (starts_at.astimezone(zone).date().replace(day=1), series)
        for starts_at, series in ahead.order_by().values_list("starts_at", "series")
    }
    return tuple(sorted(Counter(month for month, _series in found).items()))


@lru_cache(maxsize=4)
def _hub_choices(_version: str, _language: str) -> list[tuple[str, str]]:
    return Hub.objects.listed().choices()
