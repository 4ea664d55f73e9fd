"""What a person's own calendar holds: the sessions that they have a seat in, but for those they said they cannot come to."""

import hashlib

from django.urls import reverse

from accounts.links import absolute_url
from accounts.models import User
from registrations.models import Intention, Registration
from registrations.tokens import make_join_token
from sessions_app import calendars


def personal(user: User) -> bytes:
    """The person's calendar, in the active language; the UIDs are those of the invitations that were mailed."""
    absent = set(
        Intention.objects.filter(registration__user=user, is_coming=False).values_list("registration", "session")
    )
    entries = [
        calendars.PersonalEntry(
            session, registration.series, str(registration.pk), _join_link(registration, session.pk)
        )
        for registration in Registration.objects.coming()
        .filter(user=user)
        .select_related("series__hub")
        .prefetch_related("series__sessions")
        .order_by("pk")
        for session in registration.series.sessions.all()
        if (registration.pk, session.pk) not in absent
    ]
    return calendars.personal(entries)


def _join_link(registration: Registration, session_id: int) -> str:
    return absolute_url(reverse("registrations:join", args=[make_join_token(registration.pk, session_id)]))


def fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
