"""Render an issue in one language. To be replaced when merged."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.html import linebreaks
from django.utils.safestring import mark_safe

from newsletters.models import Issue
from outbox.bulk import placeholder
from outbox.rendering import render_email


@dataclass(frozen=True)
class RenderedIssue:
    """An issue in one language. `html` and `text` have placeholders for the links, which differ by recipient."""

    subject: str
    html: str
    text: str
    web: str


def render_issue(issue: Issue, language: str, *, now: datetime) -> RenderedIssue:
    with translation.override(language):
        web = linebreaks(issue.body, autoescape=True)
        context = {
            "title": issue.title,
            "preview": issue.preview,
            "body": mark_safe(web),
            "web_url": "https://echo.example.ca/en/newsletter/issues/1/",
            **{name: placeholder(name) for name in ("preferences_url", "unsubscribe_url")},
        }
        email = render_email("newsletters/email/issue", issue.title, context)
    return RenderedIssue(email.subject, email.html, email.text, web)
