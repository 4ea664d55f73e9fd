"""Registration status (docs/structure.md has the table), as a function of (series, now) and as a queryset annotation.

tests/sessions_app/test_status_twin.py holds the two equal over random series and moments.
"""

from datetime import datetime

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from sessions_app.models import Series, SeriesQuerySet

FEW_SEATS = 10


class Status(models.TextChoices):
    OPEN = "open", _("Open")
    WAITLIST = "waitlist", _("Full: waitlist")
    SOON = "opening-soon", _("Opening soon")
    FULL = "full", _("Full and closed")
    CLOSED = "closed", _("Registration closed")
    PAST = "past", _("Past session")
    CANCELLED = "cancelled", _("Cancelled")


def registration_status(series: Series, now: datetime) -> Status:
    """Return the status of a series at `now` (an aware datetime), decided from top to bottom of the table in docs/structure.md."""
    if series.is_cancelled:
        return Status.CANCELLED
    if is_past(series, now):
        return Status.PAST
    if series.is_closed or (series.closes_at and series.closes_at <= now):
        return Status.CLOSED
    if series.registration_opens_at is None or series.registration_opens_at > now:
        return Status.SOON
    if series.seats_left == 0:
        return Status.WAITLIST if series.waitlist_enabled else Status.FULL
    return Status.OPEN


def is_past(series: Series, now: datetime) -> bool:
    """Whether a series is over. A postponed session is still to come, so its series is not past by its dates alone."""
    has_ended = bool(series.last_ends_at and series.last_ends_at <= now)
    return series.is_concluded or (has_ended and not series.has_postponed)


def past_q(now: datetime) -> Q:
    """The twin of `is_past`."""
    return Q(is_concluded=True) | Q(last_ends_at__lte=now, has_postponed=False)


def with_status(series: SeriesQuerySet, now: datetime) -> SeriesQuerySet:
    """Annotate `status` onto a queryset of series: the twin of `registration_status`."""
    closes_by_dates = Case(When(late_joining=True, then=F("last_starts_at")), default=F("first_starts_at"))
    return series.alias(_closes_at=Coalesce(F("registration_closes_at"), closes_by_dates)).annotate(
        status=Case(
            When(is_cancelled=True, then=Value(Status.CANCELLED)),
            When(past_q(now), then=Value(Status.PAST)),
            When(Q(is_closed=True) | Q(_closes_at__lte=now), then=Value(Status.CLOSED)),
            When(Q(registration_opens_at=None) | Q(registration_opens_at__gt=now), then=Value(Status.SOON)),
            When(Q(capacity__lte=F("seats_taken"), waitlist_enabled=True), then=Value(Status.WAITLIST)),
            When(Q(capacity__lte=F("seats_taken")), then=Value(Status.FULL)),
            default=Value(Status.OPEN),
            output_field=models.CharField(),
        )
    )
