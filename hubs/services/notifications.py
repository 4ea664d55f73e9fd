"""Write notifications about teams and partner interests to the outbox, in the transaction of the fact."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from accounts.models import User
from hubs.models import Membership, PartnerInterest, Role, TeamInvitation
from outbox.services import Draft, write

LIFETIME = timedelta(days=2)


def notify_invited(invitation: TeamInvitation, now: datetime) -> None:
    """Send the link. `sent_at` says which one, so that an email still queued when another is sent is dropped."""
    data = {"invitation": invitation.pk, "sent_at": invitation.sent_at.isoformat()}
    key = f"team-invitation:{invitation.pk}:{data['sent_at']}"
    to, language = invitation.email, invitation.language
    write([Draft(key, "team-invitation", to, language, data, invitation.expires_at)], now=now)


def notify_joined(membership: Membership, now: datetime) -> None:
    """Tell the team's other coordinators that someone has joined."""
    others = Membership.objects.filter(hub=membership.hub, role=Role.COORDINATOR).exclude(pk=membership.pk)
    drafts = [
        _to(other.user, "team-joined", f"{membership.pk}:{other.pk}", {"membership": membership.pk}, now)
        for other in others.select_related("user")
    ]
    write(drafts, now=now)


def notify_of_role(membership: Membership, now: datetime) -> None:
    data = {"membership": membership.pk, "role": membership.role}
    write([_to(membership.user, "team-role", f"{membership.pk}:{now.isoformat()}", data, now)], now=now)


def notify_removed(membership: Membership, now: datetime) -> None:
    data = {"hub": membership.hub_id, "user": membership.user_id}
    write([_to(membership.user, "team-removed", f"{membership.pk}:{now.isoformat()}", data, now)], now=now)


def notify_of_interest(interest: PartnerInterest, now: datetime) -> None:
    """Send an acknowledgement to the contact, and a notice to staff.

    The acknowledgement contains nothing that was typed, so nobody can use it to send their words to a stranger.
    """
    contact = Draft(
        f"interest-received:{interest.pk}",
        "interest-received",
        interest.email,
        interest.language,
        {"interest": interest.pk},
        now + LIFETIME,
    )
    staff = Draft(
        f"interest-new:{interest.pk}",
        "interest-new",
        settings.CONTACT_EMAIL,
        settings.LANGUAGE_CODE,
        {"interest": interest.pk},
        now + LIFETIME,
    )
    write([contact, staff], now=now)


def _to(user: User, message_type: str, key: str, data: dict[str, Any], now: datetime) -> Draft:
    return Draft(f"{message_type}:{key}", message_type, user.email, user.language, data, now + LIFETIME)
