"""Reads of the hubs together with their sessions: the directory, its map of Canada, and what a hub offers."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, TextField, Value, prefetch_related_objects
from django.db.models.functions import Concat

from accounts.choices import Province, province_choices
from hubs.models import Hub, HubQuerySet
from sessions_app.models import Series, Session
from sessions_app.queries import for_list, past, upcoming
from sessions_app.search import Fold

PAGE_SIZE = 24
SHOWN_UPCOMING, SHOWN_PAST = 10, 5
SEARCHED = ("name", "summary", "description", "region")
# The provinces and territories from the north to the south and from the west to the east, as the map shows them.
ON_THE_MAP = ("YT", "NT", "NU", "BC", "AB", "SK", "MB", "ON", "QC", "NL", "NB", "PE", "NS")


@dataclass(frozen=True)
class ProvinceFacts:
    """A province or territory on the map. A hub that serves several provinces counts in each of them."""

    province: Province
    hubs: int
    sessions: int

    @property
    def code(self) -> str:
        return self.province.value

    @property
    def name(self) -> str:
        return str(self.province.label)


@dataclass(frozen=True)
class Directory:
    """The hubs that are shown to the public, with their upcoming sessions."""

    provinces: list[ProvinceFacts]  # in the order of the map
    national: int  # the upcoming sessions of national programming, which is for every province
    sessions_of: dict[int, int]  # upcoming sessions by the hub's key

    @property
    def by_name(self) -> list[ProvinceFacts]:
        """The provinces by their names in the reader's language, as the form lists them."""
        facts = {one.code: one for one in self.provinces}
        return [facts[code] for code, _name in province_choices()]


def directory(now: datetime) -> Directory:
    """Count the hubs and upcoming sessions of each province. Takes two queries."""
    sessions_of = _upcoming_sessions(now)
    hubs: Counter[str] = Counter()
    sessions: Counter[str] = Counter()
    for pk, provinces in Hub.objects.filter(is_listed=True).order_by().values_list("pk", "provinces"):
        for code in set(provinces):
            hubs[code] += 1
            sessions[code] += sessions_of.get(pk, 0)
    facts = [ProvinceFacts(Province(code), hubs[code], sessions[code]) for code in ON_THE_MAP]
    return Directory(facts, sessions_of.pop(None, 0), sessions_of)


def _upcoming_sessions(now: datetime) -> dict[Any, int]:
    """Return how many sessions of listed series take place after `now`, by hub, with None for national programming."""
    ahead = Session.objects.meeting().filter(ends_at__gt=now, series__in=upcoming(now).order_by().values("pk"))
    ahead = ahead.filter(series__is_cancelled=False)
    counted = ahead.order_by().values("series__hub").annotate(n=Count("pk"))
    return {row["series__hub"]: row["n"] for row in counted}


def matching_hubs(filters: dict[str, Any]) -> HubQuerySet:
    """Return the listed hubs that the chosen filters (forms.HubFilter) leave, with their logos, by name."""
    hubs = Hub.objects.listed()
    if "province" in filters:
        hubs = hubs.filter(provinces__contains=[filters["province"]])
    if "q" in filters:
        columns = [part for name in SEARCHED for part in (f"{name}_en", Value("\n"), f"{name}_fr", Value("\n"))]
        hubs = hubs.alias(text=Fold(Concat(*columns, output_field=TextField())))
        for word in filters["q"].split():
            hubs = hubs.filter(text__contains=Fold(Value(word)))
    return hubs.with_logo().order_by("name_en", "pk")


@dataclass(frozen=True)
class HubEntry:
    """A hub in the list, with the number of its upcoming sessions."""

    hub: Hub
    sessions: int


@dataclass(frozen=True)
class HubListPage:
    """One page of the list. `count` is the number of hubs on all pages."""

    entries: list[HubEntry]
    count: int
    number: int
    pages: int


def read_page(hubs: HubQuerySet, wanted: str | None, sessions_of: dict[int, int]) -> HubListPage:
    """Return the page with the number `wanted`, or the nearest one. Takes two queries."""
    page = Paginator(hubs, PAGE_SIZE).get_page(wanted)
    entries = [HubEntry(hub, sessions_of.get(hub.pk, 0)) for hub in page]
    return HubListPage(entries, page.paginator.count, page.number, page.paginator.num_pages)


def series_of(hub: Hub, now: datetime) -> tuple[list[Series], list[Series]]:
    """Return the hub's next series and its latest past ones, with their sessions. Takes three queries."""
    coming = list(upcoming(now, {"hub": [hub.slug]}).select_related("hub")[:SHOWN_UPCOMING])
    gone = list(past(now, {"hub": [hub.slug]}).select_related("hub")[:SHOWN_PAST])
    prefetch_related_objects([*coming, *gone], Prefetch("sessions", Session.objects.order_by("starts_at", "pk")))
    return coming, gone


def upcoming_of(hub: Hub, now: datetime, count: int) -> list[Series]:
    """Return the hub's next series, at most `count`, with their sessions. Takes two queries."""
    return list(for_list(upcoming(now, {"hub": [hub.slug]}))[:count])
