"""What a hub's team sees first: what needs attention, what comes up, and a few numbers. Five queries, whatever the size."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from hubs.models import Hub, Membership, Role
from registrations.models import Intention, Registration, RegistrationState
from sessions_app.models import (
    ChangeRequest,
    Delivery,
    Publication,
    ReviewEntry,
    ReviewStep,
    Series,
    SeriesQuerySet,
    Session,
)
from sessions_app.status import past_q

THIS_WEEK = timedelta(days=7)
# A draft whose first session is nearer than this may be published too late for people to plan.
SOON = timedelta(days=21)
# Changes that staff returned are shown for so long. After that the hub has probably given them up.
RETURNED_FOR = timedelta(days=30)
UPCOMING_SHOWN = 5
# More than anyone can attend to. A hub has a few of each.
MOST_SESSIONS, MOST_SERIES = 60, 20


@dataclass(frozen=True)
class GrowingWaitlist:
    series: Series
    new: int  # people who joined it in the past seven days
    total: int


@dataclass(frozen=True)
class UpcomingSession:
    """A session with the number of people who said they can't come, and who wait for a seat in its series."""

    session: Session
    absences: int
    waitlisted: int


@dataclass(frozen=True)
class Numbers:
    has_series: bool = False  # whether the hub has ever had one
    has_published: bool = False  # whether one is published, also if it is past
    upcoming: int = 0  # published series that are not past
    seats: int = 0  # people registered for them
    waitlisted: int = 0


@dataclass(frozen=True)
class Overview:
    returned: list[Any] = field(default_factory=list)  # drafts that staff returned, with `comment`
    changes_returned: list[Any] = field(default_factory=list)  # series whose changes staff returned, with `comment`
    changes_waiting: list[Any] = field(default_factory=list)  # series with changes that wait for staff
    without_link: list[Session] = field(default_factory=list)  # sessions of the next seven days without a join link
    growing: list[GrowingWaitlist] = field(default_factory=list)
    with_absences: list[UpcomingSession] = field(default_factory=list)  # sessions of the next seven days
    drafts_soon: list[Any] = field(default_factory=list)  # drafts whose first session is near
    has_one_coordinator: bool = False
    missing_texts: bool = False  # the hub's page has no summary in one of the languages
    upcoming: list[UpcomingSession] = field(default_factory=list)
    numbers: Numbers = field(default_factory=Numbers)

    @property
    def needs_attention(self) -> bool:
        """Whether something should be done soon. A lone coordinator and an empty hub page are no emergency."""
        return any(
            [
                self.returned,
                self.changes_returned,
                self.changes_waiting,
                self.without_link,
                self.growing,
                self.with_absences,
                self.drafts_soon,
            ]
        )


def overview(hub: Hub, series: SeriesQuerySet, now: datetime) -> Overview:
    """Return the overview of a hub. `series` are the series that the reader may see (Workspace.series)."""
    waitlists = _waitlists(series, now)
    waiting = {row["series"]: row["total"] for row in waitlists}
    ahead = [
        UpcomingSession(session, session.absences, waiting.get(session.series_id, 0))
        for session in _sessions_ahead(series, now)
    ]
    this_week = [one for one in ahead if one.session.starts_at <= now + THIS_WEEK]
    noted = list(_noted_series(series, now))
    return Overview(
        returned=[one for one in noted if _is_returned(one)],
        changes_returned=[one for one in noted if one.request == ChangeRequest.State.RETURNED],
        changes_waiting=[one for one in noted if one.request == ChangeRequest.State.WAITING],
        without_link=[one.session for one in this_week if not one.session.join_url],
        growing=[GrowingWaitlist(_named(row), row["new"], row["total"]) for row in waitlists if row["new"]],
        with_absences=[one for one in this_week if one.absences],
        drafts_soon=[one for one in noted if one.publication == Publication.DRAFT and not _is_returned(one)],
        has_one_coordinator=Membership.objects.filter(hub=hub, role=Role.COORDINATOR).count() == 1,
        missing_texts=not (hub.summary_en and hub.summary_fr),
        upcoming=ahead[:UPCOMING_SHOWN],
        numbers=_numbers(series, sum(waiting.values()), now),
    )


def _is_returned(series: Any) -> bool:
    return series.publication == Publication.DRAFT and series.last_step == ReviewStep.RETURNED


def _noted_series(series: SeriesQuerySet, now: datetime) -> Any:
    """Return the drafts that were returned or start soon, and the series whose changes wait or were returned.

    They have `last_step`, `comment` (of that step) and `request` (the state of the latest change request).
    """
    steps = ReviewEntry.objects.filter(series=OuterRef("pk")).exclude(step=ReviewStep.COMMENTED).order_by("-at", "-pk")
    requests = ChangeRequest.objects.filter(series=OuterRef("pk")).order_by("-created_at", "-pk")
    lately = requests.filter(Q(settled_at=None) | Q(settled_at__gt=now - RETURNED_FOR))
    is_draft = Q(publication=Publication.DRAFT)
    return (
        series.filter(is_cancelled=False)
        .annotate(
            last_step=Subquery(steps.values("step")[:1]),
            comment=Subquery(steps.values("comment")[:1]),
            request=Subquery(lately.values("state")[:1]),
        )
        .filter(
            (is_draft & Q(last_step=ReviewStep.RETURNED))
            | (is_draft & Q(first_starts_at__gt=now, first_starts_at__lte=now + SOON))
            | Q(
                publication=Publication.PUBLISHED,
                request__in=[ChangeRequest.State.WAITING, ChangeRequest.State.RETURNED],
            )
        )
        .order_by("first_starts_at", "pk")[:MOST_SERIES]
    )


def _sessions_ahead(series: SeriesQuerySet, now: datetime) -> Any:
    """Return the next sessions of published series, with `absences`: how many with a seat said they can't come."""
    absent = Intention.objects.filter(
        session=OuterRef("pk"), is_coming=False, registration__state=RegistrationState.CONFIRMED
    )
    counted = absent.order_by().values("session").annotate(n=Count("pk")).values("n")
    return (
        Session.objects.filter(
            series__in=series.filter(publication=Publication.PUBLISHED, is_cancelled=False).order_by().values("pk"),
            delivery=Delivery.SCHEDULED,
            ends_at__gt=now,
        )
        .select_related("series")
        .annotate(absences=Coalesce(Subquery(counted), 0))
        .order_by("starts_at", "pk")[:MOST_SESSIONS]
    )


def _waitlists(series: SeriesQuerySet, now: datetime) -> list[Any]:
    """Return each waitlist with its length, and how many joined it in the past seven days, the fastest first."""
    waiting = Registration.objects.filter(
        series__in=series.order_by().values("pk"), state=RegistrationState.WAITLISTED
    ).order_by()
    lines = waiting.values("series", "series__title_en", "series__title_fr").annotate(
        total=Count("pk"), new=Count("pk", filter=Q(waitlisted_at__gt=now - THIS_WEEK))
    )
    return list(lines.order_by("-new", "-total", "series"))


def _named(row: Any) -> Series:
    """Return a series that has only its key and its title."""
    return Series(pk=row["series"], title_en=row["series__title_en"], title_fr=row["series__title_fr"])


def _numbers(series: SeriesQuerySet, waitlisted: int, now: datetime) -> Numbers:
    is_published = Q(publication=Publication.PUBLISHED)
    is_upcoming = is_published & Q(is_cancelled=False) & ~past_q(now)
    counts = series.order_by().aggregate(
        all=Count("pk"),
        published=Count("pk", filter=is_published),
        upcoming=Count("pk", filter=is_upcoming),
        seats=Sum("seats_taken", filter=is_upcoming),
    )
    return Numbers(
        has_series=bool(counts["all"]),
        has_published=bool(counts["published"]),
        upcoming=counts["upcoming"],
        seats=counts["seats"] or 0,
        waitlisted=waitlisted,
    )
