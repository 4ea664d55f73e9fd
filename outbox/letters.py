"""Letters from templates: `<name>.txt` for the text, `<name>.html` in the portal's mail layout, its styles inlined."""

from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language

from outbox.kinds import Attachment, Letter

_inliner = css_inline.CSSInliner(keep_style_tags=True, keep_at_rules=True)


def compose_letter(
    template: str, subject: str, context: dict[str, Any], attachments: list[Attachment] | None = None
) -> Letter:
    """Both forms of one letter in the active language. `subject` loses its line breaks: a title must not add headers."""
    subject = " ".join(subject.splitlines())
    context = context | {
        "subject": subject,
        "language": get_language(),
        "project_name": settings.PROJECT_NAME,
        "contact_email": settings.CONTACT_EMAIL,
        "postal_address": settings.POSTAL_ADDRESS,
        "site_url": settings.SITE_URL,
    }
    text = render_to_string(f"{template}.txt", context).strip() + "\n"
    html = _inliner.inline(render_to_string(f"{template}.html", context))
    return Letter(subject=subject, text=text, html=html, attachments=attachments or [])
