"""Sending an issue of the newsletter: the frozen audience, the schedule, pausing and stopping, and what became of it."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Count, F, QuerySet, Value
from django.db.models.functions import Cast, Concat, JSONObject

from accounts.models import User
from newsletters.models import Issue, IssueRendering, IssueState, Subscriber, SubscriberQuerySet, Topic
from newsletters.rendering import render_issue
from newsletters.services.checklist import blocking, check
from outbox import services as outbox
from outbox.models import BulkSend, BulkSendState, DeliveryReport, Message
from outbox.services import UNSETTLED, Draft
from registrations.models import Registration

log = logging.getLogger(__name__)

MESSAGE_TYPE = "newsletter"
# What was not sent by then is not sent any more. A pause extends it.
LIFETIME = timedelta(hours=24)
# A server that comes back later than this asks staff before it sends what it missed.
OVERDUE_AFTER = timedelta(hours=2)


class NotReadyError(Exception):
    """The checklist has problems that block the sending, such as an empty audience."""


class ChangedError(Exception):
    """Someone changed the issue after it was shown."""


@dataclass(frozen=True)
class Progress:
    """How far the sending of an issue has come."""

    audience: int
    by_state: dict[str, int]  # how many emails are in each state
    rate: int  # sent in the last minute
    left: timedelta | None  # at this rate, or None while nothing is being sent

    @property
    def waiting(self) -> int:
        return sum(self.by_state.get(state, 0) for state in UNSETTLED)


def audience(issue: Issue, now: datetime) -> SubscriberQuerySet:
    """Return the subscribers that the issue would go to at `now`. Each of them chose the newsletter.

    With hubs, these are people whose account has the same address and who registered for a series of one of the hubs.
    """
    people = Subscriber.objects.receiving(Topic.NEWSLETTER, now).filter(topics__contains=issue.topics)
    for field in ("language", "profession", "province"):
        chosen = getattr(issue, f"audience_{field}s")
        if chosen:
            people = people.filter(**{f"{field}__in": chosen})
    hubs = list(issue.audience_hubs.values_list("pk", flat=True))
    if hubs:
        registered = Registration.objects.active().filter(series__hub__in=hubs, held_until=None)
        people = people.filter(email__in=registered.order_by().values("user__email"))
    return people


def audience_by_language(issue: Issue, now: datetime) -> dict[str, int]:
    """Return how many subscribers the issue would go to in each language."""
    rows = audience(issue, now).order_by().values("language").annotate(n=Count("pk"))
    return {row["language"]: row["n"] for row in rows}


@transaction.atomic
def start_sending(issue: Issue, *, by: User | None, now: datetime, seen: str | None = None) -> Issue:
    """Freeze the text and the audience of the issue, and begin to send it. A second call changes nothing.

    One statement writes a message to each subscriber, in the transaction that makes the issue public. Whoever subscribes
    later does not get it. `by` is None if its time had come. `seen` is the version that staff confirmed. Raises
    ChangedError or NotReadyError.
    """
    locked = Issue.objects.select_for_update().get(pk=issue.pk)
    if seen not in (None, locked.version):
        raise ChangedError
    if not locked.is_editable:
        return locked
    people = audience(locked, now)
    if blocking(check(locked, audience=people.count())):
        raise NotReadyError
    _freeze_text(locked, now)
    locked.bulk_send = outbox.start_bulk_send(
        f"newsletter:{locked.pk}", MESSAGE_TYPE, _recipients(locked, people), expires_at=now + LIFETIME, now=now
    )
    locked.state, locked.published_at = IssueState.SENDING, now
    locked.save(update_fields=["state", "bulk_send", "published_at", "updated_at"])
    log.info("Issue %s goes to %s people (user %s).", locked.pk, locked.bulk_send.audience, by.pk if by else "none")
    return locked


def _freeze_text(issue: Issue, now: datetime) -> None:
    for language, _name in settings.LANGUAGES:
        rendered = render_issue(issue, language, now=now)
        texts = {"subject": rendered.subject, "html": rendered.html, "text": rendered.text, "web": rendered.web}
        IssueRendering.objects.update_or_create(issue=issue, language=language, defaults=texts)


def _recipients(issue: Issue, people: SubscriberQuerySet) -> QuerySet[Any, Any]:
    """Return the people as columns of messages."""
    return people.annotate(
        key=Concat(Value(f"newsletter:{issue.pk}:"), Cast("pk", CharField())),
        to=F("email"),
        data=JSONObject(issue=Value(issue.pk), subscriber="pk"),
    )


def pause(issue: Issue, *, now: datetime) -> bool:
    """Pause the sending, within a second. Returns whether it was running."""
    return issue.bulk_send is not None and outbox.pause_bulk_send(issue.bulk_send)


def resume(issue: Issue, *, now: datetime) -> bool:
    """Go on with a sending that is paused. Returns whether it was. The rest has its full time again."""
    return issue.bulk_send is not None and outbox.resume_bulk_send(issue.bulk_send, expires_at=now + LIFETIME, now=now)


@transaction.atomic
def stop(issue: Issue, *, now: datetime) -> bool:
    """Stop the sending for good. Those who have not got the issue do not get it. Returns whether it was running or paused."""
    if issue.bulk_send is None or not outbox.stop_bulk_send(issue.bulk_send, now=now):
        return False
    Issue.objects.filter(pk=issue.pk).update(state=IssueState.STOPPED, updated_at=now)
    issue.refresh_from_db(fields=["state"])
    return True


@transaction.atomic
def retry_failed(issue: Issue, *, now: datetime) -> int:
    """Send the issue again to those whose copy failed and for whom that is safe. Returns how many people.

    A second press finds nobody. Nobody can get a second copy (`may_be_retried` says who is left out).
    """
    if issue.bulk_send is None:
        return 0
    retried = outbox.retry_bulk_send(issue.bulk_send, expires_at=now + LIFETIME, now=now)
    if retried:
        Issue.objects.filter(pk=issue.pk, state=IssueState.SENT).update(state=IssueState.SENDING, finished_at=None)
        issue.refresh_from_db(fields=["state", "finished_at"])
    return retried


def retryable(issue: Issue) -> QuerySet[Message]:
    """Return the failed emails that `retry_failed` would send again."""
    return outbox.may_be_retried(issue.bulk_send) if issue.bulk_send else Message.objects.none()


def progress(issue: Issue, *, now: datetime) -> Progress:
    """Return how far the sending has come, from one query."""
    if issue.bulk_send is None:
        return Progress(0, {}, 0, None)
    counts = outbox.count(issue.bulk_send, now)
    seconds = counts.seconds_left
    left = None if seconds is None else timedelta(seconds=seconds)
    return Progress(issue.bulk_send.audience, counts.by_state, round(counts.per_second * 60), left)


def delivery_reports(issue: Issue) -> dict[str, int]:
    """Return how many of the emails the provider reported as delivered, bounced and reported as spam."""
    counts = dict.fromkeys(DeliveryReport.Kind.values, 0)
    if issue.bulk_send_id is None:
        return counts
    reports = DeliveryReport.objects.filter(message__bulk_send=issue.bulk_send_id).order_by()
    return counts | dict(reports.values_list("kind").annotate(n=Count("pk")))


def send_due_issues(now: datetime) -> None:
    """Start the issues whose time has come. One that is hours overdue, or is not ready, waits for staff instead."""
    due = Issue.objects.filter(state=IssueState.SCHEDULED, scheduled_at__lte=now).order_by("scheduled_at", "pk")
    for issue in due:
        try:
            if issue.scheduled_at and issue.scheduled_at < now - OVERDUE_AFTER:
                _ask_staff(issue, now)
            else:
                start_if_due(issue, now=now)
        except NotReadyError:
            _ask_staff(issue, now)
        except Exception:  # one issue must not hold up the others
            log.exception("Issue %s could not be sent. It is tried again.", issue.pk)


@transaction.atomic
def start_if_due(issue: Issue, *, now: datetime) -> None:
    """Begin to send the issue, unless staff gave it another time or took it back meanwhile. Raises NotReadyError."""
    if Issue.objects.select_for_update().get(pk=issue.pk).is_due(now):
        start_sending(issue, by=None, now=now)


@transaction.atomic
def _ask_staff(issue: Issue, now: datetime) -> None:
    """Let the issue wait, and email whoever wrote it and the project's own address."""
    scheduled = Issue.objects.filter(pk=issue.pk, state=IssueState.SCHEDULED)
    if not scheduled.update(state=IssueState.OVERDUE, updated_at=now):
        return
    _email_staff(issue, "issue-overdue", f"issue-overdue:{issue.pk}:{issue.scheduled_at}", now)


def on_silence(sender: Any, *, bulk_sends: list[BulkSend], now: datetime, **_kwargs: Any) -> None:
    """The portal comes back after a silence, and what was being sent is paused: ask staff whether it goes on."""
    for issue in Issue.objects.filter(bulk_send__in=bulk_sends).order_by("pk"):
        _email_staff(issue, "issue-paused", f"issue-paused:{issue.pk}:{now}", now)


def _email_staff(issue: Issue, message_type: str, key: str, now: datetime) -> None:
    """Email the person who wrote the issue, and the project's own address."""
    people = {settings.CONTACT_EMAIL: settings.LANGUAGE_CODE}
    writer = issue.created_by
    if writer and writer.is_active and writer.is_staff:
        people[writer.email] = writer.language
    data, until = {"issue": issue.pk}, now + LIFETIME
    outbox.write((Draft(f"{key}:{to}", message_type, to, people[to], data, until) for to in people), now=now)


def finish_issues(now: datetime) -> None:
    """Record which issues are sent completely: everyone in the audience has a result."""
    unfinished = Issue.objects.filter(bulk_send__isnull=False).exclude(bulk_send__state=BulkSendState.FINISHED)
    for issue in unfinished.filter(bulk_send__finished_at=None).select_related("bulk_send").order_by("pk"):
        finish(issue, now=now)


@transaction.atomic
def finish(issue: Issue, *, now: datetime) -> bool:
    """Call the issue sent if its bulk send is complete. Returns whether it is."""
    if issue.bulk_send is None or not outbox.finish_bulk_send(issue.bulk_send, now=now):
        return False
    Issue.objects.filter(pk=issue.pk, finished_at=None).update(finished_at=now, updated_at=now)
    Issue.objects.filter(pk=issue.pk, state=IssueState.SENDING).update(state=IssueState.SENT)
    return True
