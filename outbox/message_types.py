"""The message types. Each app registers its own, from its emails.py, when it starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Attachment:
    """`content` is sent as `content_type`, with its parameters: a calendar part carries its method there."""

    filename: str
    content: bytes
    content_type: str


@dataclass(frozen=True)
class RenderedEmail:
    """One message as text and HTML, in the recipient's language."""

    subject: str
    text: str
    html: str
    attachments: list[Attachment] = field(default_factory=list)
    reply_to: str = ""  # the team that runs the series; the project where it is empty
    unsubscribe_url: str = ""  # only in bulk email and tests of it: one POST to it unsubscribes (RFC 8058)
    # The address whose links it holds. If the message still has another one, bulk email goes to this one, and service email,
    # which may have been asked for by the holder of the other address, is not sent.
    only_to: str = ""


class OutdatedMessage(Exception):  # noqa: N818 - says what happened
    """What the message was going to say is no longer true (cancelled, moved). The text says why, for staff."""


class UnsubscribedMeanwhile(OutdatedMessage):
    """The person has unsubscribed, or paused, since the message was written."""


class ForgottenMeanwhile(UnsubscribedMeanwhile):
    """What we knew about the person was deleted since the message was written. Their address is deleted from it too."""


Data = dict[str, Any]
Loader = Callable[[list[Data]], list[Any]]
Renderer = Callable[[Any, datetime], RenderedEmail]

# What these say is a secret: it is not kept, not even until it is pruned.
SECRET = {"code"}
# Many of these may be due in the same minute, and nobody sits and waits for one: other service email goes first.
CAN_WAIT = {"registration-opened"}
# What these say is for whoever reads that address, whatever address the account has by now.
OF_THE_ADDRESS = {
    "security",
    "email-changed",
    "address-taken",
    "account-closed",
    "team-invitation",
    "interest-received",
    "subscription-confirm",
    "subscription-exists",
    "subscription-new-address",
    "subscription-moved",
    "subscription-link",
    "subscription-private",
    "registration-opened",
}
# These go to an address that has no account, or may have none: the address is kept no longer than what the email said.
TO_NO_ACCOUNT = {
    "no-account",
    "account-closed",
    "team-invitation",
    "interest-received",
    "interest-new",
    "subscription-confirm",
    "subscription-exists",
    "subscription-new-address",
    "subscription-moved",
    "subscription-link",
    "subscription-private",
    "session-news",
    "session-reminder",
    "registration-opened",
}

_message_types: dict[str, tuple[Renderer, Loader]] = {}


def register(message_type: str, render: Renderer, load: Loader = list) -> None:
    """Register how messages of a type are rendered.

    `load(datas)` reads what several messages need from the database at once, and returns one object for each, in the
    same order. `render(loaded, now)` makes an email of one of those objects, or raises OutdatedMessage. Without a
    `load`, `render` gets the message's data.
    """
    _message_types[message_type] = (render, load)


def load(message_type: str, datas: list[Data]) -> list[Any]:
    """Raises KeyError for a type that is not registered."""
    return _message_types[message_type][1](datas)


def render(message_type: str, loaded: Any, now: datetime) -> RenderedEmail:
    return _message_types[message_type][0](loaded, now)
