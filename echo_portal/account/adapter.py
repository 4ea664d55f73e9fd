"""The adapter for allauth: its email goes through the outbox, and accounts are created only by registering."""

import ipaddress
from datetime import timedelta
from typing import Any
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.languages import current_language
from outbox.services import Draft, write

MESSAGE_TYPES = {"account/email/login_code": "code", "account/email/unknown_account": "no-account"}
# Emails that allauth sends when the sign-in settings of an account change. All have the same message type (emails.py).
SECURITY_TEMPLATES = {
    "account/email/password_set",
    "account/email/password_changed",
    "mfa/email/totp_activated",
    "mfa/email/totp_deactivated",
    "mfa/email/recovery_codes_generated",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
}
SECURITY_NOTICE_LIFETIME = timedelta(days=2)


class PortalAccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("That’s not the code we sent. Enter the 6 digits from our newest email."),
        "too_many_login_attempts": _("Too many attempts. Wait ten minutes, then ask for a new code."),
        "email_password_mismatch": _("The email address or the password is wrong. You can also sign in with a code."),
        "enter_current_password": _("That’s not your current password."),
        "incorrect_password": _("That’s not your password."),
        "rate_limited": _("Too many attempts. Wait ten minutes, then ask for a new code."),
    }

    def is_safe_url(self, url: str) -> bool:
        """allauth's fails on a `next` that is no URL at all, such as `http://[`."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: accounts are created by registering for a series."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the visitor's IP address, for rate limits and the list of signed-in devices.

        IPv4-mapped IPv6 addresses (from a dual-stack socket) are converted to IPv4, because they all share one IPv6
        prefix. For a request that did not come through the proxies, the address of the connection is used.
        """
        try:
            found = ipaddress.ip_address(super().get_client_ip(request))
        except ImproperlyConfigured:  # fewer addresses in X-Forwarded-For than there are proxies
            found = ipaddress.ip_address(request.META["REMOTE_ADDR"])
        return str(getattr(found, "ipv4_mapped", None) or found)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the email to the outbox. An email with a code expires with the code."""
        now = timezone.now()
        if template_prefix in SECURITY_TEMPLATES:
            data = {"what": template_prefix.rpartition("/")[2]}
            key = f"security:{uuid4()}"
            write([Draft(key, "security", email, current_language(), data, now + SECURITY_NOTICE_LIFETIME)], now=now)
            return
        message_type = MESSAGE_TYPES[template_prefix]
        data = {"code": context["code"]} if "code" in context else {}
        expires_at = now + timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
        write([Draft(f"{message_type}:{uuid4()}", message_type, email, current_language(), data, expires_at)], now=now)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Ignore allauth's messages, which repeat what the next page says."""
