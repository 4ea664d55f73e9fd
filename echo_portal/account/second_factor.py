"""The adapter for allauth's second factors, and the rule who must have one."""

import base64
import hashlib
from collections.abc import Callable
from typing import cast

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hubs.models import Membership

WANTED = "page_after_second_factor"


class PortalMFAAdapter(DefaultMFAAdapter):
    """Encrypts secrets with a key derived from SECRET_KEY, so that a copy of the database is not enough to sign in."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That’s not the right code. Codes change every 30 seconds. Enter the one you see now."),
        "cannot_generate_recovery_codes": _("Set up an app or a passkey first. Recovery codes replace a lost one."),
        "unverified_email": _("First sign in with an emailed code, so that we know the address is yours."),
    }

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: User, type: object) -> str:  # noqa: A002 - allauth's own name
        return gettext("Passkey")

    def _get_site_name(self) -> str:
        return str(settings.PROJECT_NAME)


def _fernet() -> Fernet:
    key = hashlib.sha256(b"second factor" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def lacks_second_factor(user: User) -> bool:
    """Whether `user` must set up a second factor. allauth asks for an existing one at each sign-in."""
    return settings.SECOND_FACTOR_REQUIRED and not PortalMFAAdapter().is_mfa_enabled(user, types=["totp", "webauthn"])


def record_confirmation(request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: object) -> None:
    """Count adding an app or a passkey as a confirmation, because the person has just used it. Otherwise allauth asks for a
    second code before it shows the recovery codes. Receives `allauth.mfa.signals.authenticator_added`."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, method="mfa", type=authenticator.type, reauthenticated=True)


class SecondFactorMiddleware:
    """Redirects people who need a second factor, and have none, to the page where they set one up.

    Staff need it for the admin, for every workspace and for previews of series. Hub partners need it for the workspace of
    a hub that they coordinate, or where they may publish without review (`Membership.needs_second_factor`). The page they
    wanted is kept in the web session, and the pages that follow link to it (templates/mfa/continue.html).

    allauth asks for the factor at sign-in, because the admin's sign-in page redirects to allauth's (urls.py).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        if not settings.SECOND_FACTOR_REQUIRED or not _is_for_second_factor(request):
            return None
        if lacks_second_factor(cast("User", request.user)):
            if request.method == "GET":
                request.session[WANTED] = request.get_full_path()
            return redirect(f"{reverse('mfa_index')}?required=1")
        request.session.pop(WANTED, None)
        return None


def _is_for_second_factor(request: HttpRequest) -> bool:
    """Whether the page is one that this person may open only with a second factor."""
    match, user = request.resolver_match, request.user
    if match is None or not isinstance(user, User):
        return False
    if match.app_name == "admin":
        return user.is_staff and match.url_name not in ("logout", "jsi18n")
    if match.view_name == "sessions:preview":
        return user.has_perm("sessions_app.view_series")
    return match.app_name == "workspace" and (user.is_staff or _may_do_harm(user, match.kwargs.get("slug")))


def _may_do_harm(user: User, slug: str | None) -> bool:
    """Whether someone who signed in as this person could do harm in the workspace of a hub."""
    found = Membership.objects.select_related("hub").filter(user=user, hub__slug=slug).first() if slug else None
    return found is not None and found.needs_second_factor
