"""Write notifications about registrations to the outbox, in the transaction of the fact."""

from datetime import datetime, timedelta
from typing import Any

from outbox.services import Draft, write
from registrations.models import Invitation, Registration

NOTIFICATION_LIFETIME = timedelta(days=2)


def notification(
    registration: Registration,
    message_type: str,
    now: datetime,
    *,
    key: str = "",
    expires_at: datetime | None = None,
    **data: Any,
) -> Draft:
    """Return a message about a registration to its person.

    Without a `key` of its own there is one message for each message type and registration, so nothing is sent twice.
    """
    user = registration.user
    return Draft(
        key=key or f"{message_type}:{registration.pk}",
        message_type=message_type,
        to=user.email,
        language=user.language,
        data={"registration": registration.pk, **data},
        expires_at=expires_at or now + NOTIFICATION_LIFETIME,
    )


def notify(registration: Registration, message_type: str, now: datetime, **data: Any) -> None:
    write([notification(registration, message_type, now, **data)], now=now)


def inviter_key(registration_id: int) -> str:
    return f"colleague-not-coming:{registration_id}"


def notify_inviter(registration: Registration, now: datetime) -> None:
    """Tell the inviter that a colleague declined or did not answer, so that they can invite someone else."""
    invitation = Invitation.objects.filter(registration=registration).select_related("inviter").first()
    if invitation:
        to, data = invitation.inviter, {"invitation": invitation.pk}
        key = inviter_key(registration.pk)
        expires_at = now + NOTIFICATION_LIFETIME
        write([Draft(key, "colleague-not-coming", to.email, to.language, data, expires_at)], now=now)
