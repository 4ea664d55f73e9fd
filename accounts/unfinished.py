"""Form input from people who have not signed in yet, saved in the web session for a short time.

Hospital computers are shared, so it is deleted after LIFETIME, when someone else signs in, and on sign-out.
"""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from accounts.fields import normalize_email

LIFETIME = timedelta(minutes=30)
UNFINISHED = "unfinished"


def save(request: HttpRequest, name: str, data: dict[str, Any], *, email: str, now: datetime) -> None:
    """Save `data` (JSON, truncated to the form's maximum lengths) for the person with this address."""
    others = request.session.get(UNFINISHED, {})
    entry = {"email": normalize_email(email), "at": now.timestamp(), "data": data}
    request.session[UNFINISHED] = others | {name: entry}


def load(request: HttpRequest, name: str, *, now: datetime) -> dict[str, Any] | None:
    """Return the data saved under `name`, or None. Data older than LIFETIME is deleted."""
    entry = request.session.get(UNFINISHED, {}).get(name)
    if entry and now.timestamp() - entry["at"] > LIFETIME.total_seconds():
        discard(request, name)
        return None
    return entry["data"] if entry else None


def discard(request: HttpRequest, name: str) -> None:
    left = {key: entry for key, entry in request.session.get(UNFINISHED, {}).items() if key != name}
    _replace(request, left)


def discard_others(request: HttpRequest, email: str) -> None:
    """Delete the input of everyone except the person with this address."""
    own = {key: entry for key, entry in request.session.get(UNFINISHED, {}).items() if entry["email"] == email}
    _replace(request, own)


def _replace(request: HttpRequest, entries: dict[str, Any]) -> None:
    if entries == request.session.get(UNFINISHED, {}):
        return
    if entries:
        request.session[UNFINISHED] = entries
    else:
        del request.session[UNFINISHED]
