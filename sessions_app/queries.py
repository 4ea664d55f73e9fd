"""Reads of the public program."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, Prefetch, Q, Subquery, Value

from accounts.zones import PROJECT_ZONE
from sessions_app.forms import NATIONAL, MonthCount
from sessions_app.models import Series, SeriesQuerySet, Session, SessionQuerySet
from sessions_app.search import Fold
from sessions_app.status import Status, past_q, with_status

Span = tuple[datetime, datetime]  # from the first moment to the moment after the last


def upcoming(now: datetime, filters: dict[str, Any] | None = None) -> Any:
    """Return public series that are not past, the next session first, those without a date last."""
    filters = filters or {}
    # each side of the first condition has an index, so that the past is not read
    is_ahead = Q(last_ends_at__gt=now) | Q(last_ends_at=None) | Q(has_postponed=True)
    listed = Q(is_cancelled=False, is_concluded=False) | Q(is_cancelled=True, last_ends_at__gt=now)
    ahead = Session.objects.meeting().filter(ends_at__gt=now)
    series = narrowed(Series.objects.listed().filter(is_ahead, listed), filters, now).annotate(
        next_starts_at=_first_start(ahead, filters.get("month"))
    )
    if "month" in filters:
        series = series.filter(next_starts_at__isnull=False)
    return series.order_by(F("next_starts_at").asc(nulls_last=True), "slug")


def past(now: datetime, filters: dict[str, Any] | None = None) -> Any:
    """Return public series that are past, the latest first session first, those without dates last."""
    filters = filters or {}
    series = narrowed(Series.objects.listed().filter(past_q(now), is_cancelled=False), filters, now)
    if "month" not in filters:
        return series.order_by(F("first_starts_at").desc(nulls_last=True), "slug")
    began_at = _first_start(Session.objects.meeting(), filters["month"])
    return series.annotate(began_at=began_at).filter(began_at__isnull=False).order_by("-began_at", "slug")


def _first_start(sessions: SessionQuerySet, month: Span | None) -> Subquery:
    """When the first of `sessions` that a series has starts; in a month, if one is given."""
    own = sessions.filter(series=OuterRef("pk"))
    if month:
        own = own.filter(starts_at__gte=month[0], starts_at__lt=month[1])
    return Subquery(own.order_by("starts_at").values("starts_at")[:1])


def narrowed(series: Any, filters: dict[str, Any], now: datetime) -> Any:
    """Apply the chosen filters (forms.ProgrammeFilter) except the month. National programming is for every province."""
    for word in filters.get("q", "").split():
        series = series.filter(searched_text__contains=Fold(Value(word)))
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
    return series


def offered(series: Series, now: datetime) -> Any:
    """Return the next series that are open to the same audience in the same language, from any hub, the soonest first."""
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
    """Add everything that a listing shows of a series, in two queries."""
    return series.select_related("hub").prefetch_related(
        Prefetch("sessions", Session.objects.order_by("starts_at", "pk"))
    )


def dated(now: datetime) -> Any:
    """Return the upcoming series whose next session has a date and has not started."""
    return upcoming(now).filter(next_starts_at__gt=now)


def next_open(now: datetime) -> Series | None:
    """Return the next series with a seat, for the home page."""
    return for_list(with_known_status(dated(now), now, [Status.OPEN])).first()


def upcoming_months(now: datetime) -> list[MonthCount]:
    """Return the months (in the project's zone) that have upcoming sessions, with the number of series in each."""
    ahead = Session.objects.meeting().filter(ends_at__gt=now, series__in=upcoming(now).order_by().values("pk"))
    zone = ZoneInfo(PROJECT_ZONE)
    # each series counts once a month
    found = {
        (starts_at.astimezone(zone).date().replace(day=1), series)
        for starts_at, series in ahead.order_by().values_list("starts_at", "series")
    }
    return sorted(Counter(month for month, _series in found).items())
