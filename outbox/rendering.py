"""Render emails from templates: `<name>.html`, with inlined styles, and the text made from it."""

from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language

from outbox.message_types import Attachment, RenderedEmail
from outbox.plain_text import plain_text

_inliner = css_inline.CSSInliner(keep_style_tags=True, keep_at_rules=True)


def render_email(
    template: str,
    subject: str,
    context: dict[str, Any],
    attachments: list[Attachment] | None = None,
    *,
    reply_to: str = "",
) -> RenderedEmail:
    """Return the email in the active language, as HTML and as text. Replies go to `reply_to`, or to the project if it is empty.

    Line breaks are removed from the subject, so that a title cannot add headers.
    """
    subject = " ".join(subject.splitlines())
    context = context | {
        "subject": subject,
        "language": get_language(),
        "project_name": settings.PROJECT_NAME,
        "contact_email": reply_to or settings.CONTACT_EMAIL,
        "postal_address": settings.POSTAL_ADDRESS,
        "site_url": settings.SITE_URL,
    }
    html = render_to_string(f"{template}.html", context)
    return RenderedEmail(
        subject=subject,
        text=plain_text(html),
        html=_inliner.inline(html),
        attachments=attachments or [],
        reply_to=reply_to,
    )
