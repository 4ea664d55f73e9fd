"""A new draft from an older series."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import User
from sessions_app.editing.data import ListingData, SessionData, read
from sessions_app.editing.errors import NotAllowedToDuplicateError
from sessions_app.editing.repeat import when
from sessions_app.editing.review import may_publish
from sessions_app.editing.saving import create_listing, lock
from sessions_app.models import Delivery, Series


def may_duplicate(series: Series, user: User) -> bool:
    """Whether this person may copy the series.

    A trusted hub may not copy what staff returned or took off the site, because it could publish the copy without a
    review. It can submit the series itself again. The copies of other hubs are reviewed anyway.
    """
    return not (series.hub and series.hub.is_trusted) or may_publish(series, user)


@transaction.atomic
def duplicate(series: Series, first_date: date, *, by: User, now: datetime) -> Series:
    """Create a draft with the same texts, settings, questions and sessions. The first session is on `first_date` in the
    series' zone, the others follow at the same intervals, at the same time of day.

    Join links, registrations and registration times are not copied, nor are sessions that were cancelled. Raises
    NotAllowedToDuplicateError.
    """
    series = lock(series)
    if not may_duplicate(series, by):
        raise NotAllowedToDuplicateError
    data = read(series).with_values(registration_opens_at=None, registration_closes_at=None)
    copied = ListingData(
        data.values, moved(data.sessions, first_date, series), [replace(row, pk=None) for row in data.questions]
    )
    return create_listing(series.hub, copied, by=by, now=now)


def moved(sessions: list[SessionData], first_date: date, series: Series) -> list[SessionData]:
    """Return new sessions at the same local times, with the first one on `first_date`."""
    if not sessions:
        return []
    zone = series.zone
    shift = first_date - sessions[0].starts_at.astimezone(zone).date()
    return [_moved(session, shift, series) for session in sessions]


def _moved(session: SessionData, shift: timedelta, series: Series) -> SessionData:
    local = session.starts_at.astimezone(series.zone)
    starts_at, ends_at = when(local.date() + shift, local.time(), session.ends_at - session.starts_at, series.zone)
    scheduled = Delivery.SCHEDULED.value
    return replace(session, pk=None, starts_at=starts_at, ends_at=ends_at, join_url="", delivery=scheduled)
