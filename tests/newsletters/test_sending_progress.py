"""Staff watch a sending, pause it, resume it and stop it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from newsletters.models import Issue, IssueState
from outbox.models import BulkSend, Message, State
from tests.newsletters.sent_issues import add_email, sent_issue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def issue(now):
    issue = sent_issue(now, state="sending", sent=3, failed=1, unsubscribed=1, queued=7)
    Message.objects.filter(state=State.SENT).update(settled_at=now - timedelta(seconds=20))
    return issue


def url(name, issue):
    return reverse(f"admin:newsletters_issue_{name}", args=[issue.pk])


def text(response):
    return " ".join(response.content.decode().split())


def press(client, name, issue):
    return client.post(url(name, issue), follow=True)


def test_the_page_shows_how_much_is_done_the_rate_and_the_time_left(client, editor, issue):
    page = text(client.get(url("progress", issue)))
    assert '<progress max="12" value="5" aria-labelledby="progress-words">' in page
    assert "5 of 12 done (41%)" in page
    assert "<dt>Sent</dt> <dd> 3 </dd>" in page
    assert "<dt>Not sent</dt> <dd> 2 </dd>" in page
    assert "3 a minute" in page
    assert "about 2 minutes" in page
    assert "Refresh" in page


def test_the_figures_alone_are_what_the_script_fetches(client, editor, issue):
    page = text(client.get(url("progress_figures", issue)))
    assert page.startswith('<section class="module sending-state" data-state="running">')
    assert "5 of 12 done (41%)" in page
    assert "Sending, 40%" in page
    assert "<html" not in page


def test_the_figures_need_the_same_few_queries_for_any_number_of_emails(client, editor, issue, now):
    client.get(url("progress_figures", issue))
    with CaptureQueriesContext(connection) as few:
        client.get(url("progress_figures", issue))
    for n in range(20):
        add_email(issue, "sent", f"more{n}@example.ca", now=now)
    with CaptureQueriesContext(connection) as many:
        client.get(url("progress_figures", issue))
    about_emails = [query for query in many if "outbox_message" in query["sql"]]
    assert len(about_emails) == 1
    assert len(many) == len(few) <= 6


def test_a_sending_is_paused_and_resumed(client, editor, issue):
    page = text(press(client, "pause", issue))
    assert "Sending is paused." in page
    assert "<h2>Paused</h2>" in page
    assert 'value="Resume"' in page
    assert BulkSend.objects.get().state == "paused"
    page = text(press(client, "resume", issue))
    assert "Sending has resumed." in page
    assert 'value="Pause"' in page
    assert BulkSend.objects.get().state == "running"


def test_pressing_pause_twice_is_no_error(client, editor, issue):
    press(client, "pause", issue)
    page = text(press(client, "pause", issue))
    assert "<h2>Paused</h2>" in page
    assert "errornote" not in page


def test_stopping_asks_first_and_says_how_many_already_have_it(client, editor, issue):
    page = text(client.get(url("stop", issue)))
    assert "<b>3 people</b> already have the issue. That can’t be undone." in page
    assert "<b>7 others</b> won’t get it." in page
    assert BulkSend.objects.get().state == "running"


def test_a_stopped_issue_sends_nothing_more(client, editor, issue):
    response = press(client, "stop_now", issue)
    assert response.redirect_chain[-1][0] == url("result", issue)
    assert "Sending is stopped." in text(response)
    assert Issue.objects.get().state == IssueState.STOPPED
    assert not Message.objects.filter(state=State.QUEUED).exists()
    for name in ("pause", "resume", "stop_now"):
        assert "This issue has already finished sending." in text(press(client, name, issue))
    assert BulkSend.objects.get().state == "stopped"


def test_the_progress_of_an_issue_that_is_over_leads_to_its_result(client, editor, now):
    issue = sent_issue(now, sent=1)
    assert client.get(url("progress", issue)).url == url("result", issue)
    assert client.get(url("stop", issue)).url == url("result", issue)
    page = text(client.get(url("progress_figures", issue)))
    assert 'data-state="over"' in page
    assert url("result", issue) in page


def test_a_draft_has_no_progress_and_no_result(client, editor, now):
    issue = sent_issue(now, sent=1)
    Issue.objects.update(state=IssueState.DRAFT, bulk_send=None)
    for name in ("progress", "result", "stop", "unreached", "unreached_csv"):
        assert client.get(url(name, issue)).url == url("send", issue)
    assert client.get(url("progress_figures", issue)).status_code == 200
