"""One sample email of each message type, for the gallery page and for tests. The sample rows are rolled back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import translation

from accounts.models import ProviderProfile, User
from echo_portal.checkout import gallery_newsletters
from hubs.models import Hub, Membership, PartnerInterest, Role, TeamInvitation
from outbox import message_types
from outbox.message_types import RenderedEmail
from outbox.models import Message
from registrations.models import (
    EndReason,
    HubMessage,
    Intention,
    Invitation,
    Recipients,
    Registration,
    RegistrationState,
)
from sessions_app.editing import data as editing_data
from sessions_app.models import ChangeRequest, Publication, Resource, ReviewEntry, ReviewStep, Series, Session

Rows = dict[str, Any]


def render_all(language: str, now: datetime) -> dict[str, tuple[Message, RenderedEmail]]:
    """Return the message and rendered email of each message type, in `language`. The database is not changed."""
    return _render_samples(list(SAMPLES), language, now)


def render_one(name: str, language: str, now: datetime) -> tuple[Message, RenderedEmail]:
    """Return the message and rendered email of one message type. Raises KeyError if there is no sample of it."""
    return _render_samples([name], language, now)[name]


def _render_samples(names: list[str], language: str, now: datetime) -> dict[str, tuple[Message, RenderedEmail]]:
    with transaction.atomic():
        rows = _create_sample(language, now)
        found = {name: _render(name, SAMPLES[name], rows, language, now) for name in names}
        transaction.set_rollback(True)
    return found


def _create_sample(language: str, now: datetime) -> Rows:
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


def _register(rows: Rows, now: datetime, state: RegistrationState, reason: str = "", **fields: Any) -> Registration:
    """Create the person's registration in `state`. It replaces any earlier one."""
    Registration.objects.filter(user=rows["person"]).delete()
    dates = {"confirmed_at": now} if state != RegistrationState.WAITLISTED else {"waitlisted_at": now}
    return Registration.objects.create(
        series=rows["series"], user=rows["person"], state=state, end_reason=reason, created_at=now, **dates | fields
    )


def _data(state: RegistrationState, reason: str = "", **more: Any) -> Callable[[Rows, datetime], Rows]:
    return lambda rows, now: {"registration": _register(rows, now, state, reason).pk, **more}


def _invited(rows: Rows, now: datetime) -> Rows:
    registration = _register(rows, now, RegistrationState.CONFIRMED, held_until=now + timedelta(hours=48))
    _invitation(rows, registration, now)
    return {"registration": registration.pk}


def _invitation(rows: Rows, registration: Registration, now: datetime) -> Invitation:
    people = {"inviter": rows["other"], "name": "Amélie Tremblay", "email": "a@example.ca"}
    return Invitation.objects.create(series=rows["series"], registration=registration, created_at=now, **people)


def _declined(rows: Rows, now: datetime) -> Rows:
    held_until = now + timedelta(hours=48)
    return {"registration": _register(rows, now, RegistrationState.CANCELLED, EndReason.SELF, held_until=held_until).pk}


def _moved(rows: Rows, now: datetime) -> Rows:
    old = _register(rows, now, RegistrationState.CANCELLED, EndReason.MOVED)
    to = Series.objects.create(
        slug="gallery-other", title_en="Pain at Home", title_fr="La douleur à domicile", publication="published"
    )
    at = now + timedelta(days=5)
    Session.objects.create(series=to, starts_at=at, ends_at=at + timedelta(hours=1))
    new = Registration.objects.create(
        series=to, user=rows["person"], state=RegistrationState.CONFIRMED, created_at=now, confirmed_at=now
    )
    return {"registration": old.pk, "to": new.pk}


def _colleague(rows: Rows, now: datetime) -> Rows:
    registration = _register(rows, now, RegistrationState.CANCELLED, EndReason.LAPSED)
    return {"invitation": _invitation(rows, registration, now).pk}


def _absence(rows: Rows, now: datetime) -> Rows:
    registration = _register(rows, now, RegistrationState.CONFIRMED)
    intention = Intention.objects.create(
        registration=registration, session=rows["session"], is_coming=False, answered_at=now
    )
    return {"intention": intention.pk}


def _absence_withdrawn(rows: Rows, now: datetime) -> Rows:
    data = _absence(rows, now)
    Intention.objects.filter(pk=data["intention"]).update(is_coming=True)
    return data | {"absence": "a key of no message"}


def _reminder(hours: int) -> Callable[[Rows, datetime], Rows]:
    """Move the first session to start in `hours` hours, and return the data of its reminder."""

    def factory(rows: Rows, now: datetime) -> Rows:
        session = rows["session"]
        session.starts_at, session.ends_at = (now + timedelta(hours=hours + more) for more in (0, 1))
        session.save()
        registration = _register(rows, now, RegistrationState.CONFIRMED)
        return {"registration": registration.pk, "session": session.pk, "starts_at": session.starts_at.isoformat()}

    return factory


def _changed(rows: Rows, now: datetime) -> Rows:
    session, before = rows["session"], timedelta(days=1, hours=2)
    return {
        "registration": _register(rows, now, RegistrationState.CONFIRMED).pk,
        "session": session.pk,
        "old_starts_at": (session.starts_at - before).isoformat(),
        "old_ends_at": (session.ends_at - before).isoformat(),
        "old_delivery": "scheduled",
    }


def _recording(rows: Rows, now: datetime) -> Rows:
    url = "https://video.example.ca/recordings/1"
    resource = Resource.objects.create(
        series=rows["series"], title_en="The first session", title_fr="La première séance", url=url
    )
    return {"registration": _register(rows, now, RegistrationState.RECORDING).pk, "resource": resource.pk}


def _review(step: ReviewStep, publication: Publication, **fields: Any) -> Callable[[Rows, datetime], Rows]:
    """Move the series to that point of its review, and return the data of the email about it."""

    def factory(rows: Rows, now: datetime) -> Rows:
        series = rows["series"]
        Series.objects.filter(pk=series.pk).update(publication=publication)
        values = {"comment": REVIEW_COMMENT} | fields
        entry = ReviewEntry.objects.create(series=series, step=step, by=rows["other"], at=now, **values)
        return {"entry": entry.pk}

    return factory


def _changes_sent(rows: Rows, now: datetime) -> Rows:
    before = editing_data.read(rows["series"])
    request = ChangeRequest.objects.create(
        series=rows["series"],
        before=editing_data.to_json(before),
        changes=editing_data.to_json(before.with_values(capacity=40)),
        by=rows["other"],
        created_at=now,
    )
    return _review(ReviewStep.CHANGES_SENT, Publication.PUBLISHED, comment="")(rows, now) | {"request": request.pk}


def _team_invitation(rows: Rows, now: datetime) -> Rows:
    invitation = TeamInvitation.objects.create(
        hub=rows["hub"],
        email=rows["person"].email,
        role=Role.COORDINATOR,
        invited_by=rows["other"],
        created_at=now,
        sent_at=now,
        expires_at=now + timedelta(days=14),
    )
    return {"invitation": invitation.pk, "sent_at": now.isoformat()}


def _member(rows: Rows, now: datetime) -> Rows:
    fields = {"role": Role.EDITOR, "joined_at": now}
    member, _is_new = Membership.objects.get_or_create(hub=rows["hub"], user=rows["other"], defaults=fields)
    return {"membership": member.pk, "role": member.role}


def _interest(rows: Rows, now: datetime) -> Rows:
    interest = PartnerInterest.objects.create(
        organization="North Shore Hospice",
        organization_type="hospice",
        contact_name="Amélie Tremblay",
        email=rows["person"].email,
        provinces=["BC", "YT"],
        created_at=now,
    )
    return {"interest": interest.pk}


def _hub_message(rows: Rows, now: datetime) -> Rows:
    message = HubMessage.objects.create(
        series=rows["series"],
        recipients=Recipients.CONFIRMED,
        subject_en="Please bring a case",
        subject_fr="Apportez un cas, s’il vous plaît",
        body_en="Good morning,\n\nPlease send us your case by Monday:\nhttps://echo.example.ca/cases?for=1&by=monday",
        body_fr="Bonjour,\n\nEnvoyez-nous votre cas d’ici lundi :\nhttps://echo.example.ca/cas?for=1&by=monday",
        sent_at=now,
        sent_to=1,
        token=uuid4(),
    )
    return {"registration": _register(rows, now, RegistrationState.CONFIRMED).pk, "hub_message": message.pk}


NOTE = "Our speaker is ill. We hope to do it in May.\nThe Northern hub"
REVIEW_COMMENT = "The French summary is missing. Could you add it?"
NOTES = {"en": NOTE, "fr": "Notre conférencière est malade. Nous espérons reprendre en mai.\nLe pôle du Nord"}
SAMPLES: dict[str, Callable[[Rows, datetime], Rows]] = {
    "code": lambda _made, _now: {"code": "402817"},
    "no-account": lambda _made, _now: {},
    "address-taken": lambda _made, _now: {},
    "email-changed": lambda _made, _now: {"is_old": True},
    "security": lambda _made, _now: {"what": "totp_activated"},
    "account-closed": lambda _made, _now: {"places": 2},
    "registered": _data(RegistrationState.CONFIRMED),
    "waitlisted": _data(RegistrationState.WAITLISTED),
    "seat-found": _data(RegistrationState.CONFIRMED),
    "invited": _invited,
    "recording-only": _data(RegistrationState.RECORDING),
    "cancelled": _data(RegistrationState.CANCELLED, EndReason.SELF),
    "declined": _declined,
    "left-waitlist": _data(RegistrationState.CANCELLED, EndReason.SELF),
    "cancelled-by-us": _data(RegistrationState.CANCELLED, EndReason.STAFF, had="confirmed", note=NOTE),
    "series-cancelled": _data(RegistrationState.CANCELLED, EndReason.SERIES_CANCELLED, had="confirmed", note=NOTES),
    "series-withdrawn": _data(RegistrationState.CANCELLED, EndReason.WITHDRAWN, had="confirmed", note={}),
    "waitlist-closed": _data(RegistrationState.CANCELLED, EndReason.WAITLIST_CLOSED, had="waitlisted", note={}),
    "invitation-lapsed": _data(RegistrationState.CANCELLED, EndReason.LAPSED),
    "moved": _moved,
    "colleague-not-coming": _colleague,
    "absence": _absence,
    "absence-withdrawn": _absence_withdrawn,
    "session-changed": _changed,
    "recording-available": _recording,
    "hub-message": _hub_message,
    "reminder-24h": _reminder(24),
    "reminder-1h": _reminder(1),
    "listing-submitted": _review(ReviewStep.SUBMITTED, Publication.SUBMITTED),
    "listing-changes-sent": _changes_sent,
    "listing-comment-of-hub": _review(ReviewStep.COMMENTED, Publication.SUBMITTED),
    "listing-returned": _review(ReviewStep.RETURNED, Publication.DRAFT),
    "listing-published": _review(ReviewStep.PUBLISHED, Publication.PUBLISHED, comment=""),
    "listing-comment-of-staff": _review(ReviewStep.COMMENTED, Publication.SUBMITTED),
    "listing-changes-approved": _review(ReviewStep.CHANGES_APPROVED, Publication.PUBLISHED, comment=""),
    "listing-changes-returned": _review(ReviewStep.CHANGES_RETURNED, Publication.PUBLISHED),
    "team-invitation": _team_invitation,
    "team-joined": _member,
    "team-role": _member,
    "team-removed": lambda rows, _now: {"hub": rows["hub"].pk, "user": rows["person"].pk},
    "interest-received": _interest,
    "interest-new": _interest,
    **gallery_newsletters.SAMPLES,
}


def _render(
    name: str, factory: Callable[[Rows, datetime], Rows], rows: Rows, language: str, now: datetime
) -> tuple[Message, RenderedEmail]:
    data = factory(rows, now)
    with translation.override(language):
        rendered = message_types.render(name, message_types.load(name, [data])[0], now)
    message = Message(
        pk=0, key=f"gallery:{name}", message_type=name, to=rows["person"].email, language=language, data=data
    )
    return message, rendered
