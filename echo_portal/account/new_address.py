"""Let people change their own email address, with a code sent to the new one.

If the new address already has an account, only its owner learns this, by email. The page is the same either way. The signal
`accounts.services.email_changed` triggers everything else, also for changes in the admin.
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
CODE_TTL = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
NOTIFICATION_LIFETIME = timedelta(days=2)


class TooManyError(Exception):
    """Too many emails or tries."""


class CodeExpiredError(Exception):
    """The code has expired or was tried too often."""


class WrongCodeError(Exception):
    """This is not the code that was sent."""


def send_code(request: HttpRequest, user: User, email: str, *, now: datetime) -> None:
    """Email a code to the new address, or a notice if it already has an account. Raises TooManyError."""
    if not within_limits(request, "change-email", str(user.pk)) or not may_send_email(request, email):
        raise TooManyError
    code = get_adapter().generate_login_code()
    is_taken = address_is_taken(email)
    request.session[NEW_ADDRESS] = {
        "email": email,
        "code": "" if is_taken else _hash(code),
        "at": now.timestamp(),
        "tries": 0,
    }
    message_type, data = ("address-taken", {}) if is_taken else ("code", {"code": code, "for": "new-address"})
    write([Draft(f"{message_type}:{uuid4()}", message_type, email, current_language(), data, now + CODE_TTL)], now=now)


def pending_address(request: HttpRequest, *, now: datetime) -> str | None:
    """Return the new address while its code is valid, otherwise None."""
    state = request.session.get(NEW_ADDRESS)
    if state is None or now.timestamp() - state["at"] > CODE_TTL.total_seconds():
        return None
    return str(state["email"])


def confirm_code(request: HttpRequest, user: User, code: str, *, now: datetime) -> None:
    """Change the address if the code is correct. Raises CodeExpiredError, TooManyError, WrongCodeError, AddressTakenError.

    The cache counts each try before the code is checked. The web session counts too, in case the cache is down.
    """
    email, state = pending_address(request, now=now), request.session.get(NEW_ADDRESS)
    if email is None or state is None:
        request.session.pop(NEW_ADDRESS, None)
        raise CodeExpiredError
    if not may_try_code(request, email, f"{request.session.session_key}:{state['at']}"):
        raise TooManyError
    if not (state["code"] and constant_time_compare(state["code"], _hash(code.strip().replace(" ", "")))):
        _count_wrong_code(request, state)
        raise WrongCodeError
    del request.session[NEW_ADDRESS]
    record_correct_code(request, email)
    change_email(user, email, now=now, is_proven=True, session_key=request.session.session_key)


def _count_wrong_code(request: HttpRequest, state: dict[str, Any]) -> None:
    state["tries"] += 1
    request.session.modified = True
    if state["tries"] >= settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS:
        del request.session[NEW_ADDRESS]
        raise CodeExpiredError


def _hash(code: str) -> str:
    return salted_hmac("account.new-address", code).hexdigest()


def apply_email_change(user: User, old: str, new: str, now: datetime, **_kwargs: Any) -> None:
    """Readdress queued email and notify both addresses. Receives `accounts.services.email_changed`."""
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
