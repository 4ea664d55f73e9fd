"""Staff see who did not get an issue and why, download the list, and try again where that is safe."""

import csv
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from newsletters.models import Issue, IssueState
from outbox.models import Message, State, SuppressionReason
from outbox.suppression import suppress
from tests.newsletters.sent_issues import add_email, report, sent_issue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def issue(now):
    """Two copies failed and may be tried again. One address does not exist."""
    issue = sent_issue(now, sent=2, failed=2, suppressed=1, uncertain=1, unsubscribed=1)
    suppress("suppressed0@example.ca", SuppressionReason.COMPLAINT, now=now)
    add_email(issue, "failed", "missing@example.ca", now=now, reason="550 5.1.1 No such user")
    suppress("missing@example.ca", SuppressionReason.HARD_BOUNCE, now=now)
    report(Message.objects.get(to="sent1@example.ca"), "bounced", now, "mailbox full")
    issue.bulk_send.audience += 1
    issue.bulk_send.save()
    return issue


def url(name, issue):
    return reverse(f"admin:newsletters_issue_{name}", args=[issue.pk])


def text(response):
    return " ".join(response.content.decode().split())


def addresses(page):
    return [cell.partition("</th>")[0] for cell in page.split('<th scope="row">')[1:]]


def file(client, issue, **query):
    response = client.get(url("unreached_csv", issue), query)
    content = b"".join(response.streaming_content).decode()
    assert content.startswith("\ufeff")
    return list(csv.reader(io.StringIO(content[1:])))


def test_the_list_says_who_and_why(client, editor, issue):
    page = text(client.get(url("unreached", issue)))
    assert sorted(addresses(page)) == [
        "failed0@example.ca",
        "failed1@example.ca",
        "missing@example.ca",
        "sent1@example.ca",
        "suppressed0@example.ca",
        "uncertain0@example.ca",
        "unsubscribed0@example.ca",
    ]
    assert "(reported us as spam)" in page
    assert "(address does not exist)" in page
    assert '<div class="help" lang="en">550 5.1.1 No such user</div>' in page
    assert '<div class="help" lang="en">mailbox full</div>' in page


@pytest.mark.parametrize(
    ("reason", "people"), [("failed", 3), ("suppressed", 1), ("uncertain", 1), ("bounced", 1), ("nonsense", 7)]
)
def test_the_list_can_be_limited_to_one_reason(client, editor, issue, reason, people):
    assert len(addresses(text(client.get(url("unreached", issue), {"reason": reason})))) == people


def test_part_of_an_address_finds_people(client, editor, issue):
    assert addresses(text(client.get(url("unreached", issue), {"q": "MISS"}))) == ["missing@example.ca"]
    page = text(client.get(url("unreached", issue), {"q": "sent0"}))
    assert addresses(page) == []
    assert "No one." in page
    page = text(client.get(url("unreached", issue), {"q": '"><script>'}))
    assert "<script>" not in page.replace("<script src", "")


def test_a_long_list_has_pages_and_no_query_for_each_row(client, editor, issue, now):
    client.get(url("unreached", issue))
    with CaptureQueriesContext(connection) as few:
        client.get(url("unreached", issue))
    for n in range(150):
        add_email(issue, "failed", f"more{n}@example.ca", now=now)
    with CaptureQueriesContext(connection) as many:
        page = text(client.get(url("unreached", issue)))
    assert len(many) == len(few) <= 12
    assert len(addresses(page)) == 100
    assert "Page 1 of 2" in page
    assert len(addresses(text(client.get(url("unreached", issue), {"page": "2"})))) == 57


def test_an_address_that_was_deleted_is_not_shown(client, editor, issue):
    Message.objects.filter(to="failed0@example.ca").update(to="")
    page = text(client.get(url("unreached", issue)))
    assert "failed0" not in page
    assert "–" in addresses(page)


def test_trying_again_takes_only_those_for_whom_it_is_safe(client, editor, issue):
    page = text(client.get(url("unreached", issue)))
    assert 'value="Try again for 2 people"' in page
    assert "1 uncertain: this person may have it already" in page
    assert "addresses that don’t exist" in page
    response = client.post(url("retry", issue), follow=True)
    assert "We’re trying again for 2 people." in text(response)
    assert response.redirect_chain[-1][0] == url("progress", issue)
    queued = Message.objects.filter(state=State.QUEUED).values_list("to", flat=True)
    assert sorted(queued) == ["failed0@example.ca", "failed1@example.ca"]
    assert Issue.objects.get().state == IssueState.SENDING


def test_pressing_try_again_twice_finds_no_one_more(client, editor, issue):
    client.post(url("retry", issue))
    response = client.post(url("retry", issue), follow=True)
    assert "It isn’t safe to try again for anyone." in text(response)


def test_a_stopped_issue_is_not_tried_again(client, editor, now):
    issue = sent_issue(now, state="stopped", failed=1, expired=1)
    page = text(client.get(url("unreached", issue)))
    assert "Try again for" not in page
    client.post(url("retry", issue))
    assert not Message.objects.filter(state=State.QUEUED).exists()


def test_the_list_can_be_downloaded(client, editor, issue):
    rows = file(client, issue)
    assert rows[0] == ["Email address", "Language", "Reason", "Suppressed because", "Server’s reply"]
    assert ["suppressed0@example.ca", "English", "Suppressed address", "reported us as spam", ""] in rows
    assert len(rows) == 8
    assert len(file(client, issue, reason="failed", q="missing")) == 2


def test_the_file_is_in_the_language_of_the_page(client, editor, issue):
    address = url("unreached_csv", issue).replace("/en/", "/fr/")
    content = b"".join(client.get(address).streaming_content).decode()
    assert "Anglais" in content or "anglais" in content


def test_formulas_in_the_file_are_text(client, editor, now):
    issue = sent_issue(now)
    add_email(issue, "failed", "=cmd@example.ca", now=now, reason='=HYPERLINK("https://example.org")')
    assert file(client, issue)[1][0] == "'=cmd@example.ca"
    assert file(client, issue)[1][4].startswith("'=HYPERLINK")
