"""The team of a hub: who is in it, invitations, roles, and leaving.

Everyone in the team sees who else is in it. Only coordinators see invitations and change anything.
"""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.languages import current_language
from accounts.limits import EMAIL_REFUSED, may_send_email, within_limits
from accounts.models import User
from hubs.models import Membership, TeamInvitation, TeamInvitationQuerySet
from hubs.services import team as services
from registrations.history import has_left, was_deleted
from workspace.access import Workspace, for_coordinators, for_viewers, on_second_click
from workspace.forms.team import InviteForm, RoleForm
from workspace.pages import page


@require_safe
@for_viewers
def team(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    now = timezone.now()
    pending = _invitations(workspace).pending() if workspace.may_manage_team else TeamInvitation.objects.none()
    context = {
        "members": _members(workspace),
        "invitations": [(invitation, invitation.is_open(now)) for invitation in pending],
        "zone": workspace.user.zone,
    }
    return page(request, workspace, "team/team.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_coordinators
def invite(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    form = InviteForm(request.POST if request.method == "POST" else None, initial={"language": current_language()})
    if form.is_valid():
        data = form.cleaned_data
        try:
            _check_limits(request, workspace, data["email"])
            services.invite(workspace.hub, **data, by=workspace.user, now=timezone.now())
        except services.TeamError as error:
            form.add_error("email", sentence(error))
        else:
            messages.success(request, _("We sent the invitation to %(email)s.") % {"email": data["email"]})
            return redirect("workspace:team", workspace.hub.slug)
    return page(request, workspace, "team/invite.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
@for_coordinators
def resend(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Send an invitation again. A second click, on the page from before the first, sends nothing."""
    invitation, now = get_object_or_404(_invitations(workspace), pk=pk), timezone.now()
    is_of_old_page = request.POST.get("sent_at") not in (None, invitation.sent_at.isoformat())
    is_second_click = is_of_old_page and invitation.is_pending and invitation.sent_at > now - services.A_MINUTE
    try:
        if not is_second_click:
            _check_limits(request, workspace, invitation.email)
            services.resend(invitation, by=workspace.user, now=now)
    except services.TeamError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(
            request,
            _("We sent the invitation to %(email)s again. Only the new link works.") % {"email": invitation.email},
        )
    return redirect("workspace:team", workspace.hub.slug)


@require_POST
@for_coordinators
def revoke(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponse:
    invitation = get_object_or_404(_invitations(workspace), pk=pk)
    try:
        services.revoke(invitation, now=timezone.now())
    except services.TeamError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, _("The invitation to %(email)s doesn’t work anymore.") % {"email": invitation.email})
    return redirect("workspace:team", workspace.hub.slug)


def _after_role(request: HttpRequest, slug: str, pk: int) -> HttpResponse | None:
    """Lead someone who gave up coordinating to the team, where the first click led."""
    assert isinstance(request.user, User)  # noqa: S101 - the view has checked it
    own = request.user.memberships.filter(pk=pk, hub__slug=slug, role=request.POST.get("role"))
    return redirect("workspace:team", slug) if own.exists() else None


@require_http_methods(["GET", "HEAD", "POST"])
@on_second_click(_after_role)
@for_coordinators
def role(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponse:
    member = get_object_or_404(_members(workspace), pk=pk)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"role": member.role})
    if form.is_valid():
        try:
            services.change_role(member, form.cleaned_data["role"], by=workspace.user, now=timezone.now())
        except services.LastCoordinatorError as error:
            form.add_error("role", sentence(error))
        except Membership.DoesNotExist:  # they left a moment ago
            return redirect("workspace:team", workspace.hub.slug)
        else:
            messages.success(request, _("The role of %(person)s is changed.") % {"person": member.user})
            return redirect("workspace:team", workspace.hub.slug)
    context = {"form": form, "member": member}
    return page(request, workspace, "team/role.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_coordinators
def remove(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Ask for confirmation, then remove someone. A coordinator leaves on the page for leaving."""
    if was_deleted("membership", pk, workspace.hub):  # a second click
        return redirect("workspace:team", workspace.hub.slug)
    member = get_object_or_404(_members(workspace), pk=pk)
    if member == workspace.membership:
        return redirect("workspace:team_leave", workspace.hub.slug)
    if request.method == "POST":
        try:
            services.remove_member(member, by=workspace.user, now=timezone.now())
        except services.LastCoordinatorError as error:
            messages.error(request, sentence(error))
        else:
            messages.success(request, _("%(person)s is no longer in the team.") % {"person": member.user})
        return redirect("workspace:team", workspace.hub.slug)
    return page(request, workspace, "team/remove.html", {"member": member})


def _after_leaving(request: HttpRequest, slug: str) -> HttpResponse | None:
    """Lead someone who has left the team to "My sessions", where the first click led."""
    assert isinstance(request.user, User)  # noqa: S101 - the view has checked it
    return redirect("registrations:mine") if has_left(request.user, slug) else None


@require_http_methods(["GET", "HEAD", "POST"])
@on_second_click(_after_leaving)
@for_viewers
def leave(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    hub = workspace.hub
    is_needed = hub in services.only_coordinator_of(workspace.user)
    if request.method == "POST":
        try:
            services.leave(workspace.membership, now=timezone.now())
        except services.LastCoordinatorError as error:
            messages.error(request, sentence(error))
            return redirect("workspace:team", hub.slug)
        messages.success(request, _("You left the team of %(hub)s.") % {"hub": hub.name})
        return redirect("registrations:mine")
    return page(request, workspace, "team/leave.html", {"is_needed": is_needed})


def _members(workspace: Workspace) -> QuerySet[Membership]:
    return Membership.objects.filter(hub=workspace.hub).select_related("user", "hub")


def _invitations(workspace: Workspace) -> TeamInvitationQuerySet:
    return TeamInvitation.objects.filter(hub=workspace.hub).select_related("hub", "invited_by")


class EmailRefusedError(services.TeamError):
    """Too many emails were sent to this address, or from this network."""


class TooManyInvitationsError(services.TeamError):
    """The hub has sent as many invitations as it may within a day."""


def _check_limits(request: HttpRequest, workspace: Workspace, email: str) -> None:
    """Count an invitation, sent or sent again. Raises TooManyInvitationsError or EmailRefusedError."""
    if not within_limits(request, "team-invitation", str(workspace.hub.pk)):
        raise TooManyInvitationsError
    if not may_send_email(request, email):
        raise EmailRefusedError


def sentence(error: services.TeamError) -> str:
    """Return what the person can do about the error."""
    match error:
        case services.AlreadyMemberError():
            return _("The person with this address is already in the team. You can change their role on the team page.")
        case services.AlreadyInvitedError():
            return _("This address already has an invitation. You can send it again from the team page.")
        case TooManyInvitationsError():
            return _("Your hub sent many invitations today. Try again tomorrow.")
        case services.InvitationOverError():
            return _("This invitation was already accepted or withdrawn.")
        case services.LastCoordinatorError():
            return _("A hub needs a coordinator. Make someone else a coordinator first.")
        case EmailRefusedError():
            return str(EMAIL_REFUSED)
    raise error
