"""Emails about accounts: 6-digit codes, and notices about changes to an account."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from outbox import message_types
from outbox.message_types import OutdatedMessage, RenderedEmail
from outbox.rendering import render_email

SECURITY_SENTENCES = {
    "password_set": gettext_lazy("A password was set for your account."),
    "password_changed": gettext_lazy("The password of your account was changed."),
    "totp_activated": gettext_lazy("An authenticator app was added to your account."),
    "totp_deactivated": gettext_lazy("The authenticator app was removed from your account."),
    "recovery_codes_generated": gettext_lazy("New recovery codes were created for your account."),
    "webauthn_added": gettext_lazy("A passkey was added to your account."),
    "webauthn_removed": gettext_lazy("A passkey was removed from your account."),
}


def register_message_types() -> None:
    message_types.register("code", render_code)
    message_types.register("no-account", render_no_account)
    message_types.register("address-taken", render_address_taken)
    message_types.register("email-changed", render_email_changed)
    message_types.register("security", render_security)
    message_types.register("account-closed", render_account_closed)


def render_code(data: dict[str, Any], now: datetime) -> RenderedEmail:
    if "code" not in data:
        raise OutdatedMessage("The code was used up by an earlier try.")
    template = "account/email/new_address_code" if data.get("for") == "new-address" else "account/email/code"
    return render_email(template, _("Your code: %(code)s") % data, data)


def render_no_account(data: dict[str, Any], now: datetime) -> RenderedEmail:
    return render_email("account/email/no_account", _("You asked to sign in"), data)


def render_address_taken(data: dict[str, Any], now: datetime) -> RenderedEmail:
    return render_email("account/email/address_taken", _("This email address already has an account"), data)


def render_email_changed(data: dict[str, Any], now: datetime) -> RenderedEmail:
    return render_email("account/email/email_changed", _("The email address of your account was changed"), data)


def render_security(data: dict[str, Any], now: datetime) -> RenderedEmail:
    words = str(SECURITY_SENTENCES[data["what"]])
    return render_email("account/email/security", words.rstrip("."), {"words": words})


def render_account_closed(data: dict[str, Any], now: datetime) -> RenderedEmail:
    return render_email("account/email/closed", _("Your account is closed"), {"places": data["places"]})
