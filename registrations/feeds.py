"""The personal calendar: the sessions that a person has a seat in, without those that they said they cannot come to."""

import hashlib
from datetime import datetime

from django.urls import reverse

from accounts.links import absolute_url
from accounts.models import User
from registrations.models import Intention, Registration, RegistrationQuerySet
from registrations.tokens import make_join_token
from sessions_app import calendars


def personal(user: User) -> bytes:
    """Return the person's calendar in the active language. The UIDs are those of the invitations that were emailed."""
    return calendars.personal(_entries(Registration.objects.coming().filter(user=user)))


def of_registration(registration: Registration, now: datetime) -> bytes:
    """Return the upcoming sessions of one registration as a file, in the active language.

    They have the UIDs of the emailed invitation, so a calendar that already has it updates its entries. Links that open
    a new entry at Google or Outlook cannot carry a UID and would make duplicates, so there are none.
    """
    entries = _entries(Registration.objects.coming().filter(pk=registration.pk))
    return calendars.personal(e for e in entries if e.session.ends_at > now and not e.session.is_off)


def _entries(seats: RegistrationQuerySet) -> list[calendars.PersonalEntry]:
    absences = Intention.objects.filter(registration__in=seats.values("pk"), is_coming=False)
    absent = set(absences.values_list("registration", "session"))
    return [
        calendars.PersonalEntry(
            session, registration.series, str(registration.pk), _join_link(registration, session.pk)
        )
        for registration in seats.select_related("series__hub").prefetch_related("series__sessions").order_by("pk")
        for session in registration.series.sessions.all()
        if (registration.pk, session.pk) not in absent
    ]


def _join_link(registration: Registration, session_id: int) -> str:
    return absolute_url(reverse("registrations:join", args=[make_join_token(registration.pk, session_id)]))


def fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
