"""The team of a hub: invitations by email, roles, and leaving.

A hub always keeps at least one coordinator. Every function that could break this locks the hub's row first, so two
coordinators who remove each other at the same moment wait for one another, and the second is refused.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.services import former_emails
from hubs.models import Hub, Membership, Role, TeamInvitation
from hubs.models.team import new_secret
from hubs.services.notifications import notify_invited, notify_joined, notify_of_role, notify_removed

VALID_FOR = timedelta(days=14)
# Invitations are deleted this long after they were accepted or revoked, or expired.
KEPT_FOR = timedelta(days=90)
A_MINUTE = timedelta(minutes=1)


class TeamError(Exception):
    """The team cannot be changed like this. Nothing was changed."""


class AlreadyMemberError(TeamError):
    """The person with this address is already in the team."""


class AlreadyInvitedError(TeamError):
    """This address has an invitation that was neither accepted nor revoked."""


class InvitationOverError(TeamError):
    """The invitation was accepted or revoked, or has expired, or its link was replaced by a newer one."""


class OtherAddressError(TeamError):
    """The invitation is for another email address than the account's."""


class LastCoordinatorError(TeamError):
    """The person is the only coordinator of `hubs`."""

    def __init__(self, hubs: list[Hub]) -> None:
        super().__init__([hub.pk for hub in hubs])
        self.hubs = hubs


@transaction.atomic
def invite(hub: Hub, email: str, role: str, language: str, *, by: User, now: datetime) -> TeamInvitation:
    """Invite someone, with or without an account, by an email in `language`. The link works once, within VALID_FOR.

    The same again within A_MINUTE is a double click, and returns the first invitation. The caller limits how many a hub
    sends ("team-invitation" in the settings). Raises AlreadyMemberError or AlreadyInvitedError.
    """
    _lock(hub)
    if Membership.objects.filter(hub=hub, user__email=email).exists():
        raise AlreadyMemberError
    earlier = TeamInvitation.objects.pending().filter(hub=hub, email=email).first()
    if earlier:
        same = (earlier.role, earlier.language, earlier.invited_by_id) == (role, language, by.pk)
        if same and earlier.sent_at > now - A_MINUTE:
            return earlier
        raise AlreadyInvitedError
    invitation = TeamInvitation.objects.create(
        hub=hub,
        email=email,
        role=role,
        language=language,
        invited_by=by,
        created_at=now,
        sent_at=now,
        expires_at=now + VALID_FOR,
    )
    notify_invited(invitation, now)
    return invitation


@transaction.atomic
def resend(invitation: TeamInvitation, *, by: User, now: datetime) -> TeamInvitation:
    """Send an invitation again, also an expired one. Its link is new, and the earlier one stops working.

    If it was sent again after `invitation` was read, nothing is sent: a double click sends one email. Raises
    InvitationOverError if it was accepted or revoked.
    """
    _lock(invitation.hub)
    locked = TeamInvitation.objects.pending().select_for_update(of=("self",)).filter(pk=invitation.pk).first()
    if locked is None:
        raise InvitationOverError
    if locked.sent_at != invitation.sent_at:
        return locked
    locked.secret, locked.invited_by = new_secret(), by
    locked.sent_at, locked.expires_at = now, now + VALID_FOR
    locked.save(update_fields=["secret", "invited_by", "sent_at", "expires_at"])
    notify_invited(locked, now)
    return locked


@transaction.atomic
def revoke(invitation: TeamInvitation, *, now: datetime) -> None:
    """Make the link of an invitation stop working. Revoking twice changes nothing.

    Raises InvitationOverError if it was accepted before.
    """
    _lock(invitation.hub)
    invitation.refresh_from_db(fields=["accepted_at", "revoked_at"])
    if invitation.accepted_at:
        raise InvitationOverError
    if invitation.revoked_at is None:
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])


@transaction.atomic
def accept_invitation(secret: str, user: User, *, now: datetime, name: str = "") -> Membership:
    """Add the person to the team, and tell its coordinators. A second click returns the same membership.

    Someone who is already in the team keeps their role. `name` is for an account that has none yet. Raises
    InvitationOverError or OtherAddressError.
    """
    invitation = TeamInvitation.objects.select_related("hub").filter(secret=secret).first()
    if invitation is None:
        raise InvitationOverError
    _lock(invitation.hub)
    invitation.refresh_from_db(fields=["secret", "accepted_at", "accepted_by", "revoked_at", "expires_at"])
    if invitation.accepted_by_id == user.pk:
        member = Membership.objects.filter(hub=invitation.hub, user=user).first()
        if member:
            return member
    if invitation.secret != secret or not invitation.is_open(now):
        raise InvitationOverError
    if invitation.email != user.email:
        raise OtherAddressError
    if name and not user.name:
        user.name = name
        user.save(update_fields=["name"])
    invitation.accepted_at, invitation.accepted_by = now, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    membership, is_new = Membership.objects.get_or_create(
        hub=invitation.hub, user=user, defaults={"role": invitation.role, "joined_at": now}
    )
    if is_new:
        notify_joined(membership, now)
    return membership


@transaction.atomic
def change_role(membership: Membership, role: str, *, by: User, now: datetime) -> Membership:
    """Give a member another role, and tell them if someone else did it. The pending invitations of someone who no longer
    coordinates are revoked.

    Raises LastCoordinatorError, or Membership.DoesNotExist if the person has left meanwhile.
    """
    _lock(membership.hub)
    current = Membership.objects.select_related("hub", "user").get(pk=membership.pk)
    if current.role == role:
        return current
    _check_keeps_coordinator(current)
    current.role = role
    current.save(update_fields=["role"])
    if role != Role.COORDINATOR:
        _revoke_sent_by(current.user, current.hub, now)
    if by != current.user:
        notify_of_role(current, now)
    return current


@transaction.atomic
def remove_member(membership: Membership, *, by: User, now: datetime) -> None:
    """Remove someone from the team, revoke their pending invitations, and tell them if someone else did it.

    Someone who has left meanwhile stays out. Raises LastCoordinatorError.
    """
    _lock(membership.hub)
    current = Membership.objects.select_related("hub", "user").filter(pk=membership.pk).first()
    if current is None:
        return
    _check_keeps_coordinator(current)
    if by != current.user:
        notify_removed(current, now)
    _revoke_sent_by(current.user, current.hub, now)
    current.delete()


def leave(membership: Membership, *, now: datetime) -> None:
    """Leave a team. Raises LastCoordinatorError."""
    remove_member(membership, by=membership.user, now=now)


def only_coordinator_of(user: User) -> list[Hub]:
    """Return the hubs whose only coordinator is `user`. Someone whose account is inactive cannot coordinate."""
    own = Hub.objects.managed_by(user, Role.COORDINATOR)
    return list(own.exclude(pk__in=_active_coordinators().exclude(user=user).values("hub")))


@transaction.atomic
def leave_all(user: User, *, now: datetime) -> None:
    """Leave every team, revoke the invitations that the person sent for them, and delete those to their addresses: the
    account is about to be closed.

    Raises LastCoordinatorError if a hub would be left without a coordinator.
    """
    mine = Membership.objects.filter(user=user)
    list(Hub.objects.filter(pk__in=mine.values("hub")).order_by("pk").select_for_update(no_key=True))
    if hubs := only_coordinator_of(user):
        raise LastCoordinatorError(hubs)
    sent = TeamInvitation.objects.pending().filter(hub__in=mine.values("hub"), invited_by=user)
    sent.update(revoked_at=now)
    mine.delete()
    TeamInvitation.objects.filter(email__in=[user.email, *former_emails(user)]).delete()


def delete_old_invitations(now: datetime) -> int:
    """Delete invitations that ended more than KEPT_FOR ago. Returns how many."""
    before = now - KEPT_FOR
    is_old = Q(accepted_at__lt=before) | Q(revoked_at__lt=before) | Q(accepted_at=None, expires_at__lt=before)
    return TeamInvitation.objects.filter(is_old).delete()[0]


def _lock(hub: Hub) -> None:
    """Lock the hub's row until the transaction ends. Series and registrations of the hub can still be written."""
    Hub.objects.select_for_update(no_key=True).get(pk=hub.pk)


def _revoke_sent_by(user: User, hub: Hub, now: datetime) -> None:
    """Revoke the pending invitations of a coordinator who no longer is one. The caller has locked the hub."""
    TeamInvitation.objects.pending().filter(hub=hub, invited_by=user).update(revoked_at=now)


def _check_keeps_coordinator(member: Membership) -> None:
    """Raise LastCoordinatorError if the hub has no coordinator other than `member`. The caller has locked the hub."""
    others = _active_coordinators().filter(hub=member.hub).exclude(pk=member.pk)
    if member.role == Role.COORDINATOR and not others.exists():
        raise LastCoordinatorError([member.hub])


def _active_coordinators() -> QuerySet[Membership]:
    return Membership.objects.filter(role=Role.COORDINATOR, user__is_active=True)
