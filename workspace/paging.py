"""The pages of the workspace's lists."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from sessions_app.listings import RowCount

PAGE_SIZE = 50
MOST_DIGITS = 5


@dataclass(frozen=True)
class Page:
    """One page of a list. `count` is the number of rows on all pages."""

    rows: list[Any]
    count: int
    number: int
    size: int

    @property
    def pages(self) -> int:
        return max(-(-self.count // self.size), 1)


Details = Callable[[Any], QuerySet[Any]]


def read_page(rows: Any, wanted: str | None, size: int = PAGE_SIZE, *, details: Details | None = None) -> Page:
    """Return the page with the number `wanted`, or the first page if there is no such page.

    The count is read together with the rows, so a page costs one query. `details` adds to the rows of one page what
    would be slow to read for those of the pages before it.
    """
    number = max(int(wanted), 1) if wanted and wanted.isdecimal() and len(wanted) <= MOST_DIGITS else 1
    part = slice((number - 1) * size, number * size)
    counted = {"count_of_all": RowCount(rows.order_by().values("pk"))}
    if details:
        these = rows.model.objects.filter(pk__in=rows.values("pk")[part])
        found = list(details(these).annotate(**counted).order_by(*rows.query.order_by))
    else:
        found = list(rows.annotate(**counted)[part])
    if not found and number > 1:
        return read_page(rows, None, size, details=details)
    return Page(found, found[0].count_of_all if found else 0, number, size)
