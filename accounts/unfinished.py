"""What someone typed before we know who they are, saved in the web session for a short while.

Hospital computers are shared. So it is deleted after LIFETIME, when someone else signs in, and when they sign out
(Django empties the session then).
"""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from accounts.fields import normalize_email

LIFETIME = timedelta(minutes=30)
UNFINISHED = "unfinished"


def save(request: HttpRequest, name: str, data: dict[str, Any], *, email: str, now: datetime) -> None:
    """Save `data` (JSON, cut to what its form allows) for the person with this address."""
    others = request.session.get(UNFINISHED, {})
    entry = {"email": normalize_email(email), "at": now.timestamp(), "data": data}
    request.session[UNFINISHED] = others | {name: entry}


def load(request: HttpRequest, name: str, *, now: datetime) -> dict[str, Any] | None:
    """Return what was saved under `name`. If it is too old, delete it and return None."""
    entry = request.session.get(UNFINISHED, {}).get(name)
    if entry and now.timestamp() - entry["at"] > LIFETIME.total_seconds():
        forget(request, name)
        return None
    return entry["data"] if entry else None


def forget(request: HttpRequest, name: str) -> None:
    left = {key: entry for key, entry in request.session.get(UNFINISHED, {}).items() if key != name}
    _replace(request, left)


def forget_others(request: HttpRequest, email: str) -> None:
    """Delete what other people typed, when someone signs in."""
    own = {key: entry for key, entry in request.session.get(UNFINISHED, {}).items() if entry["email"] == email}
    _replace(request, own)


def _replace(request: HttpRequest, entries: dict[str, Any]) -> None:
    if entries == request.session.get(UNFINISHED, {}):
        return
    if entries:
        request.session[UNFINISHED] = entries
    else:
        del request.session[UNFINISHED]
