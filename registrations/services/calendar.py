"""The secret address of a person's own calendar."""

import secrets
from datetime import datetime

from accounts.models import User
from registrations.models import PersonalCalendar


def calendar_of(user: User, *, now: datetime) -> PersonalCalendar:
    """The person's calendar, with a secret of its own from the first time that it is asked for."""
    fresh = {"secret": secrets.token_urlsafe(24), "renewed_at": now}
    return PersonalCalendar.objects.get_or_create(user=user, defaults=fresh)[0]


def renew_calendar(user: User, *, now: datetime) -> PersonalCalendar:
    """Give the calendar a new secret; whoever knows the old address reads nothing from here on."""
    fresh = {"secret": secrets.token_urlsafe(24), "renewed_at": now}
    return PersonalCalendar.objects.update_or_create(user=user, defaults=fresh)[0]
