"""A sending that comes back from a backup, or after the portal was down, asks staff before it goes on."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from newsletters.services import sending
from outbox import tasks
from outbox.models import BulkSend, Message
from outbox.services import LONG_SILENCE, finish_bulk_send
from tests.factories import IssueFactory, SubscriberFactory, UserFactory

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def writer():
    return UserFactory(is_staff=True, language="fr")


@pytest.fixture
def issue(clock, now, writer):
    """An issue whose sending has begun, while a worker was there."""
    tasks.drain()
    SubscriberFactory.create_batch(3, subscribed_at=now - HOUR)
    return sending.start_sending(IssueFactory(created_by=writer), by=None, now=now)


def states():
    return set(Message.objects.filter(message_type="newsletter").values_list("state", flat=True))


def addresses():
    return {to for email in mail.outbox for to in email.to}


def paused(issue):
    issue.bulk_send.refresh_from_db()
    return (issue.bulk_send.state, issue.bulk_send.pause_reason)


@pytest.mark.parametrize("task", [tasks.drain, tasks.sweep])
def test_after_hours_nothing_is_sent_before_staff_say_so(issue, clock, settings, writer, task):
    """The first worker that comes back notices, whether beat or a page woke it."""
    clock.shift(3 * HOUR)
    task()
    assert (paused(issue), states()) == (("paused", "silence"), {"queued"})
    assert addresses() == {settings.CONTACT_EMAIL, writer.email}
    link = reverse("admin:newsletters_issue_progress", args=[issue.pk])
    assert all(link in email.body.replace("/fr/", "/en/") for email in mail.outbox)
    task()
    assert (len(mail.outbox), states()) == (2, {"queued"})


def test_staff_see_why_and_resume(issue, clock, client, editor):
    clock.shift(3 * HOUR)
    tasks.drain()
    page = client.get(reverse("admin:newsletters_issue_progress", args=[issue.pk])).content.decode()
    assert "The portal was down, or was restored from a backup." in page
    assert "Resume" in page
    client.post(reverse("admin:newsletters_issue_resume", args=[issue.pk]))
    assert paused(issue) == ("running", "")
    tasks.drain()
    assert states() == {"sent"}
    page = client.get(reverse("admin:newsletters_issue_progress", args=[issue.pk])).content.decode()
    assert "restored from a backup" not in page


def test_after_a_night_what_is_resumed_has_its_full_time_again(issue, clock, now):
    clock.shift(30 * HOUR)
    tasks.drain()
    sending.resume(issue, now=now + 30 * HOUR)
    tasks.drain()
    assert states() == {"sent"}


def test_the_question_is_dropped_once_staff_have_stopped_the_sending(issue, clock, now, monkeypatch):
    clock.shift(3 * HOUR)
    monkeypatch.setattr(tasks.services, "drain_batch", lambda *_args, **_kwargs: 0)
    tasks.drain()
    monkeypatch.undo()
    sending.stop(issue, now=now + 3 * HOUR)
    tasks.drain()
    assert mail.outbox == []


def test_a_short_break_is_no_reason_to_ask(issue, clock):
    clock.shift(LONG_SILENCE - MINUTE)
    tasks.drain()
    assert (paused(issue)[0], states()) == ("running", {"sent"})


def test_an_issue_that_is_sent_while_no_worker_runs_goes_out_when_one_does(clock, now):
    """Nothing of it can have been sent before, so there is nothing to ask."""
    tasks.drain()
    clock.shift(3 * HOUR)
    SubscriberFactory(subscribed_at=now - HOUR)
    sending.start_sending(IssueFactory(), by=None, now=now + 3 * HOUR)
    clock.shift(MINUTE)
    tasks.drain()
    assert states() == {"sent"}


def test_a_sending_that_staff_have_paused_stays_as_it_was(issue, clock, now):
    sending.pause(issue, now=now)
    clock.shift(3 * HOUR)
    tasks.drain()
    assert (paused(issue), mail.outbox) == (("paused", ""), [])


def test_a_new_portal_has_nothing_to_ask(clock):
    tasks.drain()
    assert not BulkSend.objects.exists()


def test_a_sending_with_nothing_left_to_send_is_not_asked_about(issue, clock):
    Message.objects.update(state="sent", settled_at=issue.bulk_send.started_at)
    clock.shift(3 * HOUR)
    tasks.drain()
    assert (paused(issue), mail.outbox) == (("running", ""), [])


def test_a_sending_that_runs_again_no_longer_says_why_it_was_paused(issue, clock, now):
    clock.shift(3 * HOUR)
    tasks.drain()
    Message.objects.update(state="failed", reason="451 4.3.0 Try again later", settled_at=now)
    finish_bulk_send(issue.bulk_send, now=now + 3 * HOUR)
    assert paused(issue) == ("finished", "")
