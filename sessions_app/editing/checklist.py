"""What is missing before a listing is submitted or published, and how complete each language is. Nothing here blocks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hubs.models import Hub
from sessions_app.editing.data import ListingData


class Level(StrEnum):
    """How serious it is. Neither blocks: a listing can be right without it."""

    MISSING = "missing"  # readers will miss it
    LOOK = "look"  # right if it is meant so


@dataclass(frozen=True)
class Check:
    """One thing to look at. `field` is what to edit: "summary_fr", "registration_opens_at", "sessions" or "sessions.3"
    (the index in `data.sessions`)."""

    code: str
    sentence: str
    level: Level
    field: str


def checklist(data: ListingData, hub: Hub | None, now: datetime) -> list[Check]:
    """Return what is missing or deserves a look, in the order of the page."""
    raise NotImplementedError


def completeness(data: ListingData) -> dict[str, tuple[int, int]]:
    """Return {"en": (done, total), "fr": (done, total)}. Counts title, summary, and what is written in either language."""
    raise NotImplementedError
