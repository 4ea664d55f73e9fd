"""Emails of which thousands are sent, each the same but for a few values: written once, then filled in as bytes.

Composing an email of 14 KB takes about as long as sending it. So a template is encoded once, as quoted-printable
(RFC 2045 §6.7), in pieces between the places where values belong. An email to one person is these pieces, joined.
"""

import binascii
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import cached_property
from itertools import chain, zip_longest
from typing import Any

from django.utils.html import escape

from outbox.addresses import deliverable
from outbox.composing import compose, message_id
from outbox.message_types import RenderedEmail
from outbox.models import Message

# Around the name of a value. Nobody types these characters: Unicode keeps them for private use.
OPEN, CLOSE = "\ue000", "\ue001"
PLACEHOLDER = re.compile(f"{OPEN}([a-z_]+){CLOSE}")
# The unsubscribe link is also a header. Every bulk email has it.
UNSUBSCRIBE_URL = "unsubscribe_url"

SOFT_BREAK = b"=\r\n"  # disappears when the email is read
# An address of this form is a header as it is. Others, such as those with quotation marks, are left to Django.
PLAIN_ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+", re.IGNORECASE)
PLAIN_URL = re.compile(r"https?://[!-~]+")
LONGEST_LINE = 900  # RFC 5322 §2.1.1 allows 998 characters
OF_THE_RECIPIENT = ("to", "message-id", "date", "list-unsubscribe", "mime-version", "content-type")


def placeholder(name: str) -> str:
    """Return what stands in the text and in the HTML for a value that differs by recipient."""
    return f"{OPEN}{name}{CLOSE}"


@dataclass(frozen=True)
class FilledEmail(RenderedEmail):
    """The email to one person, which any connection can send. Over SMTP, `as_bytes` is much faster."""

    template: "BulkTemplate | None" = None
    values: tuple[str, ...] = ()

    def as_bytes(self, message: Message) -> bytes | None:
        """Return the email as it is sent, or None if Django has to compose it. Raises UnicodeError like `deliverable`."""
        return self.template.as_bytes(message, self.values) if self.template else None


class BulkTemplate:
    """One email in one language, with placeholders. `fill` makes the email to one person.

    It may be used by several threads: it does not change once it is made.
    """

    def __init__(self, subject: str, html: str, text: str, language: str) -> None:
        self.subject = " ".join(subject.splitlines())
        self.language = language
        self.names = tuple(sorted({UNSUBSCRIBE_URL, *PLACEHOLDER.findall(html), *PLACEHOLDER.findall(text)}))
        self.html, self.text = _Part(html, self.names, escape), _Part(text, self.names, str)

    def fill(self, values: dict[str, str], *, only_to: str = "") -> FilledEmail:
        """Return the email with the values filled in, for that address. Raises KeyError if a value is missing."""
        ordered = tuple(values[name] for name in self.names)
        return FilledEmail(
            subject=self.subject,
            text=self.text.fill(ordered),
            html=self.html.fill(ordered),
            unsubscribe_url=values[UNSUBSCRIBE_URL],
            only_to=only_to,
            template=self,
            values=ordered,
        )

    def as_bytes(self, message: Message, values: tuple[str, ...]) -> bytes | None:
        to, url = deliverable(message.to), values[self.names.index(UNSUBSCRIBE_URL)]
        is_plain = PLAIN_ADDRESS.fullmatch(to) and PLAIN_URL.fullmatch(url) and len(url) < LONGEST_LINE
        if not is_plain or message.language != self.language:
            return None
        head = f"To: {to}\r\nMessage-ID: {message_id(message)}\r\nDate: {formatdate()}\r\nList-Unsubscribe: <{url}>\r\n"
        before, between, after = self._frame
        parts = [before, self.text.encode(values), between, self.html.encode(values), after]
        return b"".join([head.encode("ascii"), *parts])

    @cached_property
    def _frame(self) -> tuple[bytes, bytes, bytes]:
        """Return what comes before the text, between text and HTML, and after the HTML. It is the same for everyone.

        The boundary contains "=_", which never occurs in quoted-printable text.
        """
        boundary = f"=_{secrets.token_hex(16)}"
        part = f'--{boundary}\r\nContent-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
        start = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n{part % "plain"}'
        return (
            _headers_for_everyone(self.subject, self.language) + start.encode("ascii"),
            f"\r\n{part % 'html'}".encode("ascii"),
            f"\r\n--{boundary}--\r\n".encode("ascii"),
        )


class _Part:
    """The text or the HTML, in pieces. `escaped` makes a value fit in."""

    def __init__(self, content: str, names: tuple[str, ...], escaped: Callable[[str], str]) -> None:
        found = PLACEHOLDER.split(content)
        self.pieces, self.escaped = found[::2], escaped
        self.order = [names.index(name) for name in found[1::2]]
        # A value gets lines of its own, so that no line is too long.
        last = len(self.pieces) - 1
        self.encoded = [
            (SOFT_BREAK if n else b"") + _quoted_printable(piece) + (SOFT_BREAK if n < last else b"")
            for n, piece in enumerate(self.pieces)
        ]

    def fill(self, values: tuple[str, ...]) -> str:
        filled = [self.escaped(value) for value in values]
        return "".join(_alternate(self.pieces, [filled[n] for n in self.order], ""))

    def encode(self, values: tuple[str, ...]) -> bytes:
        filled = [_quoted_printable(self.escaped(value)) for value in values]
        return b"".join(_alternate(self.encoded, [filled[n] for n in self.order], b""))


def _alternate(pieces: list[Any], values: list[Any], nothing: Any) -> chain[Any]:
    return chain.from_iterable(zip_longest(pieces, values, fillvalue=nothing))


def _quoted_printable(content: str) -> bytes:
    encoded = binascii.b2a_qp(re.sub(r"\r\n?", "\n", content).encode(), istext=True)
    return encoded.replace(b"\n", b"\r\n")


def _headers_for_everyone(subject: str, language: str) -> bytes:
    """Return the headers that `compose` gives bulk email, without those that differ by recipient."""
    sample = Message(pk=0, key="", to="someone@example.ca", language=language)
    email = compose(sample, RenderedEmail(subject, "", "", unsubscribe_url="https://example.ca/"))
    head = email.message().as_bytes(linesep="\r\n").partition(b"\r\n\r\n")[0]  # type: ignore[call-arg]
    headers = re.split(rb"\r\n(?![ \t])", head)
    kept = [header for header in headers if header.partition(b":")[0].decode().lower() not in OF_THE_RECIPIENT]
    return b"".join(header + b"\r\n" for header in kept)
