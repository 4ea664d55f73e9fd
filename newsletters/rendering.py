"""Render an issue in one language: the email as HTML and text, and the body of its web page."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from accounts.languages import Text
from accounts.links import absolute_url
from newsletters.cleaning import one_line
from newsletters.markdown import to_html, with_full_urls
from newsletters.models import Issue, Picture
from outbox.bulk import placeholder
from outbox.rendering import render_email

LINKS = ("preferences_url", "unsubscribe_url")


@dataclass(frozen=True)
class RenderedIssue:
    """An issue in one language. `html` and `text` have placeholders for the LINKS, which differ by recipient. `web` has none."""

    subject: str
    html: str
    text: str
    web: str


def render_issue(issue: Issue, language: str, *, now: datetime) -> RenderedIssue:
    """Return the issue in `language`, with what its blocks show at `now`. A text that is missing comes in the other language."""
    with translation.override(language):
        title = _line(issue.title)
        web = render_body(issue.pk, issue.body, now=now)
        context = {
            "title": title,
            "preview": _line(issue.preview),
            "body": mark_safe(with_full_urls(web)),
            "web_url": absolute_url(reverse("newsletters:detail", args=[issue.slug_here])),
            **{name: placeholder(name) for name in LINKS},
        }
        email = render_email("newsletters/email/issue", title, context)
    return RenderedIssue(email.subject, email.html, email.text, web)


def render_body(issue_pk: int | None, body: str, *, now: datetime) -> str:
    """Return the Markdown as HTML in the active language, for a web page."""
    found = Picture.objects.filter(issue=issue_pk).defer("content") if issue_pk else ()
    html = to_html(body, {picture.pk: picture for picture in found}, now)
    if isinstance(body, Text) and body and body.lang != translation.get_language():
        return format_html('<div lang="{}">{}</div>', body.lang, mark_safe(html))
    return html


def _line(text: Text) -> Text:
    return Text(one_line(text), text.lang)
