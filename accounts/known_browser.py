"""Recognize a browser in which someone proved an email address, by a signed cookie that stays after they sign out.

OWASP calls this a device cookie (Slow Down Online Guessing Attacks with Device Cookies). It does not sign anyone in. It
only gives the browser its own limits (accounts/limits.py), so that strangers who type the address cannot use up its
owner's.
"""

from datetime import timedelta

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string, salted_hmac

from accounts.fields import normalize_email

COOKIE = "proven"
LASTS = timedelta(days=90)
MOST_ADDRESSES = 5  # on a shared computer, the newest ones


def browser_id(request: HttpRequest, address: str) -> str | None:
    """Return this browser's random ID for an address that was proven in it, or None."""
    return _proven(request).get(_hidden(address))


def remember(request: HttpRequest, response: HttpResponse, address: str) -> None:
    """Set the cookie after a right code. It holds only a keyed hash of the address."""
    proven = _proven(request)
    hidden = _hidden(address)
    browser = proven.pop(hidden, None) or get_random_string(20)
    newest = [*proven.items(), (hidden, browser)][-MOST_ADDRESSES:]
    response.set_cookie(
        COOKIE,
        signing.dumps(dict(newest), salt=COOKIE),
        max_age=LASTS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def _proven(request: HttpRequest) -> dict[str, str]:
    """Return the browser's ID for each address, by the address's hash, the oldest first."""
    try:
        proven: dict[str, str] = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=LASTS)
    except signing.BadSignature:
        return {}
    return proven


def _hidden(address: str) -> str:
    return salted_hmac("accounts.known_browser", normalize_email(address)).hexdigest()[:20]
