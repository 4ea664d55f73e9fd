"""Send messages over one connection for a batch, and tell what happened to each."""

import re
import smtplib
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr
from types import TracebackType
from typing import Any, Self, cast

from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.utils import translation
from django.utils.crypto import salted_hmac

from outbox import pace
from outbox.addresses import deliverable
from outbox.message_types import Attachment, RenderedEmail
from outbox.models import Message

SERVICE_HEADERS = {"Auto-Submitted": "auto-generated"}  # RFC 3834 §5


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

    def send(self, message: Message, rendered: RenderedEmail) -> bytes:
        """Send the message and return it as it was sent. Raises TemporaryFailure, PermanentFailure or
        UncertainDelivery.

        If there is no connection, the other messages of the batch fail at once instead of each waiting for one.
        """
        if self.has_no_server:
            raise TemporaryFailure("No connection to the mail server.")
        email, as_sent = self._compose(message, rendered)
        pace.wait()
        if not self.is_open:
            self._open()
        try:
            self._pass(email, as_sent)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            self._close()
            raise _verdict(error) from error
        except AnymailError as error:
            raise _providers_verdict(error) from error
        except Exception as error:  # whatever happened, the server may have the message
            self._close()
            raise UncertainDelivery(f"The line broke: {type(error).__name__}") from error
        return as_sent

    def _compose(self, message: Message, rendered: RenderedEmail) -> tuple[EmailMultiAlternatives, bytes]:
        """Return the message and its bytes. Raises PermanentFailure, because trying again would not help."""
        try:
            email = compose(message, rendered, self.connection)
            return email, email.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's messages take it
        except UnicodeError as error:
            raise PermanentFailure("The address has a character that mail servers do not take.") from error
        except Exception as error:
            raise PermanentFailure(f"The email could not be composed: {type(error).__name__}.") from error

    def _pass(self, email: EmailMultiAlternatives, as_sent: bytes) -> None:
        """Over SMTP, send exactly the bytes that are stored. A provider's API takes the message itself."""
        if isinstance(self.connection, SmtpBackend):
            sender = parseaddr(email.from_email)[1]
            cast("smtplib.SMTP", self.connection.connection).sendmail(sender, email.to, as_sent)
        else:
            self.connection.send_messages([email])

    def _open(self) -> None:
        try:
            self.connection.open()
        except (OSError, smtplib.SMTPException) as error:
            self.has_no_server = True
            raise TemporaryFailure(f"No connection: {type(error).__name__}") from error
        self.is_open = True


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
    """Return the failure for a provider's HTTP status: most of 4xx is permanent, the others may be temporary."""
    status = getattr(error, "status_code", None)
    words = f"The provider answered {status}: {type(error).__name__}"
    if isinstance(error, AnymailRecipientsRefused):
        return PermanentFailure(words, is_address=True)
    if status is None:
        return UncertainDelivery(words)
    is_final = 400 <= status < 500 and status not in (401, 403, 408, 429)  # noqa: PLR2004
    return PermanentFailure(words) if is_final else TemporaryFailure(words)


def compose(message: Message, rendered: RenderedEmail, connection: Any = None) -> EmailMultiAlternatives:
    """Return the email of a row as HTML and text, with the headers of its class."""
    from_email = settings.BULK_FROM_EMAIL if rendered.unsubscribe_url else settings.SERVICE_FROM_EMAIL
    with translation.override(message.language):
        sender = formataddr((str(settings.PROJECT_NAME), from_email))
    email = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        from_email=sender,
        to=[deliverable(message.to)],
        reply_to=[rendered.reply_to or settings.CONTACT_EMAIL],
        headers={
            "Content-Language": message.language,
            "Message-ID": message_id(message),
            **(_bulk_headers(rendered.unsubscribe_url) if rendered.unsubscribe_url else SERVICE_HEADERS),
        },
        connection=connection,
    )
    email.attach_alternative(rendered.html, "text/html")
    for attachment in rendered.attachments:
        email.attach(_part(attachment))
    return email


def _bulk_headers(unsubscribe_url: str) -> dict[str, str]:
    """Return the headers that name the list (RFC 2919) and let an email app unsubscribe (RFC 8058)."""
    return {
        "List-Id": f"<newsletter.{settings.BULK_FROM_EMAIL.rpartition('@')[2]}>",
        "List-Unsubscribe": f"<{unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def message_id(message: Message) -> str:
    """Return a Message-ID that is always the same for a row, so that a second copy can be recognized."""
    mark = salted_hmac("outbox.message-id", message.key).hexdigest()[:24]
    return f"<{mark}.{message.pk}@{settings.SERVICE_FROM_EMAIL.rpartition('@')[2]}>"


def _part(attachment: Attachment) -> MIMEText:
    """Return an attachment. Django's own can't have the `method=` that a calendar part needs (RFC 6047 §2.4)."""
    main, _, parameters = attachment.content_type.partition(";")
    part = MIMEText(attachment.content.decode(), main.partition("/")[2], "utf-8")
    for parameter in filter(None, parameters.split(";")):
        name, _, value = parameter.strip().partition("=")
        part.set_param(name, value)
    part.add_header("Content-Disposition", "attachment", filename=attachment.filename)
    return part
