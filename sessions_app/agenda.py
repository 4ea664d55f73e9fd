"""Lists of series in which the date leads.

An item of a list is a pure function of its facts: the series' row, its sessions, the language and the reader's zone. So each
is written once and kept by those facts; a list that nobody asked for before (another filter) is put together from kept items.
No fact, no item: there is nothing to throw away when something changes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
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
    "slug_fr",
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
    "late_joining",
    "is_closed",
    "is_cancelled",
    "is_concluded",
    "has_postponed",
    "registration_opens_at",
    "registration_closes_at",
    "first_starts_at",
    "last_starts_at",
    "last_ends_at",
    "hub_id",
)
MOMENTS = slice(SERIES_FACTS.index("registration_opens_at"), SERIES_FACTS.index("last_ends_at") + 1)
HUB_FACTS = ("hub__slug", "hub__name_en", "hub__name_fr")
SESSION_FACTS = ("pk", "starts_at", "ends_at", "delivery")
KEPT_ITEMS = 4096
PAGE_SIZE = 20


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
    def months(self) -> list[tuple[datetime | None, SafeString]]:
        """The months and, under each, its items; None heads those without a date."""
        return [(month, join(group)) for month, group in groupby(self.items, key=attrgetter("month"))]


def join(items: Iterable[Item]) -> SafeString:
    """The items as one text: a template that loops over them takes longer than Postgres takes to find them."""
    return SafeString("".join(item.html for item in items))


Read = Callable[[datetime, dict[str, Any]], Any]  # queries.upcoming, queries.past


def page(
    read: Read, filters: dict[str, Any], now: datetime, reader: ZoneInfo | None, *, number: str | None = None
) -> Agenda:
    """A page of a list of series, in two queries; the first page for a number that is none."""
    wanted = max(int(number), 1) if number and number.isdecimal() and len(number) < 6 else 1  # noqa: PLR2004 - 99,999 pages
    rows = _run(_page_query(read, _frozen(filters)), now, [PAGE_SIZE, (wanted - 1) * PAGE_SIZE])
    if not rows and wanted > 1:
        return page(read, filters, now, reader)
    return Agenda(_items([row[1:] for row in rows], now, reader), rows[0][0] if rows else 0, wanted)


def first(series: Any, count: int, now: datetime, reader: ZoneInfo | None) -> SafeString:
    """The first items of a list that stands without its months, so that each says its own."""
    return join(_items(list(series.values_list(*SERIES_FACTS, *HUB_FACTS)[:count]), now, reader, show_month=True))


# A list is asked for all day with the same few filters, and what changes from one time to the next is `now` and the page. To
# write the same SQL out of a queryset every time would take longer than Postgres needs to answer it, so it is written once
# for each set of filters, with a moment in the place of `now` that no filter can hold.
SOME_MOMENT = datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=256)
def _page_query(read: Read, filters: tuple[tuple[str, Any], ...]) -> tuple[str, tuple[Any, ...]]:
    series = read(SOME_MOMENT, dict(filters)).annotate(in_all=Window(Count("*")))
    return series.values_list("in_all", *SERIES_FACTS, *HUB_FACTS).query.sql_with_params()


def _run(query: tuple[str, tuple[Any, ...]], now: datetime, limits: list[int]) -> list[tuple[Any, ...]]:
    sql, parameters = query
    with connection.cursor() as cursor:
        cursor.execute(
            f"{sql} LIMIT %s OFFSET %s", [*(now if value == SOME_MOMENT else value for value in parameters), *limits]
        )
        return cursor.fetchall()


def _frozen(filters: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in filters.items())


def _items(
    rows: list[tuple[Any, ...]], now: datetime, reader: ZoneInfo | None, *, show_month: bool = False
) -> list[Item]:
    sessions = _sessions_of([row[0] for row in rows])
    surroundings = (current_language(), reader, now.year, show_month)
    return [_item(row, tuple(sessions[row[0]]), surroundings, now) for row in rows]


def _sessions_of(series_ids: list[int]) -> dict[int, list[tuple[Any, ...]]]:
    found = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT series_id, id, starts_at, ends_at, delivery FROM sessions_app_session"
            " WHERE series_id = ANY(%s) ORDER BY starts_at, id",
            [series_ids],
        )
        for series_id, *facts in cursor.fetchall():
            found[series_id].append(tuple(facts))
    return found


_kept: dict[tuple[Any, ...], Item] = {}


def _item(
    row: tuple[Any, ...], sessions: tuple[tuple[Any, ...], ...], surroundings: tuple[Any, ...], now: datetime
) -> Item:
    """Of `now`, an item shows no more than the year and what has come already of the moments in its facts."""
    come = tuple(moment is not None and moment <= now for moment in row[MOMENTS])
    over = sum(ends_at <= now for _pk, _starts_at, ends_at, _delivery in sessions)
    key = (row, sessions, surroundings, come, over)
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
    series = Series(**dict(zip(SERIES_FACTS, row, strict=False)))
    if series.hub_id:
        slug, name_en, name_fr = row[-len(HUB_FACTS) :]
        series.hub = Hub(pk=series.hub_id, slug=slug, name_en=name_en, name_fr=name_fr)
    entry = Entry(series, now, reader)
    entry.sessions = [Session(**dict(zip(SESSION_FACTS, facts, strict=True))) for facts in sessions]
    html = render_to_string("parts/agenda_item.html", {"entry": entry, "series": series, "show_month": show_month})
    return Item(month=entry.month, html=html)
