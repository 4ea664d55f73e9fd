"""Compose the email of a message: its parts and its headers."""

from email.mime.text import MIMEText
from email.utils import formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.crypto import salted_hmac

from outbox.addresses import deliverable
from outbox.message_types import Attachment, RenderedEmail
from outbox.models import Message

SERVICE_HEADERS = {"Auto-Submitted": "auto-generated"}  # RFC 3834 §5


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
    email.metadata = {"message": str(message.pk)}  # type: ignore[attr-defined]  # a provider's reports repeat it (webhooks.py)
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
