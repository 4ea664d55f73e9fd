"""A month of the program as weeks of days. Each session is on the day that it has in its series' zone."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from accounts.zones import PROJECT_ZONE
from sessions_app import times
from sessions_app.listings import Listing
from sessions_app.models import Series, Session

FIRST, LAST = date(2018, 1, 1), date(2099, 12, 1)
NOON = time(12)


@dataclass
class Dated:
    """A session in a month, with its series as `listing`: what the series' status is, and what the reader's clock says."""

    session: Session
    listing: Listing

    @property
    def is_over(self) -> bool:
        return self.session.ends_at <= self.listing.now


@dataclass
class Day:
    date: date
    sessions: list[Dated]
    is_of_month: bool
    is_today: bool

    @property
    def said(self) -> str:
        """ "Thursday, November 26"; "jeudi 26 novembre"."""
        zone = ZoneInfo(PROJECT_ZONE)
        return times.format_date(datetime.combine(self.date, NOON, zone), zone, year=False)


@dataclass
class Month:
    first: date
    now: datetime
    reader: ZoneInfo | None = None

    @property
    def before(self) -> date | None:
        before = (self.first - timedelta(days=1)).replace(day=1)
        return before if before >= FIRST else None

    @property
    def after(self) -> date | None:
        after = (self.first + timedelta(days=31)).replace(day=1)
        return after if after <= LAST else None

    @cached_property
    def weeks(self) -> list[list[Day]]:
        """Return the weeks, from Sunday to Saturday, as in Canadian calendars."""
        found: dict[date, list[Dated]] = {}
        for session in self._sessions():
            listing = Listing(session.series, self.now, self.reader)
            day = session.starts_at.astimezone(session.series.zone).date()
            found.setdefault(day, []).append(Dated(session, listing))
        today = self.now.astimezone(ZoneInfo(PROJECT_ZONE)).date()
        weeks = calendar.Calendar(firstweekday=6).monthdatescalendar(self.first.year, self.first.month)
        return [
            [Day(day, found.get(day, []), day.month == self.first.month, day == today) for day in week]
            for week in weeks
        ]

    @property
    def is_empty(self) -> bool:
        return not any(day.sessions for week in self.weeks for day in week if day.is_of_month)

    @property
    def weekdays(self) -> list[date]:
        return [day.date for day in self.weeks[0]]

    def _sessions(self) -> list[Session]:
        """Return the sessions of the weeks that the month touches, with a spare day on each side for every zone."""
        start = datetime.combine(self.first, time(), ZoneInfo(PROJECT_ZONE)) - timedelta(days=7)
        meeting = Session.objects.meeting().filter(starts_at__gte=start, starts_at__lt=start + timedelta(days=48))
        public = meeting.filter(series__in=Series.objects.listed().filter(is_cancelled=False).order_by().values("pk"))
        return list(public.select_related("series__hub").order_by("starts_at", "pk"))


def read(wanted: str | None, now: datetime, reader: ZoneInfo | None) -> Month:
    """Return the month requested as "2026-11". If that is not a month, return the current one."""
    this = now.astimezone(ZoneInfo(PROJECT_ZONE)).date().replace(day=1)
    try:
        first = date.fromisoformat(f"{wanted}-01") if wanted else this
    except ValueError:
        first = this
    return Month(first if FIRST <= first <= LAST else this, now, reader)
