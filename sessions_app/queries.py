"""Reads of the public programme."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Case, F, Min, OuterRef, Prefetch, Q, Subquery, When

from accounts.languages import current_language
from hubs.models import Hub
from sessions_app.forms import NATIONAL
from sessions_app.models import Series, SeriesQuerySet, Session
from sessions_app.services import programme_version
from sessions_app.status import Status, is_past, with_status

SEARCHED = ("title", "summary", "description", "audience_note")


def upcoming(now: datetime, filters: dict[str, Any] | None = None) -> Any:
    """Public series that are not past, the next session first, those without a date last."""
    listed = Q(is_cancelled=True, last_ends_at__gt=now) | (Q(is_cancelled=False) & ~is_past(now))
    ahead = Session.objects.meeting().filter(series=OuterRef("pk"), ends_at__gt=now).order_by()
    next_start = ahead.values("series").annotate(next=Min("starts_at")).values("next")
    series = narrowed(Series.objects.public().filter(listed), filters or {}, now)
    # only a series that has begun has to look for its next session
    next_starts_at = Case(When(first_starts_at__gt=now, then=F("first_starts_at")), default=Subquery(next_start))
    series = series.annotate(next_starts_at=next_starts_at)
    return series.order_by(F("next_starts_at").asc(nulls_last=True), "slug")


def past(now: datetime, filters: dict[str, Any] | None = None) -> Any:
    """Public series that are past, the latest first, those without dates last."""
    series = narrowed(Series.objects.public().filter(is_past(now), is_cancelled=False), filters or {}, now)
    return series.order_by(F("last_ends_at").desc(nulls_last=True), "slug")


def narrowed(series: Any, filters: dict[str, Any], now: datetime) -> Any:
    """Apply the chosen filters (forms.ProgrammeFilter). National programming is for every province."""
    for word in filters.get("q", "").split():
        found = Q()
        for name in SEARCHED:
            found |= Q(**{f"{name}_en__unaccent__icontains": word}) | Q(**{f"{name}_fr__unaccent__icontains": word})
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
        in_month = Session.objects.meeting().filter(starts_at__gte=start, starts_at__lt=after)
        series = series.filter(pk__in=in_month.values("series"))
    return series


def next_of_the_kind(series: Series, now: datetime, *, count: int = 3) -> list[Series]:
    """The next series that are open to the same audience in the same language, from any hub: for whom this one is no use to."""
    return list(for_list(offered(series, now))[:count])


def offered(series: Series, now: datetime) -> Any:
    """The queryset of `next_of_the_kind`, the soonest first."""
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


@lru_cache(maxsize=4)
def _hub_choices(_version: str, _language: str) -> list[tuple[str, str]]:
    return Hub.objects.listed().choices()
