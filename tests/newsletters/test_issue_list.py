"""The list of issues shows how the sending of each went, without queries for each row."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletters.models import IssueState
from newsletters.services import sending
from outbox.models import BulkSend, Message
from tests.factories import IssueFactory
from tests.newsletters.sent_issues import sent_issue

pytestmark = pytest.mark.django_db
LIST = "/en/admin/newsletters/issue/"


def text(response):
    return " ".join(response.content.decode().replace("\xa0", " ").split())


def test_the_list_shows_state_audience_time_and_share(client, editor, now):
    IssueFactory(title_en="A draft")
    IssueFactory(title_en="Soon", state=IssueState.SCHEDULED, scheduled_at=now + timedelta(days=1))
    IssueFactory(title_en="Late", state=IssueState.OVERDUE, scheduled_at=now - timedelta(days=1))
    sent_issue(now, title_en="Gone", sent=3, failed=1)
    paused = sent_issue(now, title_en="Held", state="sending", sent=1, queued=2).bulk_send
    paused.state = "paused"
    paused.save()
    page = text(client.get(LIST))
    for words in ("Draft", "Scheduled", "Waiting for your go-ahead", "Paused", "Sent"):
        assert f">{words}</span></a>" in page
    assert "November 24, 2026, 10:00 am ET" in page
    assert '<td class="field-audience_size">4</td><td class="field-sent_share">75%</td>' in page
    assert '<td class="field-audience_size">3</td><td class="field-sent_share">33%</td>' in page
    assert page.index("A draft") < page.index("Gone")


def test_the_number_of_queries_does_not_grow_with_the_issues(client, editor, now):
    client.get(LIST)
    sent_issue(now, sent=1)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for _n in range(5):
        sent_issue(now, sent=2)
    with CaptureQueriesContext(connection) as six:
        client.get(LIST)
    assert len(six) == len(one) <= 10


def test_what_was_sent_is_kept_when_sending_is_finished_and_counted_again_during_a_retry(client, editor, now):
    issue = sent_issue(now, state="sending", sent=3, failed=1)
    sending.finish_issues(now)
    assert BulkSend.objects.get().sent == 3
    assert '<td class="field-sent_share">75%</td>' in text(client.get(LIST))
    sending.retry_failed(issue, now=now)
    Message.objects.filter(state="queued").update(state="sent")
    assert '<td class="field-sent_share">100%</td>' in text(client.get(LIST))
    sending.finish_issues(now)
    assert BulkSend.objects.get().sent == 4
