"""The emails about teams and partner interests. Their texts are in templates/hubs/email/.

Each renderer checks that its message is still true, and raises OutdatedMessage if it isn't.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.links import absolute_url
from accounts.models import User
from hubs.models import Hub, Membership, PartnerInterest, TeamInvitation
from outbox import message_types
from outbox.message_types import OutdatedMessage, RenderedEmail
from outbox.rendering import render_email


def register_message_types() -> None:
    message_types.register("team-invitation", render_invitation)
    message_types.register("team-joined", render_joined)
    message_types.register("team-role", render_role)
    message_types.register("team-removed", render_removed)
    message_types.register("interest-received", render_interest_received)
    message_types.register("interest-new", render_interest_new)


def render_invitation(data: dict[str, Any], now: datetime) -> RenderedEmail:
    found = TeamInvitation.objects.select_related("hub__interest", "invited_by").filter(pk=data["invitation"])
    invitation = found.first()
    if invitation is None or not invitation.is_open(now):
        raise OutdatedMessage("The invitation was accepted or revoked.")
    if invitation.sent_at.isoformat() != data["sent_at"]:
        raise OutdatedMessage("The invitation was sent again.")
    context = {
        "invitation": invitation,
        "hub": invitation.hub,
        "link": absolute_url(reverse("hubs:accept_invitation", args=[invitation.secret])),
        "zone": timezone.get_default_timezone(),
    }
    sentence = _("Welcome: %(hub)s is now a hub partner") if invitation.interest else _("Join the team of %(hub)s")
    subject = sentence % {"hub": invitation.hub.name}
    return render_email("hubs/email/invitation", subject, context, reply_to=invitation.hub.contact_email)


def render_joined(data: dict[str, Any], now: datetime) -> RenderedEmail:
    member = _member(data)
    subject = _("%(person)s joined the team of %(hub)s") % {"person": member.user, "hub": member.hub.name}
    return render_email("hubs/email/joined", subject, _about(member))


def render_role(data: dict[str, Any], now: datetime) -> RenderedEmail:
    member = _member(data)
    if member.role != data["role"]:
        raise OutdatedMessage("The role has changed again.")
    subject = _("Your role in the team of %(hub)s has changed") % {"hub": member.hub.name}
    return render_email("hubs/email/role", subject, _about(member))


def render_removed(data: dict[str, Any], now: datetime) -> RenderedEmail:
    hub, user = Hub.objects.get(pk=data["hub"]), User.objects.get(pk=data["user"])
    if Membership.objects.filter(hub=hub, user=user).exists():
        raise OutdatedMessage("The person is in the team again.")
    subject = _("You’re no longer in the team of %(hub)s") % {"hub": hub.name}
    return render_email("hubs/email/removed", subject, {"hub": hub}, reply_to=hub.contact_email)


def render_interest_received(data: dict[str, Any], now: datetime) -> RenderedEmail:
    context = {"about_link": absolute_url(reverse("about"))}
    subject = _("Thank you for your interest in becoming a hub partner")
    return render_email("hubs/email/interest_received", subject, context)


def render_interest_new(data: dict[str, Any], now: datetime) -> RenderedEmail:
    interest = PartnerInterest.objects.filter(pk=data["interest"]).first()
    if interest is None:
        raise OutdatedMessage("The interest was deleted.")
    link = absolute_url(reverse("admin:hubs_partnerinterest_change", args=[interest.pk]))
    context = {"interest": interest, "link": link, "language_name": dict(settings.LANGUAGES)[interest.language]}
    return render_email("hubs/email/interest_new", _("An organization would like to become a hub"), context)


def _member(data: dict[str, Any]) -> Membership:
    member = Membership.objects.select_related("hub", "user").filter(pk=data["membership"]).first()
    if member is None:
        raise OutdatedMessage("The person has left the team.")
    return member


def _about(member: Membership) -> dict[str, Any]:
    slug = member.hub.slug
    return {
        "member": member,
        "hub": member.hub,
        "workspace_link": absolute_url(reverse("workspace:home", args=[slug])),
        "team_link": absolute_url(reverse("workspace:team", args=[slug])),
    }
