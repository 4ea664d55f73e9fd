"""Issues that are sent at a set time, and the question to staff when that time passed long ago."""

from datetime import timedelta

import pytest

from newsletters.models import Issue, IssueState
from newsletters.services import sending
from newsletters.services.sending import finish_issues, send_due_issues
from outbox.models import Message
from tests.factories import IssueFactory, SubscriberFactory, UserFactory

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def writer():
    return UserFactory(is_staff=True, language="fr")


@pytest.fixture
def issue(now, writer):
    SubscriberFactory()
    return IssueFactory(state=IssueState.SCHEDULED, scheduled_at=now, created_by=writer)


def state():
    return Issue.objects.get().state


def test_an_issue_is_sent_at_its_time_and_not_before(issue, now, drain):
    send_due_issues(now - MINUTE)
    assert (state(), Message.objects.count()) == ("scheduled", 0)
    send_due_issues(now)
    send_due_issues(now)
    assert state() == "sending"
    assert len(drain(now)) == 1
    finish_issues(now)
    assert state() == "sent"


def test_its_audience_is_that_of_the_moment_when_it_is_sent(issue, now, drain):
    later = SubscriberFactory()
    send_due_issues(now)
    assert later.email in {email.to[0] for email in drain(now)}


def test_a_server_that_comes_back_soon_sends_what_is_due(issue, now):
    send_due_issues(now + 2 * HOUR)
    assert state() == "sending"


def test_an_issue_that_is_hours_overdue_asks_staff_in_their_language(issue, now, writer, drain, settings):
    late = now + 2 * HOUR + MINUTE
    send_due_issues(late)
    send_due_issues(late + MINUTE)
    assert state() == "overdue"
    sent = {email.to[0]: email for email in drain(late)}
    assert set(sent) == {settings.CONTACT_EMAIL, writer.email}
    assert f"/admin/newsletters/issue/{issue.pk}/send/" in sent[settings.CONTACT_EMAIL].body
    assert issue.title_fr in sent[writer.email].subject
    assert not Message.objects.filter(message_type="newsletter").exists()


def test_staff_can_still_send_an_overdue_issue(issue, now, writer, drain):
    late = now + DAY
    send_due_issues(late)
    sending.start_sending(issue, by=writer, now=late)
    assert state() == "sending"
    assert [email.to for email in drain(late)] == [[Message.objects.get(message_type="newsletter").to]]


def test_the_question_is_dropped_once_staff_have_decided(issue, now, writer, drain):
    late = now + DAY
    send_due_issues(late)
    Issue.objects.update(state=IssueState.DRAFT)
    assert drain(late) == []
    assert set(Message.objects.values_list("state", flat=True)) == {"expired"}


def test_a_writer_who_no_longer_works_here_is_not_asked(issue, now, writer, drain, settings):
    writer.is_active = False
    writer.save()
    send_due_issues(now + DAY)
    assert [email.to for email in drain(now + DAY)] == [[settings.CONTACT_EMAIL]]


def test_an_issue_that_is_not_ready_at_its_time_asks_staff_too(issue, now, drain):
    Issue.objects.update(audience_provinces=["YT"])  # nobody
    send_due_issues(now)
    assert state() == "overdue"
    assert len(drain(now)) == 2


def test_an_issue_that_cannot_be_started_does_not_hold_up_the_next(issue, now):
    Issue.objects.update(audience_provinces=["YT"])
    other = IssueFactory(state=IssueState.SCHEDULED, scheduled_at=now)
    send_due_issues(now)
    other.refresh_from_db()
    assert other.state == "sending"


def test_drafts_and_sent_issues_are_left_alone(now):
    SubscriberFactory()
    for kept in set(IssueState) - {IssueState.SCHEDULED}:
        IssueFactory(state=kept, scheduled_at=now - MINUTE)
    send_due_issues(now)
    assert Message.objects.count() == 0


def test_an_issue_that_staff_take_back_or_move_at_that_moment_is_not_sent(issue, now):
    Issue.objects.update(state=IssueState.DRAFT, scheduled_at=None)
    sending.start_if_due(issue, now=now)
    assert (state(), Message.objects.count()) == ("draft", 0)
    Issue.objects.update(state=IssueState.SCHEDULED, scheduled_at=now + DAY)
    sending.start_if_due(issue, now=now)
    assert (state(), Message.objects.count()) == ("scheduled", 0)


def test_an_issue_that_cannot_be_sent_does_not_hold_up_the_next(issue, now, monkeypatch):
    other = IssueFactory(state=IssueState.SCHEDULED, scheduled_at=now)
    start = sending.start_sending

    def fail_once(one, **options):
        return 1 / 0 if one.pk == issue.pk else start(one, **options)

    monkeypatch.setattr(sending, "start_sending", fail_once)
    send_due_issues(now)
    other.refresh_from_db()
    assert other.state == "sending"
