"""The secret URL of a personal calendar."""

import secrets
from datetime import datetime

from accounts.models import User
from registrations.models import PersonalCalendar


def calendar_of(user: User, *, now: datetime) -> PersonalCalendar:
    """Return the person's calendar. It gets its secret the first time."""
    fresh = {"secret": secrets.token_urlsafe(24), "renewed_at": now}
    return PersonalCalendar.objects.get_or_create(user=user, defaults=fresh)[0]


def renew_calendar(user: User, *, now: datetime) -> PersonalCalendar:
    """Give the calendar a new secret. The old URL stops working."""
    fresh = {"secret": secrets.token_urlsafe(24), "renewed_at": now}
    return PersonalCalendar.objects.update_or_create(user=user, defaults=fresh)[0]
