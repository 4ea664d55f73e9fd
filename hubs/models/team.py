"""Who runs a hub: its team, and the invitations to join it."""

import secrets
from datetime import datetime

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.fields import NormalizedEmailField
from hubs.models.hubs import Hub
from hubs.models.interest import PartnerInterest


class Role(models.TextChoices):
    """What someone may do in a hub's workspace. Each role may do everything that those after it may."""

    COORDINATOR = "coordinator", _("Coordinator")  # everything, and the team
    EDITOR = "editor", _("Editor")  # listings, registrants and messages
    VIEWER = "viewer", _("Viewer")  # reads


EDITING_ROLES = (Role.COORDINATOR, Role.EDITOR)


@pghistory.track()
class Membership(models.Model):
    """Someone's role in the team of one hub. A hub always keeps at least one coordinator (services/team.py)."""

    hub = models.ForeignKey(Hub, models.CASCADE, related_name="memberships", verbose_name=_("hub"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    joined_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        ordering = ["role", "joined_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["hub", "user"],
                name="membership_one_a_person",
                violation_error_message=_("This person is already in the team."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"

    @property
    def may_edit(self) -> bool:
        return self.role in EDITING_ROLES

    @property
    def may_manage_team(self) -> bool:
        return self.role == Role.COORDINATOR

    @property
    def needs_second_factor(self) -> bool:
        """Whether someone who signed in as this person could do harm at once: change the team, or publish."""
        return self.may_manage_team or (self.may_edit and self.hub.is_trusted)


def new_secret() -> str:
    return secrets.token_urlsafe(24)


class TeamInvitationQuerySet(models.QuerySet["TeamInvitation"]):
    def open(self, now: datetime) -> "TeamInvitationQuerySet":
        """Return the invitations that can still be accepted."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)

    def pending(self) -> "TeamInvitationQuerySet":
        """Return the invitations that were neither accepted nor revoked, also if they have expired, newest first."""
        return self.filter(accepted_at=None, revoked_at=None).order_by("-created_at", "-pk")


class TeamInvitation(models.Model):
    """An invitation to join a hub's team, by email. It can be accepted once, within 14 days.

    Sending it again makes a new secret, so only the latest link works.
    """

    hub = models.ForeignKey(Hub, models.CASCADE, related_name="team_invitations", verbose_name=_("hub"))
    email = NormalizedEmailField(_("email address"))
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    secret = models.CharField(max_length=64, unique=True, default=new_secret, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("invited"))
    sent_at = models.DateTimeField(_("last sent"))
    expires_at = models.DateTimeField(_("valid until"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("accepted by")
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = TeamInvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("team invitation")
        verbose_name_plural = _("team invitations")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "hub",
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="teaminvitation_one_pending_an_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email}, {self.get_role_display()}"

    @property
    def is_pending(self) -> bool:
        """Whether it was neither accepted nor revoked, also if it has expired."""
        return self.accepted_at is None and self.revoked_at is None

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be accepted."""
        return self.is_pending and self.expires_at > now

    @property
    def interest(self) -> PartnerInterest | None:
        """The accepted request to become a hub partner, if this invites the person who sent it."""
        interest = getattr(self.hub, "interest", None)
        return interest if interest and interest.email == self.email else None
