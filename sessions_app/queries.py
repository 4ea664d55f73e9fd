"""Reads of the public programme."""

from datetime import datetime
from typing import Any

from django.db.models import F, Min, OuterRef, Prefetch, Q, Subquery

from sessions_app.forms import NATIONAL
from sessions_app.models import Series, SeriesQuerySet, Session
from sessions_app.status import Status, is_past, with_status

SEARCHED = ("title", "summary", "description", "audience_note")


def upcoming(now: datetime, filters: dict[str, Any] | None = None) -> SeriesQuerySet:
    """Public series that are not past, the next session first, those without a date last."""
    listed = Q(is_cancelled=True, last_ends_at__gt=now) | (Q(is_cancelled=False) & ~is_past(now))
    ahead = Session.objects.meeting().filter(series=OuterRef("pk"), ends_at__gt=now).order_by()
    next_start = ahead.values("series").annotate(next=Min("starts_at")).values("next")
    series = with_status(Series.objects.public().filter(listed), now).annotate(next_starts_at=Subquery(next_start))
    return narrowed(series, filters or {}).order_by(F("next_starts_at").asc(nulls_last=True), "slug")


def past(now: datetime, filters: dict[str, Any] | None = None) -> SeriesQuerySet:
    """Public series that are past, the latest first, those without dates last."""
    series = with_status(Series.objects.public().filter(is_past(now), is_cancelled=False), now)
    return narrowed(series, filters or {}).order_by(F("last_ends_at").desc(nulls_last=True), "slug")


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


def next_open(now: datetime) -> Series | None:
    """The next series with a seat, for the home page's ticket."""
    return for_list(dated(now).filter(status=Status.OPEN)).first()


def dated(now: datetime) -> Any:
    """The upcoming series whose next session has a date and has not begun."""
    series: Any = upcoming(now)
    return series.filter(next_starts_at__gt=now)
