"""What became of an issue: how many emails ended how, who did not get it and why, and what followed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from newsletters.correspondence import LEFT_WITHIN
from newsletters.models import ConsentAction, ConsentEvent, Issue
from newsletters.services.sending import delivery_reports
from outbox.models import DeliveryReport, Message, State, SuppressionReason
from outbox.suppression import suppressed

READ_AT_ONCE = 500


class Reason(models.TextChoices):
    """Why someone did not get an issue."""

    FAILED = "failed", _("Refused or failed")
    SUPPRESSED = "suppressed", _("Suppressed address")
    UNCERTAIN = "uncertain", _("Uncertain")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed meanwhile")
    NOT_SENT = "not-sent", _("Not sent")
    BOUNCED = "bounced", _("Sent, but bounced")


REASONS = {
    State.FAILED: Reason.FAILED,
    State.SUPPRESSED: Reason.SUPPRESSED,
    State.UNCERTAIN: Reason.UNCERTAIN,
    State.UNSUBSCRIBED: Reason.UNSUBSCRIBED,
    State.EXPIRED: Reason.NOT_SENT,
    State.SENT: Reason.BOUNCED,  # in the list only if it bounced
}


@dataclass(frozen=True)
class Unreached:
    """Someone who did not get an issue. `reply` is what a server or the portal's log said, in English."""

    address: str  # empty if the person asked us to delete it
    language: str
    reason: Reason
    suppression: SuppressionReason | None  # why we don't email the address now
    reply: str


@dataclass(frozen=True)
class Reports:
    """What followed an issue. The first three come from the email provider, which may report nothing."""

    delivered: int
    bounced: int
    complained: int
    unsubscribed: int
    is_complete: bool  # nobody who unsubscribes from now on is counted

    @property
    def has_any(self) -> bool:
        return bool(self.delivered or self.bounced or self.complained)


def emails_of(issue: Issue) -> QuerySet[Message]:
    """Return the emails of an issue without their copies: none for an issue that was never sent."""
    if issue.bulk_send_id is None:
        return Message.objects.none()
    return Message.objects.filter(bulk_send=issue.bulk_send_id).defer("as_sent")


def count_reports(issue: Issue, *, now: datetime) -> Reports:
    """Return what the provider reported about an issue, and how many of its readers left within LEFT_WITHIN."""
    kinds = delivery_reports(issue)
    return Reports(
        delivered=kinds[DeliveryReport.Kind.DELIVERED],
        bounced=kinds[DeliveryReport.Kind.BOUNCED],
        complained=kinds[DeliveryReport.Kind.COMPLAINED],
        unsubscribed=unsubscribed_after(issue),
        is_complete=issue.finished_at is not None and now > issue.finished_at + LEFT_WITHIN,
    )


def unsubscribed_after(issue: Issue) -> int:
    """Return how many people have left the issue, up to LEFT_WITHIN its last email.

    The record of consent names the issue that was left (services/subscriptions.py) and stays, also if someone is forgotten.
    """
    if issue.published_at is None:
        return 0
    left = ConsentEvent.objects.filter(
        action=ConsentAction.UNSUBSCRIBED, detail__issue=issue.pk, at__gte=issue.published_at
    )
    if issue.finished_at is not None:
        left = left.filter(at__lt=issue.finished_at + LEFT_WITHIN)
    return left.order_by().values("email").distinct().count()


def unreached(issue: Issue, reason: str = "", search: str = "") -> QuerySet[Message]:
    """Return the emails of people who did not get the issue, in the order in which they were written.

    `reason` is one of `Reason`, or empty for all. `search` is part of an address. An email that bounced is among them:
    it was sent, but its recipient did not get it.
    """
    states = [state for state, one in REASONS.items() if reason in ("", one) and state != State.SENT]
    chosen = Q(state__in=states)
    if reason in ("", Reason.BOUNCED):
        chosen |= Q(state=State.SENT, pk__in=_bounces(issue).values("message"))
    emails = emails_of(issue).filter(chosen).order_by("pk")
    return emails.filter(to__icontains=search) if search else emails


def count_unreached(issue: Issue) -> dict[Reason, int]:
    """Return how many people did not get the issue, by reason. Reasons that nobody has are left out."""
    states = emails_of(issue).exclude(state=State.SENT).order_by().values_list("state").annotate(n=Count("pk"))
    counts = {REASONS[State(state)]: n for state, n in states if state in REASONS}
    counts[Reason.BOUNCED] = _bounces(issue).filter(message__state=State.SENT).count()
    return {reason: counts[reason] for reason in Reason if counts.get(reason)}


def describe(emails: list[Message]) -> list[Unreached]:
    """Return why each of these emails did not reach its recipient, read in two queries."""
    reasons = suppressed([email.to for email in emails if email.to])
    bounces = DeliveryReport.objects.filter(message__in=emails, kind=DeliveryReport.Kind.BOUNCED)
    replies = dict(bounces.values_list("message", "detail"))
    return [
        Unreached(
            address=email.to,
            language=email.language,
            reason=REASONS[State(email.state)],
            suppression=SuppressionReason(reasons[email.to]) if email.to in reasons else None,
            reply=replies.get(email.pk, "") if email.state == State.SENT else email.reason,
        )
        for email in emails
    ]


def describe_all(emails: QuerySet[Message]) -> Iterator[Unreached]:
    """Like `describe`, for any number of emails, some at a time."""
    rows = emails.iterator(chunk_size=READ_AT_ONCE)
    while batch := list(islice(rows, READ_AT_ONCE)):
        yield from describe(batch)


def _bounces(issue: Issue) -> QuerySet[DeliveryReport]:
    return DeliveryReport.objects.filter(message__in=emails_of(issue), kind=DeliveryReport.Kind.BOUNCED)
