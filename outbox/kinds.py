"""The kinds of message. Each room says what its own kinds say (its emails.py) and registers them when it starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Attachment:
    """`content` goes out under `content_type`, parameters and all: a calendar part carries its method there."""

    filename: str
    content: bytes
    content_type: str


@dataclass(frozen=True)
class Letter:
    """What one message says, in the recipient's language."""

    subject: str
    text: str
    html: str
    attachments: list[Attachment] = field(default_factory=list)
    reply_to: str = ""  # the team that runs the series; the project where it is empty


class NoLongerTrue(Exception):  # noqa: N818 - says what happened
    """What the message was to say no longer holds (cancelled, moved); the text says why, for staff."""


Renderer = Callable[[dict[str, Any], datetime], Letter]
# Told what the next few letters will be about, just before they are written, so that it is read in one go.
Preload = Callable[[list[dict[str, Any]], datetime], None]

# What these say is a secret: it is not kept, not even until it is pruned.
SECRET = {"code"}
# What these say is for whoever reads that address, whatever address the account has by now.
OF_THE_ADDRESS = {"security", "email-changed", "address-taken", "account-closed"}
# These go to an address that has no account, or has none any longer: the address is kept no longer than what the email said.
TO_NO_ACCOUNT = {"no-account", "account-closed"}

_renderers: dict[str, Renderer] = {}
_preloads: dict[str, Preload] = {}


def register(kind: str, renderer: Renderer, preload: Preload | None = None) -> None:
    """Make `renderer(data, now)` speak for a kind. It raises NoLongerTrue where nothing should be said any more."""
    _renderers[kind] = renderer
    if preload:
        _preloads[kind] = preload


def preload(kind: str, datas: list[dict[str, Any]], now: datetime) -> None:
    """Let the kind's room read what these letters need. Rooms that read one by one need not offer it."""
    if kind in _preloads:
        _preloads[kind](datas, now)


def renderer_of(kind: str) -> Renderer:
    """Raises KeyError for a kind that no room registered."""
    return _renderers[kind]
