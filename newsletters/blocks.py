"""Blocks of an issue that fill themselves, such as `[[upcoming sessions]]` on a line of its own.

Their name can be written in either language, in any text. A number says how many entries: `[[new hubs 3]]`.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from hubs.models import Hub
from sessions_app.queries import dated, for_list
from sessions_app.times import format_when

DEFAULT_COUNT, MAX_COUNT = 5, 20
NEW_FOR = timedelta(days=90)
FORM = re.compile(r"(?P<name>.*?)(?:\s+(?P<count>[0-9]{1,4}))?")


@dataclass(frozen=True)
class Block:
    """A known block with the number of entries that it shows."""

    name: str
    count: int


def read_block(words: str) -> Block | None:
    """Return the block that `words` (what is written between the brackets) name, or None if there is no such block."""
    match = FORM.fullmatch(" ".join(words.split()))
    name = NAMES.get(_fold(match["name"])) if match else None
    if not match or not name:
        return None
    count = int(match["count"] or DEFAULT_COUNT)
    return Block(name, min(max(count, 1), MAX_COUNT))


def render_block(block: Block, now: datetime) -> SafeString:
    """Return the block as HTML in the active language. Links are paths of the portal."""
    return render_to_string(f"newsletters/blocks/{block.name}.html", CONTEXTS[block.name](block.count, now))


def new_hubs(now: datetime) -> Any:
    """Return the listed hubs that were added within NEW_FOR, the newest first.

    The history knows when: its first event is an insert. Hubs that are older than the history have another one.
    """
    added = {"events__pgh_label": "insert", "events__pgh_created_at__gt": now - NEW_FOR}
    return Hub.objects.filter(is_listed=True, **added).order_by("-events__pgh_created_at", "name_en")


def _upcoming_sessions(count: int, now: datetime) -> dict[str, Any]:
    series = for_list(dated(now).filter(is_cancelled=False))[:count]
    return {"entries": [(one, _next_meeting(one, now)) for one in series]}


def _next_meeting(series: Any, now: datetime) -> str:
    """Return when the next session takes place, in the series' time zone."""
    ends = {session.starts_at: session.ends_at for session in series.sessions.all() if not session.is_off}
    return format_when(series.next_starts_at, ends[series.next_starts_at], series.zone)


def _new_hubs(count: int, now: datetime) -> dict[str, Any]:
    return {"hubs": new_hubs(now)[:count]}


def _fold(name: str) -> str:
    """Return the name without accents and capitals, so that small slips don't matter."""
    return unicodedata.normalize("NFD", name.casefold()).encode("ascii", "ignore").decode()


CONTEXTS: dict[str, Callable[[int, datetime], dict[str, Any]]] = {
    "upcoming_sessions": _upcoming_sessions,
    "new_hubs": _new_hubs,
}
# What the buttons in the editor insert, by language.
WRITTEN = {
    "en": {"upcoming_sessions": "upcoming sessions", "new_hubs": "new hubs"},
    "fr": {"upcoming_sessions": "séances à venir", "new_hubs": "nouveaux pôles"},
}
NAMES = {_fold(written): name for names in WRITTEN.values() for name, written in names.items()}
