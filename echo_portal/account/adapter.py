"""Where allauth meets the portal: its mail goes through the outbox, and accounts begin only with a registration."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.languages import current_language
from outbox.services import Draft, write

KINDS = {"account/email/login_code": "code", "account/email/unknown_account": "no-account"}
# What allauth tells the owner of an account when how it is opened changes: one kind of mail, one sentence each (emails.py).
SECURITY_NEWS = {
    "account/email/password_set",
    "account/email/password_changed",
    "mfa/email/totp_activated",
    "mfa/email/totp_deactivated",
    "mfa/email/recovery_codes_generated",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
}
SECURITY_NEWS_KEEP = timedelta(days=2)


class PortalAccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("That is not the code we mailed. Look for the newest mail, and type its six digits."),
        "too_many_login_attempts": _("Too many tries. Wait ten minutes, then ask for a new code."),
        "email_password_mismatch": _("That address and password do not belong together. A code by mail works too."),
        "enter_current_password": _("That is not the password you have."),
        "incorrect_password": _("That is not the password."),
        "rate_limited": _("Too many tries. Wait ten minutes, then ask for a new code."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by itself: registering for a series is what begins an account."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail into the ledger. A code is of no use after its time, so the row expires with it."""
        now = timezone.now()
        if template_prefix in SECURITY_NEWS:
            data = {"what": template_prefix.rpartition("/")[2]}
            key = f"security:{uuid4()}"
            write([Draft(key, "security", email, current_language(), data, now + SECURITY_NEWS_KEEP)], now=now)
            return
        kind = KINDS[template_prefix]
        data = {"code": context["code"]} if "code" in context else {}
        expires_at = now + timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
        write([Draft(f"{kind}:{uuid4()}", kind, email, current_language(), data, expires_at)], now=now)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """allauth's own flashes repeat what the next page says anyway; the portal's pages speak for themselves."""
