"""What the site's own messages say: the 6-digit code that proves an address, and news about one's own account."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from outbox import kinds
from outbox.kinds import Letter, NoLongerTrue
from outbox.letters import compose_letter

SECURITY_WORDS = {
    "password_set": gettext_lazy("A password was set for your account."),
    "password_changed": gettext_lazy("The password of your account was changed."),
    "totp_activated": gettext_lazy("An authenticator app was added to your account."),
    "totp_deactivated": gettext_lazy("The authenticator app was removed from your account."),
    "recovery_codes_generated": gettext_lazy("New recovery codes were made for your account."),
    "webauthn_added": gettext_lazy("A passkey was added to your account."),
    "webauthn_removed": gettext_lazy("A passkey was removed from your account."),
}


def register_kinds() -> None:
    kinds.register("code", render_code)
    kinds.register("no-account", render_no_account)
    kinds.register("address-taken", render_address_taken)
    kinds.register("email-changed", render_email_changed)
    kinds.register("security", render_security)
    kinds.register("account-closed", render_account_closed)


def render_code(data: dict[str, Any], now: datetime) -> Letter:
    if "code" not in data:
        raise NoLongerTrue("The code was used up by an earlier try.")
    template = "account/mail/new_address_code" if data.get("for") == "new-address" else "account/mail/code"
    return compose_letter(template, _("Your code: %(code)s") % data, data)


def render_no_account(data: dict[str, Any], now: datetime) -> Letter:
    return compose_letter("account/mail/no_account", _("You asked to sign in"), data)


def render_address_taken(data: dict[str, Any], now: datetime) -> Letter:
    return compose_letter("account/mail/address_taken", _("This email address already has an account"), data)


def render_email_changed(data: dict[str, Any], now: datetime) -> Letter:
    return compose_letter("account/mail/email_changed", _("The email address of your account was changed"), data)


def render_security(data: dict[str, Any], now: datetime) -> Letter:
    words = str(SECURITY_WORDS[data["what"]])
    return compose_letter("account/mail/security", words.rstrip("."), {"words": words})


def render_account_closed(data: dict[str, Any], now: datetime) -> Letter:
    return compose_letter("account/mail/closed", _("Your account is closed"), {"places": data["places"]})
