"""The export of a person's data in a format that other programs can read (Quebec's Law 25, access and portability)."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from accounts.models import ProviderProfile, User
from accounts.services import former_emails
from hubs.models import Membership, TeamInvitation
from outbox.models import Message
from registrations.models import Attendance, Intention, Invitation, Registration

Row = dict[str, Any]


def export(user: User, *, now: datetime) -> Row:
    """Return the person's data as plain values, with times in UTC by ISO 8601. The export shows which secrets exist
    (password, keys), but not the secrets themselves."""
    return {
        "written_at": now.isoformat(),
        "account": _account(user),
        "profile": _profile(user),
        "registrations": [_registration(row) for row in _registrations(user)],
        "colleagues_registered": list(
            Invitation.objects.filter(inviter=user).values("name", "email", "series__slug", "created_at")
        ),
        "hubs": list(Membership.objects.filter(user=user).values("hub__slug", "role", "joined_at")),
        "invited_to_hubs": list(
            TeamInvitation.objects.filter(invited_by=user).values("hub__slug", "email", "role", "created_at")
        ),
        "mail": list(
            Message.objects.filter(to__in=[user.email, *former_emails(user)])
            .order_by("pk")
            .values("message_type", "subject", "state", "created_at", "settled_at")
        ),
    }


def _account(user: User) -> Row:
    return {
        "email": user.email,
        "former_emails": user.former_emails,
        "name": user.name,
        "language": user.language,
        "time_zone": user.time_zone,
        "since": user.date_joined,
        "last_sign_in": user.last_login,
        "has_password": user.has_usable_password(),
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified")),
        "second_factors": list(Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")),
        "signed_in": list(UserSession.objects.filter(user=user).values("ip", "user_agent", "created_at")),
    }


def _profile(user: User) -> Row | None:
    names = ("profession", "province", "practice_setting", "organization", "accessibility_needs")
    return ProviderProfile.objects.filter(user=user).values(*names).first()


def _registrations(user: User) -> list[Registration]:
    mine = Registration.objects.filter(user=user).select_related("series").order_by("pk")
    return list(mine.prefetch_related("answers__question", "staff_actions"))


def _registration(row: Registration) -> Row:
    facts = ("state", "created_at", "confirmed_at", "waitlisted_at", "recording_at", "cancelled_at", "end_reason")
    return {
        "series": row.series.slug,
        "title": str(row.series.title),
        **{name: getattr(row, name) for name in facts},
        "answers": [{"question": str(answer.question.label), "answer": answer.value} for answer in row.answers.all()],
        "came_to": list(Attendance.objects.filter(registration=row).values("session__starts_at", "joined_at")),
        "said": list(
            Intention.objects.filter(registration=row).values("session__starts_at", "is_coming", "answered_at")
        ),
        "acts_of_staff": [
            {"action": act.action, "at": act.at, "reason": act.reason} for act in row.staff_actions.all()
        ],
    }
