"""Issues of the newsletter, and the questions to staff: whether to send one that is overdue, or go on with one."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.languages import current_language
from accounts.links import absolute_url
from newsletters.models import Issue, IssueRendering, IssueState, Subscriber
from newsletters.rendering import LINKS, render_issue
from outbox import message_types
from outbox.bulk import BulkTemplate, placeholder
from outbox.message_types import OutdatedMessage, RenderedEmail, UnsubscribedMeanwhile
from outbox.rendering import render_email

SUBSCRIBER = "-subscriber-"  # in a link, where the token of the subscriber belongs
Loaded = tuple[dict[str, Any], Subscriber | None]


def register_message_types() -> None:
    message_types.register("newsletter", render_newsletter, load_subscribers)
    message_types.register("newsletter-test", render_test)
    message_types.register("issue-overdue", render_overdue)
    message_types.register("issue-paused", render_paused)


def load_subscribers(datas: list[dict[str, Any]]) -> list[Loaded]:
    """Read the subscribers of a group as they are now, in one query."""
    subscribers = Subscriber.objects.defer("name", "organization").in_bulk([data.get("subscriber") for data in datas])
    return [(data, subscribers.get(data.get("subscriber"))) for data in datas]


def render_newsletter(loaded: Loaded, now: datetime) -> RenderedEmail:
    """Fill in the issue for one subscriber, unless they have left since the audience was frozen."""
    data, subscriber = loaded
    if subscriber is None:
        raise UnsubscribedMeanwhile("The subscriber was deleted.")
    issue = _frozen(data["issue"], current_language())
    if not subscriber.receives(issue.topic, now):
        raise UnsubscribedMeanwhile("The subscriber has unsubscribed or paused.")
    links = {name: link.replace(SUBSCRIBER, subscriber.token) for name, link in issue.links.items()}
    return issue.template.fill(links, only_to=subscriber.email)


@dataclass(frozen=True)
class _FrozenIssue:
    """An issue in one language as it is sent. Its links have SUBSCRIBER where a token belongs."""

    topic: str
    template: BulkTemplate
    links: dict[str, str]


@lru_cache(maxsize=8)
def _frozen(pk: int, language: str) -> _FrozenIssue:
    """Return an issue that is being sent. Nothing in it changes any more, so each process reads it once."""
    frozen = IssueRendering.objects.select_related("issue").get(issue=pk, language=language)
    preferences, unsubscribe = (
        absolute_url(reverse(f"newsletters:{name}", args=[SUBSCRIBER])) for name in ("preferences", "unsubscribe")
    )
    return _FrozenIssue(
        frozen.issue.audience_topic,
        BulkTemplate(frozen.subject, frozen.html, frozen.text, language),
        {"preferences_url": preferences, "unsubscribe_url": f"{unsubscribe}?issue={pk}"},
    )


def render_overdue(data: dict[str, Any], now: datetime) -> RenderedEmail:
    issue = Issue.objects.filter(pk=data["issue"]).first()
    if issue is None or issue.state != IssueState.OVERDUE:
        raise OutdatedMessage("Staff have decided what to do with the issue.")
    link = absolute_url(reverse("admin:newsletters_issue_send", args=[issue.pk]))
    subject = _("This newsletter issue wasn’t sent: %(title)s") % {"title": issue.title}
    return render_email("newsletters/email/issue_overdue", subject, {"issue": issue, "link": link})


def render_paused(data: dict[str, Any], now: datetime) -> RenderedEmail:
    issue = Issue.objects.select_related("bulk_send").filter(pk=data["issue"]).first()
    if issue is None or issue.bulk_send is None or not issue.bulk_send.pause_reason:
        raise OutdatedMessage("Staff have decided whether the sending goes on.")
    link = absolute_url(reverse("admin:newsletters_issue_progress", args=[issue.pk]))
    subject = _("Sending is paused: %(title)s") % {"title": issue.title}
    return render_email("newsletters/email/issue_paused", subject, {"issue": issue, "link": link})


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
