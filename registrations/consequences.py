"""What an edit of a published listing would mean for people, asked before it is saved.

    found = consequences(series, after, now)   # after: what would go live, as sessions_app.editing.data.ListingData
    found.is_empty                             # nobody is reached, so the page can save without asking
    {% include "workspace/consequences.html" with consequences=found %}

The edit is made on copies in memory (`sessions_app.editing.writing.edited_copy`), so nothing is locked and nothing is left
behind. Whether it can be saved at all is checked before (`sessions_app.editing.saving.preview_save`).

If only a part of the edit goes live at once, pass that part (`Preview.target`). For the part that waits for staff, add
`waits=True` to the include: the emails then leave after the approval.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Count, Min, Q, prefetch_related_objects
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.languages import LANGUAGES
from accounts.models import User
from outbox import message_types
from outbox.message_types import RenderedEmail
from registrations.emails import offers
from registrations.models import Announcement, EndReason, Invitation, Registration, RegistrationState
from registrations.services.changes import GATHERED_FOR, matters, only_the_link_changed, what_was_told
from registrations.services.reminders import useful_until_before
from registrations.services.series import WAITLIST_OVER
from sessions_app.editing.data import ListingData
from sessions_app.editing.writing import edited_copy
from sessions_app.models import Delivery, Publication, Series, Session
from sessions_app.status import Status, registration_status

# At most this many sessions are shown with their email. The emails about the others read the same.
SESSIONS_PREVIEWED = 3
CONFIRMED, WAITLISTED, CANCELLED = (
    RegistrationState.CONFIRMED,
    RegistrationState.WAITLISTED,
    RegistrationState.CANCELLED,
)


class Kind(models.TextChoices):
    """What happens to a session."""

    ADDED = "added", _("Added")
    MOVED = "moved", _("Moved")
    CANCELLED = "cancelled", _("Cancelled")
    LINK = "link", _("New join link")


@dataclass(frozen=True)
class SessionChange:
    """A changed session that people get an email about. `told` holds what they were last told, nothing for a new session."""

    kind: Kind
    session: Session
    told: Announcement


@dataclass(frozen=True)
class Reach:
    """How many people hear of the changed sessions."""

    seats: int = 0
    waitlisted: int = 0
    invited: int = 0  # a colleague reserved a seat for them, and they have not confirmed it yet

    @property
    def total(self) -> int:
        return self.seats + self.waitlisted + self.invited


@dataclass(frozen=True)
class People(Reach):
    """Everyone who has a seat in a series, waits for one, or is invited."""

    held_until: datetime | None = None  # when the first of the invited colleagues has to answer

    @classmethod
    def of(cls, series: Series) -> "People":
        """Count them. One query."""
        confirmed = Q(state=CONFIRMED)
        held = confirmed & Q(held_until__isnull=False)
        facts = Registration.objects.filter(series=series).aggregate(
            seats=Count("pk", filter=confirmed & Q(held_until=None)),
            invited=Count("pk", filter=held),
            waitlisted=Count("pk", filter=Q(state=WAITLISTED)),
            held_until=Min("held_until", filter=held),
        )
        return cls(**facts)


@dataclass(frozen=True)
class ReminderMove:
    """When the reminder of so many hours before a session would leave. None if there is none, or if it has left already."""

    session: Session
    hours: int
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True)
class ExampleEmail:
    """An email that people would get, to one example person, in both languages."""

    to: Any  # whom it goes to, in words
    session: Session | None
    versions: dict[str, RenderedEmail]


@dataclass(frozen=True)
class Consequences:
    """What an edit would mean. Without arguments it means nothing to anyone."""

    zone: ZoneInfo | None = None
    sessions: list[SessionChange] = field(default_factory=list)
    reach: Reach = field(default_factory=Reach)
    reminders: list[ReminderMove] = field(default_factory=list)
    with_seat: int = 0  # people with a seat: their reminders move and their calendars are updated
    promoted: int = 0  # people on the waitlist who get a seat at once
    still_waiting: int = 0  # people who stay on the waitlist
    waitlist_ended: int = 0  # people whose waitlist would end, because registration would be closed
    opens: tuple[datetime | None, datetime | None] | None = None  # before and after, if it changes
    closes: tuple[datetime | None, datetime | None] | None = None
    emails: list[ExampleEmail] = field(default_factory=list)
    delay: timedelta = GATHERED_FOR  # after the edit, the emails about sessions wait so long for further edits

    @property
    def is_empty(self) -> bool:
        return not (self.reach.total or self.promoted or self.waitlist_ended or self.reminders)

    @property
    def delay_in_minutes(self) -> int:
        return self.delay // timedelta(minutes=1)

    @property
    def not_previewed(self) -> int:
        """How many changed sessions have no example of their email."""
        return max(len(self.sessions) - SESSIONS_PREVIEWED, 0)

    @property
    def calendars_updated(self) -> int:
        """How many people get an update for their calendar by email."""
        return self.reach.seats


def consequences(series: Series, after: ListingData, now: datetime, people: People | None = None) -> Consequences:
    """Return what saving `after` at `now` would mean for the people of `series`. Changes nothing.

    Empty for a series that is not published, is cancelled, or is past and stays so. Whoever asks about two parts of an
    edit passes the `people`, so that they are counted once.
    """
    if series.publication != Publication.PUBLISHED or series.is_cancelled:
        return Consequences()
    return _Edit(series, after, now, people or People.of(series)).consequences()


class _Edit:
    """An edit on copies in memory."""

    def __init__(self, series: Series, after: ListingData, now: datetime, people: People) -> None:
        sessions = list(series.sessions.all())
        prefetch_related_objects(sessions, "announcement")
        self.before, self.now, self.people = series, now, people
        self.sessions_before = {session.pk: session for session in sessions}
        self.series = edited_copy(series, after, now)

    def consequences(self) -> Consequences:
        people, status = self.people, registration_status(self.series, self.now)
        if status == registration_status(self.before, self.now) == Status.PAST:
            return Consequences()
        ended = people.waitlisted if status in WAITLIST_OVER else 0
        promoted = 0 if ended else self._promoted()
        changes = list(self._session_changes()) if people.total else []
        reach = self._reach(changes, ended + promoted)  # these get another email, with the new dates
        found = Consequences(
            zone=self.series.zone,
            sessions=changes if reach.total else [],
            reach=reach,
            reminders=list(self._reminders()) if people.seats else [],
            with_seat=people.seats,
            promoted=promoted,
            still_waiting=people.waitlisted - promoted - ended,
            waitlist_ended=ended,
            opens=_moved(self.before.registration_opens_at, self.series.registration_opens_at),
            closes=_moved(self.before.closes_at, self.series.closes_at),
        )
        return replace(found, emails=list(_Examples(self.series, people, found, self.now).emails()))

    def _session_changes(self) -> Iterator[SessionChange]:
        """Yield the sessions that this edit changes, and that are not as people know them afterwards."""
        for session in self.series.sessions.all():
            old = self.sessions_before.get(session.pk)
            if old and Announcement.facts_of(old) == Announcement.facts_of(session):
                continue
            known = Announcement(**Announcement.facts_of(old)) if old else Announcement()
            told = copy(getattr(old, "announcement", known))
            told.session = session
            is_news = any(getattr(told, name) != value for name, value in Announcement.facts_of(session).items())
            if is_news and matters(told, self.now):
                yield SessionChange(_kind(told), session, told)

    def _promoted(self) -> int:
        left, waitlisted = self.series.seats_left, self.people.waitlisted
        return waitlisted if left is None else min(left, waitlisted)

    def _reach(self, changes: list[SessionChange], off_the_waitlist: int) -> Reach:
        people = self.people
        if not changes:
            return Reach()
        if all(change.kind == Kind.LINK for change in changes):
            return Reach(seats=people.seats)
        return Reach(people.seats, people.waitlisted - off_the_waitlist, people.invited)

    def _reminders(self) -> Iterator[ReminderMove]:
        hours_before, hours_after = set(self.before.reminder_hours), set(self.series.reminder_hours)
        for session in self.series.sessions.all():
            old = self.sessions_before.get(session.pk)
            for hours in sorted(hours_before | hours_after, reverse=True):
                before = _leaves(old, hours, self.now) if hours in hours_before else None
                after = _leaves(session, hours, self.now) if hours in hours_after else None
                is_same = old and hours in hours_before and hours in hours_after and _is_at_the_same_time(old, session)
                if before != after and not is_same:
                    # one whose time has passed leaves at once, as long as it is useful
                    yield ReminderMove(
                        session,
                        hours,
                        before if before and before > self.now else None,
                        after and max(after, self.now),
                    )


def _kind(told: Announcement) -> Kind:
    if told.session.is_off:
        return Kind.CANCELLED
    if told.starts_at is None:
        return Kind.ADDED
    return Kind.LINK if only_the_link_changed(told) else Kind.MOVED


def _moved(before: datetime | None, after: datetime | None) -> tuple[datetime | None, datetime | None] | None:
    return None if before == after else (before, after)


def _is_at_the_same_time(old: Session, new: Session) -> bool:
    return (old.starts_at, old.delivery) == (new.starts_at, new.delivery)


def _leaves(session: Session | None, hours: int, now: datetime) -> datetime | None:
    """Return when a reminder is due, or None if the session has none or it would come too late to be useful."""
    if session is None or session.delivery != Delivery.SCHEDULED:
        return None
    is_useful = session.starts_at > now + useful_until_before(hours)
    return session.starts_at - timedelta(hours=hours) if is_useful else None


@dataclass
class _Examples:
    """Renders the emails to an example person, who is not in the database. Their links do not work."""

    series: Series
    people: People
    found: Consequences
    now: datetime
    person: User = field(default_factory=lambda: User(email="example@example.ca"))

    def emails(self) -> Iterator[ExampleEmail]:
        for number, change in enumerate(self.found.sessions[:SESSIONS_PREVIEWED]):
            to_all = self._recipients(change)
            for to, registration in to_all if number == 0 else to_all[:1]:
                data = {"registration": registration, **what_was_told(change.told)}
                yield ExampleEmail(to, change.session, self._render("session-changed", data))
        if self.found.promoted:
            person = self._example(CONFIRMED, waitlisted_at=self.now)
            versions = self._render("seat-found", {"registration": person})
            yield ExampleEmail(_("People on the waitlist who get a seat"), None, versions)
        if self.found.waitlist_ended:
            person = self._example(CANCELLED, end_reason=EndReason.WAITLIST_CLOSED)
            data = {"registration": person, "offers": offers(person, self.now)}  # read once for both languages
            versions = self._render("waitlist-closed", data)
            yield ExampleEmail(_("People on the waitlist"), None, versions)

    def _recipients(self, change: SessionChange) -> list[tuple[Any, Registration]]:
        found: list[tuple[Any, Registration]] = []
        reach = self.found.reach
        if reach.seats:
            found.append((_("People with a seat"), self._example(CONFIRMED)))
        if reach.waitlisted and change.kind != Kind.LINK:
            found.append((_("People on the waitlist"), self._example(WAITLISTED)))
        if reach.invited and change.kind != Kind.LINK:
            found.append((_("Invited colleagues who haven’t answered yet"), self._invited()))
        return found

    def _example(self, state: RegistrationState, **fields: Any) -> Registration:
        confirmed_at = self.now if state == CONFIRMED else None
        return Registration(
            pk=0, series=self.series, user=self.person, state=state, confirmed_at=confirmed_at, **fields
        )

    def _invited(self) -> Registration:
        """An invited colleague. The email names the inviter."""
        registration = self._example(CONFIRMED, held_until=self.people.held_until or self.now)
        Invitation(series=self.series, inviter=User(name="Sam Tremblay"), registration=registration)
        return registration

    def _render(self, message_type: str, data: dict[str, Any]) -> dict[str, RenderedEmail]:
        versions = {}
        for language in LANGUAGES:
            with translation.override(language):
                versions[language] = message_types.render(message_type, data, self.now)
        return versions
