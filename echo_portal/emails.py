"""What the site's own messages say: the six-digit code that proves an address."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from outbox import kinds
from outbox.kinds import Letter, NoLongerTrue
from outbox.letters import compose_letter


def register_kinds() -> None:
    kinds.register("code", render_code)
    kinds.register("no-account", render_no_account)


def render_code(data: dict[str, Any], now: datetime) -> Letter:
    if "code" not in data:
        raise NoLongerTrue("The code was used up by an earlier try.")
    return compose_letter("account/mail/code", _("Your code: %(code)s") % data, data)


def render_no_account(data: dict[str, Any], now: datetime) -> Letter:
    return compose_letter("account/mail/no_account", _("You asked to sign in"), data)
