"""Speaking to the mail server: one connection for a batch, and a verdict for each message."""

import smtplib
from email.mime.text import MIMEText
from email.utils import formataddr, make_msgid
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import translation

from outbox.kinds import Attachment, Letter
from outbox.models import Message


class RefusedForNow(Exception):  # noqa: N818 - these three are verdicts
    """The server did not take it, and may later: no connection, a 4xx answer."""


class RefusedForGood(Exception):  # noqa: N818
    """The server will never take it: a 5xx answer."""


class Unheard(Exception):  # noqa: N818
    """The line broke while the server had the message: it may have gone."""


class Line:
    """A connection to the mail server, opened with the first message and closed behind the last."""

    def __init__(self) -> None:
        self.connection: Any = get_connection()
        self.is_open = False

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
        except (OSError, smtplib.SMTPException):  # the other side hung up first
            self.connection = get_connection()

    def send(self, message: Message, letter: Letter) -> None:
        """Raises RefusedForNow, RefusedForGood or Unheard; returns where the server took it."""
        if not self.is_open:
            try:
                self.connection.open()
            except (OSError, smtplib.SMTPException) as error:
                raise RefusedForNow(f"No connection: {error}") from error
            self.is_open = True
        try:
            self.connection.send_messages([compose(message, letter, self.connection)])
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            self._close()
            raise _verdict(error) from error
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            raise Unheard(f"The line broke: {type(error).__name__}") from error


def _verdict(error: smtplib.SMTPException) -> Exception:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    else:
        code, words = error.smtp_code, error.smtp_error  # type: ignore[attr-defined]
    sentence = f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
    return RefusedForGood(sentence) if 500 <= code < 600 else RefusedForNow(sentence)  # noqa: PLR2004 - RFC 5321 §4.2.1


def compose(message: Message, letter: Letter, connection: Any = None) -> EmailMultiAlternatives:
    """The e-mail of a row: HTML and text, and the headers of service mail (RFC 3834 §5)."""
    with translation.override(message.language):
        sender = formataddr((str(settings.PROJECT_NAME), settings.SERVICE_FROM_EMAIL))
    email = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=sender,
        to=[message.to],
        reply_to=[letter.reply_to or settings.CONTACT_EMAIL],
        headers={
            "Auto-Submitted": "auto-generated",
            "Content-Language": message.language,
            "Message-ID": make_msgid(
                idstring=f"outbox-{message.pk}", domain=settings.SERVICE_FROM_EMAIL.rpartition("@")[2]
            ),
        },
        connection=connection,
    )
    email.attach_alternative(letter.html, "text/html")
    for attachment in letter.attachments:
        email.attach(_part(attachment))
    return email


def _part(attachment: Attachment) -> MIMEText:
    """Django's own attachments cannot carry a parameter in their type, and a calendar part needs `method=` there (RFC 6047 §2.4)."""
    main, _, parameters = attachment.content_type.partition(";")
    part = MIMEText(attachment.content.decode(), main.partition("/")[2], "utf-8")
    for parameter in filter(None, parameters.split(";")):
        name, _, value = parameter.strip().partition("=")
        part.set_param(name, value)
    part.add_header("Content-Disposition", "attachment", filename=attachment.filename)
    return part
