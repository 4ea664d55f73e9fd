"""What someone typed before we knew who they are: kept in the web session for a short while, for that one person.

A hospital's computer is shared. So it is forgotten after KEPT_FOR, when somebody else signs in, and when they sign out (Django
empties the session then).
"""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from accounts.fields import normalize_email

KEPT_FOR = timedelta(minutes=30)
UNFINISHED = "unfinished"


def keep(request: HttpRequest, name: str, data: dict[str, Any], *, email: str, now: datetime) -> None:
    """Keep `data` (JSON, already cut to what its form allows) for the person with this address."""
    others = request.session.get(UNFINISHED, {})
    entry = {"email": normalize_email(email), "at": now.timestamp(), "data": data}
    request.session[UNFINISHED] = others | {name: entry}


def kept(request: HttpRequest, name: str, *, now: datetime) -> dict[str, Any] | None:
    """What was kept under `name`, unless it is too old: then it is forgotten."""
    entry = request.session.get(UNFINISHED, {}).get(name)
    if entry and now.timestamp() - entry["at"] > KEPT_FOR.total_seconds():
        forget(request, name)
        return None
    return entry["data"] if entry else None


def forget(request: HttpRequest, name: str) -> None:
    left = {key: entry for key, entry in request.session.get(UNFINISHED, {}).items() if key != name}
    _replace(request, left)


def forget_others(request: HttpRequest, email: str) -> None:
    """Somebody signed in: what another person typed here is none of their business."""
    own = {key: entry for key, entry in request.session.get(UNFINISHED, {}).items() if entry["email"] == email}
    _replace(request, own)


def _replace(request: HttpRequest, entries: dict[str, Any]) -> None:
    if entries == request.session.get(UNFINISHED, {}):
        return
    if entries:
        request.session[UNFINISHED] = entries
    else:
        del request.session[UNFINISHED]
