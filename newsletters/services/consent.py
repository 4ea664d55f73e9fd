"""The record of consent: the only place that writes it, and the evidence for one address.

Rows are added and never changed; the database refuses anything else. They stay after someone leaves, because the sender has
to prove consent (Canada's anti-spam law, s. 13).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.fields import normalize_email
from newsletters.models import ConsentAction, ConsentEvent

LEAVING = (ConsentAction.UNSUBSCRIBED, ConsentAction.COMPLAINED, ConsentAction.FORGOTTEN)
GIVING = (ConsentAction.CONFIRMED, ConsentAction.IMPORTED)
MOVING = ConsentAction.ADDRESS_CHANGED  # recorded without topics for the old address, with them for the new one


@dataclass(frozen=True)
class Origin:
    """Where someone acted: the path of the page, without any secret in it, its language, and their IP address."""

    page: str = ""
    language: str = "en"
    ip: str | None = None


def record(
    action: ConsentAction,
    email: str,
    *,
    now: datetime,
    origin: Origin,
    topics: Iterable[str] = (),
    wording: str = "",
    wording_version: str = "",
    detail: dict[str, Any] | None = None,
) -> ConsentEvent:
    """Add a step to the record of an address, in the transaction of the fact.

    `topics` is what the address is subscribed to after it, or asked for. `detail` has to be JSON.
    """
    return ConsentEvent.objects.create(
        at=now,
        email=email,
        action=action,
        topics=list(topics),
        wording=wording,
        wording_version=wording_version,
        language=origin.language,
        page=origin.page[:200],
        ip=origin.ip,
        detail=detail or {},
    )


def record_all(events: Iterable[ConsentEvent]) -> None:
    """Add steps of many addresses at once, in the transaction of an import."""
    ConsentEvent.objects.bulk_create(events)


def last_given(email: str) -> ConsentEvent | None:
    """Return the step by which the holder of an address last agreed: with the form, or elsewhere before an import."""
    return next((step for step in reversed(evidence(email)) if step.action in GIVING), None)


def evidence(email: str) -> list[ConsentEvent]:
    """Return the steps of an address, the oldest first.

    If the person changed their address, the steps of the old one up to that moment are part of it: they gave their consent with it.
    """
    found: dict[int, ConsentEvent] = {}
    waiting: list[tuple[str, int | None]] = [(normalize_email(email), None)]
    while waiting:
        address, until = waiting.pop()
        steps = ConsentEvent.objects.filter(email=address)
        for step in steps if until is None else steps.filter(pk__lt=until):
            if step.pk not in found and "from" in step.detail:
                waiting.append((step.detail["from"], step.pk))
            found[step.pk] = step
    return sorted(found.values(), key=lambda step: (step.at, step.pk))


def former_addresses(email: str) -> list[tuple[str, datetime]]:
    """Return the addresses that the subscriber with this one had before, the last one first, and when they left each.

    If another person had the address before and moved away or asked to be forgotten, their addresses are not included.
    """
    found: list[tuple[str, datetime]] = []
    arrival = _last_move(email)
    while arrival and "from" in arrival.detail:
        address = arrival.detail["from"]
        found.append((address, arrival.at))
        departure = _last_move(address, before=arrival)
        arrival = _last_move(address, before=departure) if departure else None
    return found


def _last_move(email: str, *, before: ConsentEvent | None = None) -> ConsentEvent | None:
    """Return the last step with which a subscriber came to an address, left it for another one, or was forgotten."""
    steps = ConsentEvent.objects.filter(email=normalize_email(email), action__in=[MOVING, ConsentAction.FORGOTTEN])
    return (steps.filter(pk__lt=before.pk) if before else steps).order_by("pk").last()
