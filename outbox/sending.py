"""Send messages over one connection for a batch, and tell what happened to each."""

import re
import smtplib
from collections.abc import Callable
from email.utils import parseaddr
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

import requests
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from urllib3.exceptions import NewConnectionError

from outbox import pace
from outbox.addresses import deliverable
from outbox.bulk import FilledEmail
from outbox.composing import compose
from outbox.message_types import RenderedEmail
from outbox.models import Message

NO_SERVER = "No connection"
# How the reason of a TemporaryFailure begins. The message was not accepted, so it is safe to send it again.
TEMPORARY_REASON = rf"^(4\d\d |{NO_SERVER}|The provider answered (401|403|408|429|503):)"
# A provider's HTTP statuses that say that it has not taken the message: a setting is wrong, it is slow, or has too much to do.
NOT_TAKEN = (401, 403, 408, 429, 503)


class DeliveryFailure(Exception):  # noqa: N818 - these are verdicts
    """A message was refused. With `is_address`, the recipient's address was refused, not only this message."""

    def __init__(self, words: str, *, is_address: bool = False) -> None:
        super().__init__(words)
        self.is_address = is_address


class TemporaryFailure(DeliveryFailure):
    """The server did not accept the message but may later: no connection, or a 4xx reply."""


class PermanentFailure(DeliveryFailure):
    """The server will never accept the message: a 5xx reply."""


class UncertainDelivery(Exception):  # noqa: N818
    """The connection broke while the server had the message. It may have been sent."""


class Connection:
    """A connection to the mail server, opened for the first message and closed after the last."""

    def __init__(self) -> None:
        self.connection: Any = get_connection()
        self.is_open = self.has_no_server = False
        self.taken = 0  # how many messages of the last batch of bulk email the server took in time

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        self.is_open = False
        try:
            self.connection.close()
        except (OSError, smtplib.SMTPException):  # the server closed it first
            self.connection = get_connection()

    def send(self, message: Message, rendered: RenderedEmail) -> bytes | None:
        """Send the message. Raises TemporaryFailure, PermanentFailure or UncertainDelivery.

        Returns the message as it was sent, for the ledger. Of an email made from a template, no copy is kept: there are
        a hundred thousand of them. If there is no connection, the other messages of the batch fail at once instead of
        each waiting for one.
        """
        if self.has_no_server:
            raise TemporaryFailure(f"{NO_SERVER} to the mail server.")
        pass_on, as_sent = self._prepare(message, rendered)
        pace.wait()
        if not self.is_open:
            self._open()
        try:
            pass_on()
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            self._close()
            raise _verdict(error) from error
        except AnymailError as error:
            self.has_no_server = _never_connected(error)
            raise _providers_verdict(error) from error
        except Exception as error:  # whatever happened, the server may have the message
            self._close()
            raise UncertainDelivery(f"The line broke: {type(error).__name__}") from error
        return None if isinstance(rendered, FilledEmail) else as_sent

    def _prepare(self, message: Message, rendered: RenderedEmail) -> tuple[Callable[[], object], bytes]:
        """Return what passes the message on, and its bytes. Raises PermanentFailure, because trying again would not help.

        Over SMTP, exactly these bytes are sent. A provider's API takes the message itself.
        """
        try:
            if not isinstance(self.connection, SmtpBackend):
                email = compose(message, rendered, self.connection)
                return partial(self.connection.send_messages, [email]), _as_bytes(email)
            if isinstance(rendered, FilledEmail) and (content := rendered.as_bytes(message)):
                sender, to = settings.BULK_FROM_EMAIL, deliverable(message.to)
            else:
                email = compose(message, rendered, self.connection)
                content, sender, to = _as_bytes(email), parseaddr(email.from_email)[1], email.to[0]
            return partial(self._pass, sender, to, content), content
        except UnicodeError as error:
            raise PermanentFailure("The address has a character that mail servers do not take.") from error
        except Exception as error:
            raise PermanentFailure(f"The email could not be composed: {type(error).__name__}.") from error

    def _pass(self, sender: str, to: str, content: bytes) -> None:
        cast("smtplib.SMTP", self.connection.connection).sendmail(sender, [to], content)

    def _open(self) -> None:
        try:
            self.connection.open()
        except (OSError, smtplib.SMTPException) as error:
            self.has_no_server = True
            raise TemporaryFailure(f"{NO_SERVER}: {type(error).__name__}") from error
        self.is_open = True


def _as_bytes(email: EmailMultiAlternatives) -> bytes:
    return email.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's messages take it


def _verdict(error: smtplib.SMTPException) -> DeliveryFailure:
    """Return the failure for an SMTP error: 5yz is permanent (RFC 5321 §4.2.1), X.7 is about policy (RFC 3463)."""
    is_recipient = isinstance(error, smtplib.SMTPRecipientsRefused)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    else:
        code, words = error.smtp_code, error.smtp_error  # type: ignore[attr-defined]
    answer = words.decode(errors="replace") if isinstance(words, bytes) else words
    sentence = f"{code} " + re.sub(r"[\x00-\x1f]+", " ", answer)
    is_address = is_recipient and not re.search(r"\b[45]\.7\.", sentence)
    kind = PermanentFailure if 500 <= code < 600 else TemporaryFailure  # noqa: PLR2004
    return kind(sentence, is_address=is_address)


def _providers_verdict(error: AnymailError) -> Exception:
    """Return the failure for a provider's answer, or for the lack of one.

    If the provider fails while it has the message (500, 502, 504, a time limit, an answer that makes no sense), it may
    send it. A refused recipient may only have complained: whether the address exists, the provider's reports say.
    """
    status, name = getattr(error, "status_code", None), type(error).__name__
    if _never_connected(error):
        return TemporaryFailure(f"{NO_SERVER} to the provider.")
    if isinstance(error, AnymailRecipientsRefused):
        return PermanentFailure("The provider does not send to this address.")
    if not isinstance(error, AnymailAPIError):
        return PermanentFailure(f"The provider's API cannot send this email: {name}")
    if status in NOT_TAKEN:
        return TemporaryFailure(f"The provider answered {status}: {name}")
    if status is not None and 400 <= status < 500:  # noqa: PLR2004
        return PermanentFailure(f"The provider answered {status}: {name}")
    return UncertainDelivery(f"The provider answered {status or 'nothing'}: {name}")


def _never_connected(error: AnymailError) -> bool:
    """Whether there was no connection to the provider, so that it surely has no message."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reasons = [getattr(one, "reason", None) for one in getattr(error.__cause__, "args", ())]
    return any(isinstance(reason, NewConnectionError) for reason in reasons)
