"""Render an issue in one language. To be replaced when merged."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.html import escape, linebreaks

from newsletters.models import Issue
from outbox.bulk import placeholder
from outbox.plain_text import plain_text


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
        links = "".join(
            f'<p><a href="{placeholder(name)}">{name}</a></p>' for name in ("preferences_url", "unsubscribe_url")
        )
        html = f'<!DOCTYPE html>\n<html lang="{language}-CA"><body><h1>{escape(issue.title)}</h1>\n{web}\n{links}</body></html>'
        return RenderedIssue(str(issue.title), html, plain_text(html), web)
