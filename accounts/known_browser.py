"""Recognize a browser in which someone proved an email address, by a signed cookie that stays after they sign out.

OWASP calls this a device cookie (Slow Down Online Guessing Attacks with Device Cookies). It does not sign anyone in. It
only gives the browser its own limits (accounts/limits.py), so strangers cannot use up its owner's limits.
"""

from datetime import timedelta

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string, salted_hmac

from accounts.fields import normalize_email

COOKIE = "proven"
LIFETIME = timedelta(days=90)
MAX_ADDRESSES = 5  # on a shared computer, only the newest are remembered


def browser_id(request: HttpRequest, address: str) -> str | None:
    """Return the random ID of this browser for an address that was proven in it, or None."""
    return _proven(request).get(_hash(address))


def remember(request: HttpRequest, response: HttpResponse, address: str) -> None:
    """Set the cookie after a correct code. It contains only a keyed hash of the address."""
    proven = _proven(request)
    hashed = _hash(address)
    browser = proven.pop(hashed, None) or get_random_string(20)
    newest = [*proven.items(), (hashed, browser)][-MAX_ADDRESSES:]
    response.set_cookie(
        COOKIE,
        signing.dumps(dict(newest), salt=COOKIE),
        max_age=LIFETIME,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def _proven(request: HttpRequest) -> dict[str, str]:
    """Return the browser IDs by hash of the address, oldest first."""
    try:
        proven: dict[str, str] = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=LIFETIME)
    except signing.BadSignature:
        return {}
    return proven


def _hash(address: str) -> str:
    return salted_hmac("accounts.known_browser", normalize_email(address)).hexdigest()[:20]
