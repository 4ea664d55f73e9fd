"""Lists of series in which the date leads.

An item of a list is a pure function of its facts: the series' row, its sessions, the language and the reader's zone. So each
is written once and kept by those facts; a list that nobody asked for before (another filter) is put together from kept items.
No fact, no item: there is nothing to throw away when something changes.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Window
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.languages import current_language
from hubs.models import Hub
from sessions_app.entry import Entry
from sessions_app.models import Series, Session

SERIES_FACTS = (
    "pk",
    "slug",
    "title_en",
    "title_fr",
    "summary_en",
    "summary_fr",
    "audience_note_en",
    "audience_note_fr",
    "language",
    "time_zone",
    "capacity",
    "seats_taken",
    "waitlist_enabled",
    "registration_opens_at",
    "registration_closes_at",
    "late_joining",
    "is_closed",
    "is_cancelled",
    "is_concluded",
    "first_starts_at",
    "last_starts_at",
    "last_ends_at",
    "has_postponed",
    "hub_id",
)
HUB_FACTS = ("hub__slug", "hub__name_en", "hub__name_fr")
SESSION_FACTS = ("pk", "starts_at", "ends_at", "delivery")
KEPT_ITEMS = 4096
PAGE_SIZE = 40


@dataclass(frozen=True)
class Item:
    """One line of an agenda: `month` is the first moment of the month it stands under, None without a date."""

    month: datetime | None
    html: SafeString


@dataclass(frozen=True)
class Agenda:
    """One page of a list: its items in their order, and how many series there are on all pages."""

    items: list[Item]
    count: int
    number: int = 1

    @property
    def pages(self) -> int:
        return max(-(-self.count // PAGE_SIZE), 1)

    @property
    def months(self) -> list[tuple[datetime | None, list[Item]]]:
        """The items under their months; None heads those without a date."""
        groups: list[tuple[datetime | None, list[Item]]] = []
        for item in self.items:
            if not groups or groups[-1][0] != item.month:
                groups.append((item.month, []))
            groups[-1][1].append(item)
        return groups


def page(series: Any, now: datetime, reader: ZoneInfo | None, *, number: str | None = None) -> Agenda:
    """A page of a queryset of series (queries.upcoming, queries.past), in two queries; the first one for a number that is none."""
    wanted = max(int(number), 1) if number and number.isdecimal() and len(number) < 6 else 1  # noqa: PLR2004 - 99,999 pages
    start = (wanted - 1) * PAGE_SIZE
    counted = series.annotate(in_all=Window(Count("*")))
    rows = list(counted.values_list("in_all", "status", *SERIES_FACTS, *HUB_FACTS)[start : start + PAGE_SIZE])
    if not rows and wanted > 1:
        return page(series, now, reader)
    return Agenda(_items([row[1:] for row in rows], now, reader), rows[0][0] if rows else 0, wanted)


def first(series: Any, count: int, now: datetime, reader: ZoneInfo | None) -> list[Item]:
    """The first items of a list that stands without its months, so that each says its own."""
    return _items(list(series.values_list("status", *SERIES_FACTS, *HUB_FACTS)[:count]), now, reader, show_month=True)


def _items(
    rows: list[tuple[Any, ...]], now: datetime, reader: ZoneInfo | None, *, show_month: bool = False
) -> list[Item]:
    sessions = _sessions_of([row[1] for row in rows])
    surroundings = (current_language(), reader, now.year, show_month)
    return [_item(row, tuple(sessions[row[1]]), surroundings, now) for row in rows]


def _sessions_of(series_ids: list[int]) -> dict[int, list[tuple[Any, ...]]]:
    found = defaultdict(list)
    rows = Session.objects.filter(series__in=series_ids).order_by("starts_at", "pk")
    for series_id, *facts in rows.values_list("series_id", *SESSION_FACTS):
        found[series_id].append(tuple(facts))
    return found


_kept: dict[tuple[Any, ...], Item] = {}


def _item(
    row: tuple[Any, ...], sessions: tuple[tuple[Any, ...], ...], surroundings: tuple[Any, ...], now: datetime
) -> Item:
    """Of `now`, an item shows no more than the status (in the row), the year, and how many sessions are over."""
    key = (row, sessions, surroundings, sum(ends_at <= now for _pk, _starts_at, ends_at, _delivery in sessions))
    item = _kept.get(key)
    if item is None:
        if len(_kept) >= KEPT_ITEMS:
            _kept.clear()
        item = _kept[key] = _write(row, sessions, surroundings, now)
    return item


def _write(
    row: tuple[Any, ...], sessions: tuple[tuple[Any, ...], ...], surroundings: tuple[Any, ...], now: datetime
) -> Item:
    _language, reader, _year, show_month = surroundings
    series = Series(**dict(zip(SERIES_FACTS, row[1:], strict=False)))
    if series.hub_id:
        slug, name_en, name_fr = row[-len(HUB_FACTS) :]
        series.hub = Hub(pk=series.hub_id, slug=slug, name_en=name_en, name_fr=name_fr)
    entry = Entry(series, now, reader)
    entry.sessions = [Session(**dict(zip(SESSION_FACTS, facts, strict=True))) for facts in sessions]
    html = render_to_string("parts/agenda_item.html", {"entry": entry, "series": series, "show_month": show_month})
    return Item(month=entry.month, html=html)
