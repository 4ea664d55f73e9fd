"""Joining the team of a hub, with the link in an invitation."""

from urllib.parse import urlencode

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.limits import EMAIL_REFUSED, may_send_email
from accounts.models import User
from accounts.services import get_or_create_user, restart_unproven_account
from hubs.forms import JoinTeamForm
from hubs.models import Membership, TeamInvitation
from hubs.services import team

BY_INVITATION = "by_invitation"  # in allauth's state of the code, so it's gone when another code is asked for
CODE_JUST_SENT = "invitation_code_just_sent"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link in an invitation to a hub's team. Only its buttons change anything.

    The link proves the mailbox it was sent to, but not who has it by now. So the person signs in with that address, by an
    emailed code if they have no account, and accepts here.
    """
    now = timezone.now()
    invitation = TeamInvitation.objects.select_related("hub__interest", "invited_by").filter(secret=token).first()
    user = request.user if isinstance(request.user, User) else None
    if invitation and user and _is_member_by(invitation, user):
        return redirect("workspace:home", invitation.hub.slug)
    if invitation is None or not invitation.is_open(now):
        status = 404 if invitation is None else 410
        response = render(request, "hubs/invitation_over.html", {"invitation": invitation}, status=status)
    elif user is None:
        response = _sign_in_first(request, invitation)
    elif user.email != invitation.email:
        response = render(request, "hubs/invitation_other_account.html", {"invitation": invitation})
    else:
        response = _join(request, invitation, user)
    response["X-Robots-Tag"] = "noindex"
    return response


def _is_member_by(invitation: TeamInvitation, user: User) -> bool:
    """Whether the person accepted this invitation before and is still in the team."""
    return invitation.accepted_by_id == user.pk and Membership.objects.filter(hub=invitation.hub, user=user).exists()


def _sign_in_first(request: HttpRequest, invitation: TeamInvitation) -> HttpResponse:
    """Create the account if there is none, and email it a code. After the code, the person is back on this page."""
    back = urlencode({"next": request.path})
    refusal = ""
    if request.method == "POST":
        if may_send_email(request, invitation.email):
            user = get_or_create_user(invitation.email, language=invitation.language)
            restart_unproven_account(user, now=timezone.now())
            _send_code(request, user)
            return redirect(f"{reverse('account_confirm_login_code')}?{back}")
        refusal = str(EMAIL_REFUSED)
    context = {"invitation": invitation, "refusal": refusal, "back": back}
    return render(request, "hubs/invitation_sign_in.html", context, status=429 if refusal else 200)


def _send_code(request: HttpRequest, user: User) -> None:
    """Email the code. The code page then says that it was sent, and once also to which address."""
    active = user if user.is_active else None
    process = LoginCodeVerificationProcess.initiate(request=request, user=active, email=user.email)
    if active:
        process.state[BY_INVITATION] = True
        process.persist()
        request.session[CODE_JUST_SENT] = True


def _join(request: HttpRequest, invitation: TeamInvitation, user: User) -> HttpResponse:
    initial = {"name": invitation.interest.contact_name} if invitation.interest else {}
    form = JoinTeamForm(request.POST if request.method == "POST" else None, user=user, initial=initial)
    if form.is_valid():
        name = form.cleaned_data.get("name", "")
        try:
            membership = team.accept_invitation(invitation.secret, user, now=timezone.now(), name=name)
        except team.TeamError:  # the invitation was revoked or sent again a moment ago, and this page then says so
            return redirect(request.path)
        messages.success(request, _("Welcome to the team."))
        return redirect("workspace:home", membership.hub.slug)
    context = {"invitation": invitation, "form": form}
    return render(request, "hubs/invitation.html", context, status=400 if form.is_bound else 200)
