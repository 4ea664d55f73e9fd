"""Listings: a series as a page shows it at one moment to one reader, and the pages of a list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db.models import IntegerField, Subquery
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.zones import PROJECT_ZONE
from sessions_app import times
from sessions_app.models import Delivery, Series, SeriesQuerySet, Session
from sessions_app.queries import Span, for_list
from sessions_app.status import FEW_SEATS, Status, registration_status

PAGE_SIZE = 20
MOST_DIGITS = 5
# Columns that a list does not show.
NOT_LISTED = (
    *("description_en", "description_fr", "objectives_en", "objectives_fr", "credits_en", "credits_fr"),
    *("sessions_text", "searched_text"),
    *("hub__summary_en", "hub__summary_fr", "hub__description_en", "hub__description_fr", "hub__region_en"),
    *("hub__region_fr", "hub__provinces", "hub__audience", "hub__website", "hub__contact_email"),
)


@dataclass
class Listing:
    """A series at `now`, for a reader who lives in `reader`. In a list of one month, `within` is that month."""

    series: Series
    now: datetime
    reader: ZoneInfo | None = None
    within: Span | None = None

    @property
    def key(self) -> str:
        """What the listing depends on, besides the page's language and the program's version (version.py)."""
        return f"{self.series.pk} {self.now:%Y-%m-%d %H:%M} {self.reader} {self.within}"

    @cached_property
    def sessions(self) -> list[Session]:
        return list(self.series.sessions.all())

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
        """The sessions that take place."""
        return [s for s in self.sessions if not s.is_off]

    @property
    def meetings_and_postponed(self) -> list[Session]:
        return [session for session in self.sessions if session.delivery != Delivery.CANCELLED]

    @property
    def count_text(self) -> str:
        """How many sessions take place: "3 sessions"."""
        count = len(self.meetings)
        return ngettext("%(n)s session", "%(n)s sessions", count) % {"n": count}

    @cached_property
    def lead(self) -> Session | None:
        """The session whose date leads: the next one, or, once all are over, the first. In a list of one month, of that month."""
        meetings = self.meetings
        if self.within:
            start, end = self.within
            meetings = [session for session in meetings if start <= session.starts_at < end]
        ahead = (session for session in meetings if session.ends_at > self.now)
        return next(ahead, meetings[0] if meetings else None)

    @property
    def day(self) -> datetime | None:
        return self.lead.starts_at.astimezone(self.series.zone) if self.lead else None

    @property
    def month(self) -> datetime | None:
        """The first moment of the month that the date stands under, on the project's clock."""
        if not self.lead:
            return None
        return self.lead.starts_at.astimezone(ZoneInfo(PROJECT_ZONE)).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )

    @property
    def when(self) -> SafeString:
        said = times.format_when(self.lead.starts_at, self.lead.ends_at, self.series.zone) if self.lead else ""
        return times.unbroken(said)

    @property
    def also(self) -> SafeString:
        """The dates of the sessions after the one that leads, each with its times where they differ: "also May 28 · June 4"."""
        if not self.lead:
            return SafeString()
        zone, said = self.series.zone, []
        for session in self.meetings:
            if session.starts_at <= self.lead.starts_at:
                continue
            year = session.starts_at.year != self.lead.starts_at.year
            date = times.format_date(session.starts_at, zone, weekday=False, year=year)
            if _hours(session, zone) != _hours(self.lead, zone):
                hours = times.format_times(session.starts_at, session.ends_at, zone)
                date = _("%(date)s (%(hours)s)") % {"date": date, "hours": hours}
            said.append(date)
        return times.unbroken(_("also %(dates)s") % {"dates": f"{times.NBSP}· ".join(said)}) if said else SafeString()

    @property
    def readers_times(self) -> SafeString:
        if not self.lead:
            return SafeString()
        zone = self.series.zone
        return times.unbroken(times.readers_times_text(self.lead.starts_at, self.lead.ends_at, zone, self.reader))

    @property
    def opens(self) -> str:
        """The date on which registration opens, where it is known and ahead."""
        opens_at = self.series.registration_opens_at
        if self.status != Status.SOON or not opens_at:
            return ""
        return times.format_date(opens_at, self.series.zone, weekday=False, year=opens_at.year != self.now.year)


def _hours(session: Session, zone: ZoneInfo) -> tuple[time, time]:
    return session.starts_at.astimezone(zone).time(), session.ends_at.astimezone(zone).time()


def listings(
    series: Iterable[Series], now: datetime, reader: ZoneInfo | None, within: Span | None = None
) -> list[Listing]:
    return [Listing(one, now, reader, within) for one in series]


@dataclass(frozen=True)
class Page:
    """One page of a list. `count` is the number of series on all pages."""

    listings: list[Listing]
    count: int
    number: int

    @property
    def pages(self) -> int:
        return max(-(-self.count // PAGE_SIZE), 1)


class RowCount(Subquery):
    """The number of rows of a queryset, as a column."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def read_page(
    series: SeriesQuerySet, wanted: str | None, now: datetime, reader: ZoneInfo | None, within: Span | None = None
) -> Page:
    """Return the page with the number `wanted`, or the first page if there is no such page.

    The count is read together with the rows, so a page costs two queries: the series and their sessions.
    """
    number = max(int(wanted), 1) if wanted and wanted.isdecimal() and len(wanted) <= MOST_DIGITS else 1
    listed = for_list(series).defer(*NOT_LISTED)
    counted = listed.annotate(count_of_all=RowCount(series.order_by().values("pk")))
    rows = list(counted[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    if not rows and number > 1:
        return read_page(series, None, now, reader, within)
    return Page(listings(rows, now, reader, within), rows[0].count_of_all if rows else 0, number)
