"""What a change of a series means for the people in it: cancelled, withdrawn, closed, more seats."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from outbox.services import write
from registrations.models import EndReason, Registration, RegistrationState
from registrations.services.notifications import notification
from registrations.services.seats import fill_free_seats
from sessions_app.models import Publication, Series
from sessions_app.status import Status, registration_status, with_status
from sessions_app.version import programme_changed

WAITLIST_OVER = (Status.CLOSED, Status.PAST)


@transaction.atomic
def apply_series_change(series: Series, *, now: datetime, note: Mapping[str, str] | None = None) -> None:
    """Update the registrations of a series that was just saved, and notify people.

    If it was cancelled or withdrawn before it was past, all registrations end. If registration closed, people on the
    waitlist are told that no seat opened up. Otherwise free seats go to the waitlist. `note` is a message to them, by
    language: each person gets it in theirs, or in the other one if it is not written in theirs.
    """
    status = registration_status(series, now)
    if status == Status.CANCELLED:
        _end_all(series, EndReason.SERIES_CANCELLED, "series-cancelled", now, note=note)
    elif series.publication != Publication.PUBLISHED and status != Status.PAST:
        _end_all(series, EndReason.WITHDRAWN, "series-withdrawn", now, note=note)
    elif status in WAITLIST_OVER:
        close_waitlist(series, now=now)
    else:
        fill_free_seats(series, now=now)


def affected_registrations(series: Series, *, now: datetime) -> QuerySet[Registration]:
    """Return the registrations that would end if `series` were saved as it is in memory. Changes nothing."""
    status = registration_status(series, now)
    active = Registration.objects.active().filter(series=series.pk)
    if status == Status.CANCELLED or (series.publication != Publication.PUBLISHED and status != Status.PAST):
        return active
    if status in WAITLIST_OVER:
        return active.filter(state=RegistrationState.WAITLISTED)
    return active.none()


def close_due_waitlists(now: datetime) -> int:
    """Close the waitlists of series whose registration has closed, and notify people. Returns how many."""
    waiting = Registration.objects.filter(state=RegistrationState.WAITLISTED).order_by().values("series")
    over = with_status(Series.objects.filter(pk__in=waiting), now).filter(status__in=WAITLIST_OVER)  # type: ignore[misc]
    lines = list(over.order_by("pk"))
    for series in lines:
        close_waitlist(series, now=now)
    return len(lines)


@transaction.atomic
def close_waitlist(series: Series, *, now: datetime) -> int:
    """End the waitlist and tell people that no seat opened up, with similar series. Returns how many."""
    series = Series.objects.select_for_update().get(pk=series.pk)
    if registration_status(series, now) not in WAITLIST_OVER:  # registration was reopened meanwhile
        return 0
    waiting = Registration.objects.filter(series=series, state=RegistrationState.WAITLISTED)
    return _end_and_notify(waiting, EndReason.WAITLIST_CLOSED, "waitlist-closed", now)


def _end_all(
    series: Series, reason: EndReason, message_type: str, now: datetime, *, note: Mapping[str, str] | None
) -> None:
    Series.objects.select_for_update().get(pk=series.pk)
    active = Registration.objects.active().filter(series=series)
    if _end_and_notify(active, reason, message_type, now, note=note):
        Series.objects.filter(pk=series.pk).update(seats_taken=0)
        transaction.on_commit(programme_changed)


def _end_and_notify(
    places: QuerySet[Registration],
    reason: EndReason,
    message_type: str,
    now: datetime,
    *,
    note: Mapping[str, str] | None = None,
) -> int:
    """End several registrations at once. The caller has locked the series' row."""
    ended = list(places.select_related("user").order_by("pk").select_for_update(of=["self"]))
    had = {registration.pk: registration.state for registration in ended}
    Registration.objects.filter(pk__in=had).update(
        state=RegistrationState.CANCELLED, cancelled_at=now, end_reason=reason
    )
    write(
        [
            notification(registration, message_type, now, had=had[registration.pk], note=dict(note or {}))
            for registration in ended
        ],
        now=now,
    )
    return len(ended)
