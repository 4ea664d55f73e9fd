"""One letter of each kind, made of a small invented programme that is rolled back: for looking at, and for tests of all kinds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import translation

from accounts.models import ProviderProfile, User
from hubs.models import Hub
from outbox import message_types
from outbox.message_types import RenderedEmail
from outbox.models import Message
from registrations.models import EndReason, Intention, Invitation, Registration, RegistrationState
from sessions_app.models import Resource, Series, Session

Made = dict[str, Any]


def letters(language: str, now: datetime) -> dict[str, tuple[Message, RenderedEmail]]:
    """Each registered kind with a message and its letter, in `language`; nothing of it stays in the database."""
    with transaction.atomic():
        made = _programme(language, now)
        found = {name: _letter(name, maker, made, language, now) for name, maker in MAKERS.items()}
        transaction.set_rollback(True)
    return found


def _programme(language: str, now: datetime) -> Made:
    hub = Hub.objects.create(
        slug="gallery", name_en="Northern hub", name_fr="Pôle du Nord", contact_email="north@echo.example.ca"
    )
    series = Series.objects.create(
        slug="gallery-series",
        title_en="Talking About Serious Illness: First Words",
        title_fr="Parler d’une maladie grave : les premiers mots",
        hub=hub,
        publication="published",
        registration_opens_at=now - timedelta(days=9),
    )
    times = [now + timedelta(days=7 * week + 3) for week in range(2)]
    titles = [
        ("Before the first word", "Avant le premier mot"),
        ("Bad news, said well", "Bien dire une mauvaise nouvelle"),
    ]
    sessions = [
        Session.objects.create(series=series, starts_at=at, ends_at=at + timedelta(hours=1), title_en=en, title_fr=fr)
        for at, (en, fr) in zip(times, titles, strict=True)
    ]
    person = User.objects.create(
        email="amelie.gallery@example.ca", name="Amélie Tremblay", language=language, time_zone="America/St_Johns"
    )
    ProviderProfile.objects.create(user=person, profession="registered-nurse", province="NL")
    other = User.objects.create(email="jean.gallery@example.ca", name="Jean Côté", language=language)
    return {"hub": hub, "series": series, "session": sessions[0], "person": person, "other": other}


def _place(made: Made, now: datetime, place: RegistrationState, reason: str = "", **fields: Any) -> Registration:
    """The person's one place in the series, as it has to be for the kind."""
    Registration.objects.filter(user=made["person"]).delete()
    moments = {"confirmed_at": now} if place != RegistrationState.WAITLISTED else {"waitlisted_at": now}
    return Registration.objects.create(
        series=made["series"], user=made["person"], state=place, end_reason=reason, created_at=now, **moments | fields
    )


def _about(place: RegistrationState, reason: str = "", **more: Any) -> Callable[[Made, datetime], Made]:
    return lambda made, now: {"registration": _place(made, now, place, reason).pk, **more}


def _invited(made: Made, now: datetime) -> Made:
    registration = _place(made, now, RegistrationState.CONFIRMED, held_until=now + timedelta(hours=48))
    _invitation(made, registration, now)
    return {"registration": registration.pk}


def _invitation(made: Made, registration: Registration, now: datetime) -> Invitation:
    people = {"inviter": made["other"], "name": "Amélie Tremblay", "email": "a@example.ca"}
    return Invitation.objects.create(series=made["series"], registration=registration, created_at=now, **people)


def _declined(made: Made, now: datetime) -> Made:
    held_until = now + timedelta(hours=48)
    return {"registration": _place(made, now, RegistrationState.CANCELLED, EndReason.SELF, held_until=held_until).pk}


def _moved(made: Made, now: datetime) -> Made:
    left = _place(made, now, RegistrationState.CANCELLED, EndReason.MOVED)
    to = Series.objects.create(
        slug="gallery-other", title_en="Pain at Home", title_fr="La douleur à domicile", publication="published"
    )
    at = now + timedelta(days=5)
    Session.objects.create(series=to, starts_at=at, ends_at=at + timedelta(hours=1))
    arrived = Registration.objects.create(
        series=to, user=made["person"], state=RegistrationState.CONFIRMED, created_at=now, confirmed_at=now
    )
    return {"registration": left.pk, "to": arrived.pk}


def _colleague(made: Made, now: datetime) -> Made:
    registration = _place(made, now, RegistrationState.CANCELLED, EndReason.LAPSED)
    return {"invitation": _invitation(made, registration, now).pk}


def _absence(made: Made, now: datetime) -> Made:
    registration = _place(made, now, RegistrationState.CONFIRMED)
    said = Intention.objects.create(
        registration=registration, session=made["session"], is_coming=False, answered_at=now
    )
    return {"intention": said.pk}


def _absence_withdrawn(made: Made, now: datetime) -> Made:
    data = _absence(made, now)
    Intention.objects.filter(pk=data["intention"]).update(is_coming=True)
    return data | {"absence": "a key of no message"}


def _reminder(hours: int) -> Callable[[Made, datetime], Made]:
    """So many hours before the first session, which is moved there."""

    def maker(made: Made, now: datetime) -> Made:
        session = made["session"]
        session.starts_at, session.ends_at = (now + timedelta(hours=hours + more) for more in (0, 1))
        session.save()
        registration = _place(made, now, RegistrationState.CONFIRMED)
        return {"registration": registration.pk, "session": session.pk, "starts_at": session.starts_at.isoformat()}

    return maker


def _changed(made: Made, now: datetime) -> Made:
    session, before = made["session"], timedelta(days=1, hours=2)
    return {
        "registration": _place(made, now, RegistrationState.CONFIRMED).pk,
        "session": session.pk,
        "old_starts_at": (session.starts_at - before).isoformat(),
        "old_ends_at": (session.ends_at - before).isoformat(),
        "old_delivery": "scheduled",
    }


def _recording(made: Made, now: datetime) -> Made:
    url = "https://video.example.ca/recordings/1"
    resource = Resource.objects.create(
        series=made["series"], title_en="The first session", title_fr="La première séance", url=url
    )
    return {"registration": _place(made, now, RegistrationState.RECORDING).pk, "resource": resource.pk}


NOTE = "Our speaker is ill. We hope to do it in May.\nThe Northern hub"
MAKERS: dict[str, Callable[[Made, datetime], Made]] = {
    "code": lambda _made, _now: {"code": "402817"},
    "no-account": lambda _made, _now: {},
    "address-taken": lambda _made, _now: {},
    "email-changed": lambda _made, _now: {"is_old": True},
    "security": lambda _made, _now: {"what": "totp_activated"},
    "account-closed": lambda _made, _now: {"places": 2},
    "registered": _about(RegistrationState.CONFIRMED),
    "waitlisted": _about(RegistrationState.WAITLISTED),
    "seat-found": _about(RegistrationState.CONFIRMED),
    "invited": _invited,
    "recording-only": _about(RegistrationState.RECORDING),
    "cancelled": _about(RegistrationState.CANCELLED, EndReason.SELF),
    "declined": _declined,
    "left-waitlist": _about(RegistrationState.CANCELLED, EndReason.SELF),
    "cancelled-by-us": _about(RegistrationState.CANCELLED, EndReason.STAFF, had="confirmed", note=NOTE),
    "series-cancelled": _about(RegistrationState.CANCELLED, EndReason.SERIES_CANCELLED, had="confirmed", note=NOTE),
    "series-withdrawn": _about(RegistrationState.CANCELLED, EndReason.WITHDRAWN, had="confirmed", note=""),
    "waitlist-closed": _about(RegistrationState.CANCELLED, EndReason.WAITLIST_CLOSED, had="waitlisted", note=""),
    "invitation-lapsed": _about(RegistrationState.CANCELLED, EndReason.LAPSED),
    "moved": _moved,
    "colleague-not-coming": _colleague,
    "absence": _absence,
    "absence-withdrawn": _absence_withdrawn,
    "session-changed": _changed,
    "recording-available": _recording,
    "reminder-24h": _reminder(24),
    "reminder-1h": _reminder(1),
}


def _letter(
    name: str, maker: Callable[[Made, datetime], Made], made: Made, language: str, now: datetime
) -> tuple[Message, RenderedEmail]:
    data = maker(made, now)
    with translation.override(language):
        letter = message_types.render(name, message_types.load(name, [data])[0], now)
    message = Message(
        pk=0, key=f"gallery:{name}", message_type=name, to=made["person"].email, language=language, data=data
    )
    return message, letter
