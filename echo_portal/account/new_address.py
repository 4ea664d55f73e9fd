"""Change one's own email address: a code goes to the new one and proves it.

Whether the new address already has an account is told only to its owner, by email. The page is the same either way.
What follows elsewhere happens for the admin too, through `accounts.services.email_changed`.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.languages import current_language
from accounts.limits import may_send_email, may_try_code, record_correct_code, within_limits
from accounts.models import User
from accounts.services import address_is_taken, change_email
from outbox.services import Draft, readdress, write

NEW_ADDRESS = "new_address"
CODE_LASTS = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
NOTIFICATION_LIFETIME = timedelta(days=2)


class TooManyError(Exception):
    """Too many emails or tries."""


class CodeSpentError(Exception):
    """The code is too old or was tried too often."""


class WrongCodeError(Exception):
    """This is not the code that was sent."""


def send_code(request: HttpRequest, user: User, email: str, *, now: datetime) -> None:
    """Send a code to the new address, or tell its owner that it has an account. Raises TooManyError."""
    if not within_limits(request, "change-email", str(user.pk)) or not may_send_email(request, email):
        raise TooManyError
    code = get_adapter().generate_login_code()
    is_taken = address_is_taken(email)
    request.session[NEW_ADDRESS] = {
        "email": email,
        "code": "" if is_taken else _hidden(code),
        "at": now.timestamp(),
        "tries": 0,
    }
    message_type, data = ("address-taken", {}) if is_taken else ("code", {"code": code, "for": "new-address"})
    write(
        [Draft(f"{message_type}:{uuid4()}", message_type, email, current_language(), data, now + CODE_LASTS)], now=now
    )


def pending_address(request: HttpRequest, *, now: datetime) -> str | None:
    """Return the address that waits for its code, while the code is valid."""
    state = request.session.get(NEW_ADDRESS)
    if state is None or now.timestamp() - state["at"] > CODE_LASTS.total_seconds():
        return None
    return str(state["email"])


def confirm_code(request: HttpRequest, user: User, code: str, *, now: datetime) -> None:
    """Change the address if the code is right. Raises CodeSpentError, TooManyError, WrongCodeError, AddressTakenError.

    The try is counted before the code is checked: in the cache for all requests together, and in the web session in
    case the cache is down.
    """
    email, state = pending_address(request, now=now), request.session.get(NEW_ADDRESS)
    if email is None or state is None:
        request.session.pop(NEW_ADDRESS, None)
        raise CodeSpentError
    if not may_try_code(request, email, f"{request.session.session_key}:{state['at']}"):
        raise TooManyError
    if not (state["code"] and constant_time_compare(state["code"], _hidden(code.strip().replace(" ", "")))):
        _count_wrong(request, state)
        raise WrongCodeError
    del request.session[NEW_ADDRESS]
    record_correct_code(request, email)
    change_email(user, email, now=now, is_proven=True, session_key=request.session.session_key)


def _count_wrong(request: HttpRequest, state: dict[str, Any]) -> None:
    state["tries"] += 1
    request.session.modified = True
    if state["tries"] >= settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS:
        del request.session[NEW_ADDRESS]
        raise CodeSpentError


def _hidden(code: str) -> str:
    return salted_hmac("account.new-address", code).hexdigest()


def apply_email_change(user: User, old: str, new: str, now: datetime, **_more: Any) -> None:
    """Send queued email to the new address, and tell both addresses (`accounts.services.email_changed`)."""
    readdress(old, new)
    drafts = [
        Draft(
            f"email-changed:{uuid4()}",
            "email-changed",
            to,
            user.language,
            {"is_old": to == old},
            now + NOTIFICATION_LIFETIME,
        )
        for to in (old, new)
    ]
    write(drafts, now=now)
