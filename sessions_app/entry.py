"""A series as a page shows it at one moment to one reader: what lists, the series' own page and "my sessions" share."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.functional import cached_property
from django.utils.safestring import SafeString

from accounts.zones import PROJECT_ZONE
from sessions_app import times
from sessions_app.models import Delivery, Series, Session
from sessions_app.status import FEW_SEATS, Status, registration_status


@dataclass
class Entry:
    """A series as a list shows it at `now`, to a reader who lives in `reader`."""

    series: Series
    now: datetime
    reader: ZoneInfo | None = None

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
        return [s for s in self.sessions if s.delivery not in (Delivery.CANCELLED, Delivery.POSTPONED)]

    @cached_property
    def lead(self) -> Session | None:
        """The session whose date leads: the next one, or, once all are over, the first."""
        ahead = (session for session in self.meetings if session.ends_at > self.now)
        return next(ahead, self.meetings[0] if self.meetings else None)

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
    def ahead(self) -> int:
        return sum(session.ends_at > self.now for session in self.meetings)

    @property
    def when(self) -> SafeString:
        said = times.say_when(self.lead.starts_at, self.lead.ends_at, self.series.zone) if self.lead else ""
        return times.unbroken(said)

    @property
    def also(self) -> SafeString:
        """The dates of the sessions that follow the one that leads; with their times where these differ from its own."""
        if not self.lead:
            return SafeString()
        zone = self.series.zone
        hours = times.say_times(self.lead.starts_at, self.lead.ends_at, zone)
        said = []
        for session in self.meetings:
            if session.starts_at <= self.lead.starts_at:
                continue
            year = session.starts_at.year != self.lead.starts_at.year
            own = times.say_times(session.starts_at, session.ends_at, zone)
            date = times.say_date(session.starts_at, zone, weekday=False, year=year)
            said.append(date if own == hours else f"{date} ({own})")
        return times.unbroken(" · ".join(said))

    @property
    def readers_times(self) -> SafeString:
        if not self.lead:
            return SafeString()
        zone = self.series.zone
        return times.unbroken(times.say_readers_times(self.lead.starts_at, self.lead.ends_at, zone, self.reader))

    @property
    def opens(self) -> str:
        """The date on which registration opens, where it is known and ahead."""
        opens_at = self.series.registration_opens_at
        if self.status != Status.SOON or not opens_at:
            return ""
        return times.say_date(opens_at, self.series.zone, weekday=False, year=opens_at.year != self.now.year)
