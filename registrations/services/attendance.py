"""Coming to one session: what people tell us beforehand, and that they came."""

from datetime import UTC, datetime

from django.db import transaction

from outbox.models import Message, State
from outbox.services import Draft, write
from registrations.models import Attendance, Intention, Registration, RegistrationState
from sessions_app.models import Session

# At most this many emails to the team about one person and one session, so that nobody can flood its mailbox.
MOST_TOLD = 10


@transaction.atomic
def record_intention(registration: Registration, session: Session, *, is_coming: bool, now: datetime) -> Intention:
    """Record whether someone will come to `session`. An absence frees no seat and stops reminders for this session. It
    can be withdrawn. Recording the same twice changes nothing.

    The team is notified of each absence and, after that, of its withdrawal, at most MOST_TOLD times.
    """
    intention, is_new = Intention.objects.select_for_update().get_or_create(
        registration=registration, session=session, defaults={"is_coming": is_coming, "answered_at": now}
    )
    if not is_new and intention.is_coming == is_coming:
        return intention
    told = _absence_told(intention) if is_coming and not is_new else None
    intention.is_coming, intention.answered_at = is_coming, now
    intention.save(update_fields=["is_coming", "answered_at"])
    if not is_coming:
        _notify_team("absence", intention, now)
    elif told:
        _notify_team("absence-withdrawn", intention, now, absence=told.key)
    return intention


def _absence_told(intention: Intention) -> Message | None:
    """Return the email that notified the team of this absence, or None if it has not been sent. In that case it will
    not be sent.

    The row is locked, so that no worker can take it before the intention has changed.
    """
    keys = [_key("absence", intention), _about("absence", intention).rstrip(":")]  # the second: before an upgrade
    messages = Message.objects.select_for_update().filter(key__in=keys).order_by("-pk")
    told = messages.first()
    return told if told and told.state != State.QUEUED else None


def _key(message_type: str, intention: Intention) -> str:
    """Return a key for one change of mind, so that a double click is notified once, and going back and forth each time."""
    return f"{_about(message_type, intention)}{intention.answered_at.astimezone(UTC):%Y%m%dT%H%M%S%f}"


def _about(message_type: str, intention: Intention) -> str:
    return f"{message_type}:{intention.session_id}:{intention.registration_id}:"


def _notify_team(message_type: str, intention: Intention, now: datetime, **more: str) -> None:
    series, session = intention.registration.series, intention.session
    told = Message.objects.filter(key__startswith=_about(message_type, intention)).count()
    if session.ends_at <= now or told >= MOST_TOLD:
        return
    draft = Draft(
        key=_key(message_type, intention),
        message_type=message_type,
        to=series.contact_email,
        language="fr" if series.language == "fr" else "en",
        data={"intention": intention.pk, "answered_at": intention.answered_at.isoformat(), **more},
        expires_at=session.ends_at,
    )
    write([draft], now=now)


def record_attendance(registration: Registration, session: Session, *, now: datetime) -> Attendance | None:
    """Record that someone joined. Only the first time counts. Returns None for someone without a seat."""
    if registration.state != RegistrationState.CONFIRMED:
        return None
    attendance, _is_new = Attendance.objects.get_or_create(
        registration=registration, session=session, defaults={"joined_at": now}
    )
    return attendance
