"""The emails with an issue of the newsletter."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.languages import current_language
from accounts.links import absolute_url
from newsletters.models import Issue
from newsletters.rendering import LINKS, render_issue
from outbox import message_types
from outbox.bulk import placeholder
from outbox.message_types import OutdatedMessage, RenderedEmail


def register_message_types() -> None:
    message_types.register("newsletter-test", render_test)


def render_test(data: dict[str, Any], now: datetime) -> RenderedEmail:
    """Return the issue for the member of staff who asked for a test, with "[Test]" before the subject.

    Its links to preferences lead to the archive, because the person may not be a subscriber.
    """
    issue = Issue.objects.filter(pk=data["issue"]).first()
    if issue is None:
        raise OutdatedMessage("The issue was deleted.")
    rendered = render_issue(issue, current_language(), now=now)
    subject = _("[Test] %(subject)s") % {"subject": rendered.subject}
    return RenderedEmail(subject=subject, text=filled(rendered.text), html=filled(rendered.html))


def filled(content: str) -> str:
    """Return an issue's HTML or text with links that lead to the archive, for tests and previews."""
    archive = absolute_url(reverse("newsletters:list"))
    for name in LINKS:
        content = content.replace(placeholder(name), archive)
    return content
