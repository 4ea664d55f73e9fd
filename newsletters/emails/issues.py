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
from newsletters.queries import SAMPLE_TOKEN
from newsletters.rendering import render_issue
from outbox import message_types
from outbox.bulk import BulkTemplate, placeholder
from outbox.message_types import ForgottenMeanwhile, OutdatedMessage, RenderedEmail, UnsubscribedMeanwhile
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
        raise ForgottenMeanwhile("The subscriber was deleted.")
    issue = _frozen(data["issue"], current_language())
    if not all(subscriber.receives(topic, now) for topic in issue.topics):
        raise UnsubscribedMeanwhile("The subscriber has unsubscribed or paused.")
    links = {name: link.replace(SUBSCRIBER, subscriber.token) for name, link in issue.links.items()}
    return issue.template.fill(links, only_to=subscriber.email)


@dataclass(frozen=True)
class _FrozenIssue:
    """An issue in one language as it is sent. Its links have SUBSCRIBER where a token belongs."""

    topics: list[str]
    template: BulkTemplate
    links: dict[str, str]


@lru_cache(maxsize=8)
def _frozen(pk: int, language: str) -> _FrozenIssue:
    """Return an issue that is being sent. Nothing in it changes any more, so each process reads it once."""
    frozen = IssueRendering.objects.select_related("issue").get(issue=pk, language=language)
    template = BulkTemplate(frozen.subject, frozen.html, frozen.text, language)
    return _FrozenIssue(frozen.issue.topics, template, _links(pk, SUBSCRIBER))


def _links(pk: int, token: str) -> dict[str, str]:
    """Return the links in an issue that differ by recipient."""
    preferences, unsubscribe = (
        absolute_url(reverse(f"newsletters:{name}", args=[token])) for name in ("preferences", "unsubscribe")
    )
    return {"preferences_url": preferences, "unsubscribe_url": f"{unsubscribe}?issue={pk}"}


def render_overdue(data: dict[str, Any], now: datetime) -> RenderedEmail:
    issue = Issue.objects.filter(pk=data.get("issue", 0)).first()
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
    """Return what readers will get, headers included, with "[Test]" before the subject.

    The member of staff may not be a subscriber, so the links to preferences lead to a page that says what they would do.
    """
    issue = Issue.objects.filter(pk=data.get("issue", 0)).first()
    if issue is None:
        raise OutdatedMessage("The issue was deleted.")
    language = current_language()
    rendered = render_issue(issue, language, now=now)
    subject = _("[Test] %(subject)s") % {"subject": rendered.subject}
    return BulkTemplate(subject, rendered.html, rendered.text, language).fill(_links(issue.pk, SAMPLE_TOKEN))


def filled(content: str, pk: int) -> str:
    """Return an issue's HTML or text as in a test, for previews."""
    for name, link in _links(pk, SAMPLE_TOKEN).items():
        content = content.replace(placeholder(name), link)
    return content
