"""The account pages: signing in, menu, profile, email address, data export and closing the account."""

import json
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.views import LoginView, RequestLoginCodeView
from allauth.core.ratelimit import respond_429
from allauth.mfa.webauthn.views import login_webauthn
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import known_browser, services, unfinished
from accounts.code_page import CodePage
from accounts.forms import known_details
from accounts.limits import EMAIL_REFUSED, within_limits
from accounts.links import next_page
from accounts.models import ProviderProfile, User
from echo_portal.account import new_address
from echo_portal.account.forms import CloseAccountForm, NewAddressCodeForm, NewAddressForm, ProfileForm
from echo_portal.account.menu import account_part, menu_entries
from echo_portal.account.my_data import export
from hubs.models import Hub
from hubs.services import team
from hubs.views.invitations import BY_INVITATION, CODE_JUST_SENT
from newsletters.queries import subscriber_of
from outbox.services import Draft, forget_address, write
from registrations.models import Registration
from registrations.services import cancel_everything, upcoming_registrations
from registrations.services.notifications import NOTIFICATION_LIFETIME

TYPED = "typed_profile"
SIGN_IN = "account_request_login_code"
WHY_NOT_CHANGED = {
    new_address.CodeExpiredError: gettext_lazy("This code has expired. Ask for a new one."),
    services.AddressTakenError: gettext_lazy("This address already has an account. Sign in with it instead."),
}


class StartsOverMixin:
    """Shows the form even if a code was requested, because someone else may have done so on this computer."""

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: Any) -> None:
        return None


class SignInView(StartsOverMixin, RequestLoginCodeView):
    pass


class PasswordSignInView(StartsOverMixin, LoginView):
    pass


@never_cache
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """allauth's view with a rate limit, because it stores a challenge in the visitor's web session."""
    return login_webauthn(request) if within_limits(request, "begin-passkey", "") else respond_429(request)


class SignInCodeView(CodePage):
    """The page for the sign-in code. If the code has expired, the redirect to the first page has a message."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        was_sent_back = isinstance(response, HttpResponseRedirect) and response.url == reverse(SIGN_IN)
        if was_sent_back and request.method == "POST":
            messages.error(request, _("This code has expired. Ask for a new one."))
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the invited address only on the page that follows the button, so not to the next person at the computer."""
        context = super().get_context_data(**kwargs)
        is_invited = bool(self._process.state.get(BY_INVITATION))
        just_sent = self.request.session.pop(CODE_JUST_SENT, False)
        return context | {"is_invited": is_invited, "sent_to": self._email if is_invited and just_sent else ""}


sign_in, sign_in_by_password = SignInView.as_view(), PasswordSignInView.as_view()
sign_in_code = SignInCodeView.as_view()


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@never_cache
@require_safe
def menu(request: HttpRequest) -> HttpResponse:
    """Show the menu as a page, for people without JavaScript. Redirect to sign-in if they are not signed in."""
    if not request.user.is_authenticated:
        return redirect("account_request_login_code")
    return render(request, "account/menu.html", {"person": request.user, "entries": menu_entries(_user(request))})


@never_cache
@require_safe
def menu_fragment(request: HttpRequest) -> HttpResponse:
    """Return only the menu, which portal.js inserts into public pages."""
    return HttpResponse(account_part(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Edit the profile. If the session has expired, the input is saved until the same person signs in again."""
    now = timezone.now()
    if not request.user.is_authenticated:
        owner = ProfileForm.owner_of(request.POST)
        if owner and within_limits(request, "save-profile", str(owner.pk)):
            unfinished.save(request, TYPED, ProfileForm.truncated(request.POST), email=owner.email, now=now)
        return redirect_to_login(request.get_full_path())
    user = _user(request)
    known = known_details(user, ProviderProfile.objects.filter(user=user).first())
    typed = unfinished.load(request, TYPED, now=now)
    unfinished.discard(request, TYPED)
    form = ProfileForm(request.POST or None, initial=known | (typed or {}), user=user)
    if request.method == "POST" and form.is_valid():
        services.save_details(user, form.details())
        messages.success(request, _("Your profile is saved."))
        return redirect(next_page(request) or "profile")
    context = {"form": form, "is_restored": bool(typed), "next": next_page(request)}
    return render(request, "account/profile.html", context, status=400 if form.is_bound else 200)


@never_cache
@login_required
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for the new address and send it a code. People with a password or second factor must confirm it first."""
    user = _user(request)
    form = NewAddressForm(request.POST or None, user=user)
    if form.is_bound and form.is_valid():
        try:
            new_address.send_code(request, user, form.cleaned_data["email"], now=timezone.now())
        except new_address.TooManyError:
            form.add_error("email", EMAIL_REFUSED)
        else:
            return redirect("confirm_email")
    return render(request, "account/change_email.html", {"form": form}, status=400 if form.is_bound else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: HttpRequest) -> HttpResponse:
    """Ask for the code that was sent to the new address, and change the address."""
    now = timezone.now()
    email = new_address.pending_address(request, now=now)
    form = NewAddressCodeForm(request.POST or None)
    try:
        if form.is_bound and form.is_valid():
            new_address.confirm_code(request, _user(request), form.cleaned_data["code"], now=now)
            messages.success(request, _("Your email address has been changed."))
            response = redirect("profile")
            known_browser.remember(request, response, str(email))
            return response
    except new_address.TooManyError:
        return respond_429(request)
    except new_address.WrongCodeError:
        form.add_error("code", get_adapter().error_messages["incorrect_code"])
    except (new_address.CodeExpiredError, services.AddressTakenError) as error:
        messages.error(request, WHY_NOT_CHANGED[type(error)])
        return redirect("change_email")
    if email is None:
        return redirect("change_email")
    context = {"form": form, "email": email}
    return render(request, "account/confirm_email.html", context, status=400 if form.is_bound else 200)


@never_cache
@login_required
@require_safe
def my_data(request: HttpRequest) -> HttpResponse:
    context = {
        "registrations": Registration.objects.filter(user=_user(request)).count(),
        "subscriber": subscriber_of(request.user),
    }
    return render(request, "account/my_data.html", context)


@never_cache
@login_required
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    content = json.dumps(
        export(_user(request), now=timezone.now()), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2
    )
    response = HttpResponse(content, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_("my-data")}.json"'
    return response


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Explain what closing means, ask for confirmation, then close the account and send one email.

    Someone whose hub has no other coordinator must first find one.
    """
    user = _user(request)
    upcoming = upcoming_registrations(user, now=timezone.now()).select_related("series")
    form = CloseAccountForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            _close(user)
        except team.LastCoordinatorError:  # the page names the hubs
            return redirect("close_account")
        logout(request)
        return redirect("account_closed")
    context = {
        "registrations": upcoming,
        "form": form,
        "teams": Hub.objects.managed_by(user),
        "hubs_in_need": team.only_coordinator_of(user),
        "subscriber": subscriber_of(user),
    }
    return render(request, "account/close.html", context, status=400 if form.is_bound else 200)


@transaction.atomic
def _close(user: User) -> None:
    now, email, language, key = timezone.now(), user.email, user.language, f"account-closed:{user.pk}"
    team.leave_all(user, now=now)
    count = cancel_everything(user, now=now)
    for address in (email, *services.former_emails(user)):
        forget_address(address)
    services.close(user, now=now)
    write([Draft(key, "account-closed", email, language, {"places": count}, now + NOTIFICATION_LIFETIME)], now=now)


@never_cache
@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    return render(request, "account/closed.html")
