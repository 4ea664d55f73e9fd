"""What a change of the series means to those who have a place in it: cancelled, withdrawn, closed, more seats."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from outbox.services import write
from registrations.models import EndReason, Place, Registration
from registrations.services.news import news
from registrations.services.seats import fill_free_seats
from sessions_app.models import Publication, Series
from sessions_app.status import Status, registration_status, with_status
from sessions_app.version import programme_changed

LINE_IS_OVER = (Status.CLOSED, Status.PAST)


@transaction.atomic
def follow_series(series: Series, *, now: datetime, note: str = "") -> None:
    """Bring everyone's place in line with a series that was just saved, and tell them.

    Cancelled, or taken off the site before it was over: every place ends. Registration closed: whoever still waits is told
    that no seat came free. Otherwise free seats go to the line. `note` is the team's own word to those who are told.
    """
    status = registration_status(series, now)
    if status == Status.CANCELLED:
        _end_all(series, EndReason.SERIES_CANCELLED, "series-cancelled", now, note=note)
    elif series.publication != Publication.PUBLISHED and status != Status.PAST:
        _end_all(series, EndReason.WITHDRAWN, "series-withdrawn", now, note=note)
    elif status in LINE_IS_OVER:
        close_line(series, now=now)
    else:
        fill_free_seats(series, now=now)


def those_concerned(series: Series, *, now: datetime) -> QuerySet[Registration]:
    """Whose places would end if `series` were saved as it stands in memory; nothing is changed."""
    status = registration_status(series, now)
    active = Registration.objects.active().filter(series=series.pk)
    if status == Status.CANCELLED or (series.publication != Publication.PUBLISHED and status != Status.PAST):
        return active
    if status in LINE_IS_OVER:
        return active.filter(place=Place.WAITLISTED)
    return active.none()


def answer_closed_lines(now: datetime) -> int:
    """Tell those who still wait where registration has closed meanwhile; returns how many lines were closed.

    Run every minute, so nobody is left without an answer when the closing time comes.
    """
    waiting = Registration.objects.filter(place=Place.WAITLISTED).order_by().values("series")
    over = with_status(Series.objects.filter(pk__in=waiting), now).filter(status__in=LINE_IS_OVER)  # type: ignore[misc]
    lines = list(over.order_by("pk"))
    for series in lines:
        close_line(series, now=now)
    return len(lines)


@transaction.atomic
def close_line(series: Series, *, now: datetime) -> int:
    """End the line: whoever waits gets a last word, with the next series of the kind. Returns how many were told."""
    series = Series.objects.select_for_update().get(pk=series.pk)
    if registration_status(series, now) not in LINE_IS_OVER:  # reopened meanwhile
        return 0
    waiting = Registration.objects.filter(series=series, place=Place.WAITLISTED)
    return _end_and_tell(waiting, EndReason.LINE_CLOSED, "waitlist-closed", now)


def _end_all(series: Series, reason: EndReason, kind: str, now: datetime, *, note: str) -> None:
    Series.objects.select_for_update().get(pk=series.pk)
    active = Registration.objects.active().filter(series=series)
    if _end_and_tell(active, reason, kind, now, note=note):
        Series.objects.filter(pk=series.pk).update(seats_taken=0)
        transaction.on_commit(programme_changed)


def _end_and_tell(
    places: QuerySet[Registration], reason: EndReason, kind: str, now: datetime, *, note: str = ""
) -> int:
    """End many places at once. The series' row is locked by the caller."""
    ended = list(places.select_related("user").order_by("pk").select_for_update(of=["self"]))
    had = {registration.pk: registration.place for registration in ended}
    Registration.objects.filter(pk__in=had).update(place=Place.CANCELLED, cancelled_at=now, end_reason=reason)
    write([news(registration, kind, now, had=had[registration.pk], note=note) for registration in ended], now=now)
    return len(ended)
