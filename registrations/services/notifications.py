"""Writing what happened into the outbox, in the transaction of the fact itself."""

from datetime import datetime, timedelta
from typing import Any

from outbox.services import Draft, write
from registrations.models import Invitation, Registration

NOTIFICATION_LIFETIME = timedelta(days=2)


def notification(registration: Registration, message_type: str, now: datetime, **data: Any) -> Draft:
    """A message about one place to the person who has it. One a kind and registration: nothing is told twice."""
    user = registration.user
    return Draft(
        key=f"{message_type}:{registration.pk}",
        message_type=message_type,
        to=user.email,
        language=user.language,
        data={"registration": registration.pk, **data},
        expires_at=now + NOTIFICATION_LIFETIME,
    )


def notify(registration: Registration, message_type: str, now: datetime, **data: Any) -> None:
    write([notification(registration, message_type, now, **data)], now=now)


def inviter_key(registration_id: int) -> str:
    return f"colleague-not-coming:{registration_id}"


def notify_inviter(registration: Registration, now: datetime) -> None:
    """A colleague's seat is gone, unanswered or declined: whoever took it may want to ask someone else."""
    invitation = Invitation.objects.filter(registration=registration).select_related("inviter").first()
    if invitation:
        to, data = invitation.inviter, {"invitation": invitation.pk}
        key = inviter_key(registration.pk)
        write(
            [Draft(key, "colleague-not-coming", to.email, to.language, data, expires_at=now + NOTIFICATION_LIFETIME)],
            now=now,
        )
