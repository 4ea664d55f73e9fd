"""After a sending, every email of the audience is accounted for, and staff see what followed."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from newsletters.models import ConsentEvent, Issue
from outbox.models import BulkSend, Message
from tests.factories import IssueFactory
from tests.newsletters.sent_issues import report, sent_issue

pytestmark = pytest.mark.django_db
EVERYTHING = {"sent": 4, "failed": 3, "suppressed": 2, "uncertain": 1, "unsubscribed": 5, "expired": 6}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def url(name, issue):
    return reverse(f"admin:newsletters_issue_{name}", args=[issue.pk])


def text(response):
    return " ".join(response.content.decode().replace("\xa0", " ").split())


def row(page, label):
    """Return the number that is shown next to a label."""
    after = page[page.index(f"{label}") :]
    number = after[after.index('<td class="number">') :].partition("</td>")[0]
    return int(number.rpartition(">")[2])


def unsubscribe(email, at, issue):
    detail = {"issue": issue.pk} if issue else {}
    ConsentEvent.objects.create(at=at, email=email, action="unsubscribed", language="en", detail=detail)


def test_the_parts_add_up_to_the_frozen_audience(client, editor, now):
    page = text(client.get(url("result", sent_issue(now, state="stopped", **EVERYTHING))))
    table = page[page.index("What happened to each email") :]
    labels = {
        "The email server accepted it.": 4,
        "Refused or failed": 3,
        "Suppressed address": 2,
        "Uncertain": 1,
        "Unsubscribed meanwhile": 5,
        ">Not sent<": 6,
        "Everyone in the audience": 21,
    }
    assert {label: row(table, label) for label in labels} == labels
    assert "don’t add up" not in page


def test_numbers_that_do_not_add_up_are_said_to_be_wrong(client, editor, now):
    issue = sent_issue(now, **EVERYTHING)
    BulkSend.objects.update(audience=22)
    assert "These numbers don’t add up to the audience." in text(client.get(url("result", issue)))


def test_the_page_says_when_the_sending_began_and_ended(client, editor, now):
    page = text(client.get(url("result", sent_issue(now, sent=1))))
    assert "Sending began on November 23, 2026, 9:00 am ET." in page
    assert "It ended on November 23, 2026, 9:10 am ET, after about 10 minutes." in page


def test_reports_of_the_provider_and_people_who_left_are_counted(client, editor, now):
    issue = sent_issue(now, sent=4, failed=1)
    emails = list(Message.objects.filter(state="sent").order_by("pk"))
    for email in emails[:3]:
        report(email, "delivered", now)
    report(emails[3], "bounced", now)
    report(emails[0], "complained", now)
    unsubscribe("sent0@example.ca", now, issue)
    unsubscribe("sent0@example.ca", now + timedelta(days=1), issue)  # the same person, twice
    unsubscribe("sent1@example.ca", issue.finished_at + timedelta(days=8), issue)  # too late
    unsubscribe("sent2@example.ca", now - timedelta(days=1), issue)  # before the issue
    unsubscribe("sent3@example.ca", now, IssueFactory())  # left another issue
    unsubscribe("failed0@example.ca", now, None)  # left none
    page = text(client.get(url("result", issue)))
    for label, n in {"Delivered": 3, "Bounced": 1, "Reported as spam": 1, "Unsubscribed within 7 days": 1}.items():
        assert f"<dt>{label}</dt> <dd> {n} </dd>" in page
    assert "We have no delivery reports" not in page
    assert "These numbers can still grow." in page


def test_without_reports_the_page_says_where_they_would_come_from(client, editor, now, clock):
    issue = sent_issue(now, sent=1)
    clock.move_to(now + timedelta(days=8))
    client.force_login(editor)
    page = text(client.get(url("result", issue)))
    assert "We have no delivery reports for this issue." in page
    assert "These numbers can still grow." not in page
    assert "We don’t measure who opens the email" in page


def test_the_result_needs_few_queries(client, editor, now, django_assert_max_num_queries):
    issue = sent_issue(now, **EVERYTHING)
    client.get(url("result", issue))
    with django_assert_max_num_queries(9):
        client.get(url("result", issue))


def test_an_issue_without_emails_has_no_reports_of_other_emails(client, editor, now):
    issue = sent_issue(now)
    other = Message.objects.create(
        key="other", message_type="code", to="a@example.ca", state="sent", language="en", not_before=now, expires_at=now
    )
    report(other, "bounced", now)
    Issue.objects.filter(pk=issue.pk).update(bulk_send=None)
    assert "<dt>Bounced</dt> <dd> 0 </dd>" in text(client.get(url("result", issue)))
    assert "No one." in text(client.get(url("unreached", issue)))
