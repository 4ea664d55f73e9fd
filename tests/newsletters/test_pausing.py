"""Pausing, resuming and stopping an issue, retrying what failed, and how far it has come."""

from collections import Counter
from datetime import timedelta

import pytest

import outbox.services
from newsletters.models import Issue
from newsletters.services import sending
from outbox.models import DeliveryReport, Message
from tests.factories import IssueFactory, SubscriberFactory

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def issue(now):
    """An issue that is being sent to four people."""
    SubscriberFactory.create_batch(4)
    return sending.start_sending(IssueFactory(), by=None, now=now)


def states():
    return Counter(Message.objects.values_list("state", flat=True))


def test_a_paused_issue_waits_until_it_is_resumed(issue, now, drain):
    assert sending.pause(issue, now=now)
    assert drain(now) == []
    assert sending.resume(issue, now=now + HOUR)
    assert len(drain(now + HOUR)) == 4


def test_someone_who_leaves_during_the_pause_does_not_get_it(issue, now, drain):
    sending.pause(issue, now=now)
    leaving = Message.objects.first()
    from newsletters.models import Subscriber

    Subscriber.objects.filter(email=leaving.to).update(unsubscribed_at=now)
    sending.resume(issue, now=now)
    assert leaving.to not in {email.to[0] for email in drain(now)}
    assert states() == {"sent": 3, "unsubscribed": 1}


def test_what_is_not_sent_in_time_is_not_sent_any_more(issue, now, drain):
    assert drain(now + sending.LIFETIME) == []
    assert states() == {"expired": 4}
    assert sending.finish(issue, now=now + sending.LIFETIME)


def test_a_stopped_issue_is_over(issue, now, drain):
    assert sending.stop(issue, now=now)
    assert issue.state == "stopped"
    assert drain(now) == []
    sending.finish_issues(now + MINUTE)
    issue.refresh_from_db()
    assert (issue.state, issue.finished_at, states()) == ("stopped", now + MINUTE, {"expired": 4})
    assert not sending.resume(issue, now=now)
    assert sending.retry_failed(issue, now=now) == 0


def test_a_paused_issue_can_be_stopped(issue, now):
    sending.pause(issue, now=now)
    assert sending.stop(issue, now=now)


def test_a_sent_issue_can_be_neither_paused_nor_stopped(issue, now, drain):
    drain(now)
    sending.finish(issue, now=now)
    issue.refresh_from_db()
    assert not sending.pause(issue, now=now)
    assert not sending.stop(issue, now=now)
    assert Issue.objects.get().state == "sent"


def test_a_draft_can_be_neither_paused_nor_stopped_nor_retried(now):
    draft = IssueFactory()
    assert not sending.pause(draft, now=now)
    assert not sending.resume(draft, now=now)
    assert not sending.stop(draft, now=now)
    assert sending.retry_failed(draft, now=now) == 0
    assert sending.progress(draft, now=now) == sending.Progress(0, {}, 0, None)


def test_retrying_sends_only_what_failed_and_is_safe(issue, now, drain):
    first, second, third, _fourth = Message.objects.order_by("pk")
    Message.objects.filter(pk=first.pk).update(state="failed", reason="451 Later", attempts=5)
    Message.objects.filter(pk=second.pk).update(state="failed", reason="550 5.1.1 No such person")
    Message.objects.filter(pk=third.pk).update(state="uncertain", reason="The line broke: TimeoutError")
    drain(now)
    assert sending.finish(issue, now=now)
    issue.refresh_from_db()
    later = now + HOUR
    assert sending.retryable(issue).count() == 1
    assert [sending.retry_failed(issue, now=later) for _ in range(2)] == [1, 0]
    assert issue.state == "sending"
    assert [email.to for email in drain(later)] == [[first.to]]
    sending.finish_issues(later)
    issue.refresh_from_db()
    assert (issue.state, issue.finished_at) == ("sent", later)
    assert states() == {"sent": 2, "failed": 1, "uncertain": 1}


def test_progress_takes_one_query(issue, now, drain, django_assert_num_queries):
    drain(now + MINUTE)
    Message.objects.filter(pk=Message.objects.first().pk).update(state="queued", settled_at=None)
    issue = Issue.objects.select_related("bulk_send").get()
    with django_assert_num_queries(1):
        progress = sending.progress(issue, now=now + MINUTE + timedelta(seconds=20))
    assert (progress.audience, progress.by_state, progress.waiting) == (4, {"sent": 3, "queued": 1}, 1)
    assert (progress.rate, progress.left) == (3, timedelta(seconds=20))


def test_delivery_reports_are_counted(issue, now, drain):
    drain(now)
    kinds = ["delivered", "delivered", "bounced", "complained"]
    for message, kind in zip(Message.objects.all(), kinds, strict=True):
        DeliveryReport.objects.create(message=message, kind=kind, at=now)
    assert sending.delivery_reports(issue) == {"delivered": 2, "bounced": 1, "complained": 1}


def test_sending_again_in_the_outbox_leaves_a_stopped_issue_alone(issue, now):
    Message.objects.update(state="failed")
    sending.stop(issue, now=now)
    assert outbox.services.requeue(Message.objects.all(), now=now) == 0
    assert states() == {"failed": 4}
