"""Coming to one session: what people say beforehand, and that they came."""

from datetime import datetime

from django.db import transaction

from outbox.services import Draft, write
from registrations.models import Attendance, Intention, Place, Registration
from sessions_app.models import Session


@transaction.atomic
def say_intention(registration: Registration, session: Session, *, is_coming: bool, now: datetime) -> Intention:
    """Note that someone comes to `session`, or cannot come to this one: which frees no seat, stops its reminders, and is told
    to the hub's team. Either can be taken back by saying the other."""
    intention, _is_new = Intention.objects.update_or_create(
        registration=registration, session=session, defaults={"is_coming": is_coming, "said_at": now}
    )
    if not is_coming:
        _tell_team(intention, now)
    return intention


def _tell_team(intention: Intention, now: datetime) -> None:
    series, session = intention.registration.series, intention.session
    if session.ends_at <= now:
        return
    draft = Draft(
        key=f"absence:{session.pk}:{intention.registration_id}",
        kind="absence",
        to=series.contact_email,
        language="fr" if series.language == "fr" else "en",
        data={"intention": intention.pk},
        expires_at=session.ends_at,
    )
    write([draft], now=now)


def attend(registration: Registration, session: Session, *, now: datetime) -> Attendance | None:
    """Note that someone went in; the first time counts. Whoever holds no seat is never counted: None."""
    if registration.place != Place.CONFIRMED:
        return None
    attendance, _is_new = Attendance.objects.get_or_create(
        registration=registration, session=session, defaults={"joined_at": now}
    )
    return attendance
