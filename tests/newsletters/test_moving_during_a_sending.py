"""Someone changes their address while a worker has an email to them in hand: it is neither lost nor sent twice."""

from datetime import timedelta

import pytest

from newsletters.models import Subscriber
from newsletters.services import notifications
from newsletters.services.consent import Origin
from newsletters.services.sending import finish, start_sending
from newsletters.services.subscriptions import ask_new_address, confirm
from outbox import sending
from outbox.models import Message, SuppressionReason
from outbox.services import claim_bulk, recover
from outbox.services.claims import CLAIM_LASTS
from outbox.suppression import suppress
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def issue(subscriber, now):
    return start_sending(IssueFactory(), by=None, now=now)


def move(now):
    subscriber = Subscriber.objects.get()
    ask_new_address(subscriber, "new@example.ca", origin=Origin(), now=now)
    confirm(subscriber.requests.get(), origin=Origin(), now=now)
    Message.objects.exclude(message_type="newsletter").delete()


def issues(emails):
    """The recipients of the issue, without the emails about the change."""
    return [email.to[0] for email in emails if "List-Unsubscribe" in email.message()]


def test_what_a_dead_worker_had_claimed_follows_to_the_new_address(issue, drain, now):
    claim_bulk(now, most=10)
    move(now)
    assert Message.objects.get().to == "zoe@example.ca"  # not in the queue, so it was not changed there
    later = now + CLAIM_LASTS + timedelta(seconds=1)
    recover(later)
    emails = drain(later)
    assert issues(emails) == ["new@example.ca"]
    assert Subscriber.objects.get().token in emails[0].body
    message = Message.objects.get()
    assert (message.state, message.to) == ("sent", "new@example.ca")
    assert drain(later + HOUR) == []
    assert finish(issue, now=later)


def test_what_the_old_address_refuses_for_a_time_follows_to_the_new_one(issue, drain, now, monkeypatch):
    original, tries = sending.Connection.send, []

    def send(connection, message, email):
        tries.append(message.to)
        if len(tries) == 1:
            move(now)
            raise sending.TemporaryFailure("450 Try later.")
        return original(connection, message, email)

    monkeypatch.setattr(sending.Connection, "send", send)
    assert issues(drain(now)) == []
    assert issues(drain(now + HOUR)) == ["new@example.ca"]
    assert tries == ["zoe@example.ca", "new@example.ca"]


def test_what_the_old_address_accepted_is_not_sent_again(issue, drain, now, monkeypatch):
    original = sending.Connection.send

    def send(connection, message, email):
        move(now)
        return original(connection, message, email)

    monkeypatch.setattr(sending.Connection, "send", send)
    assert issues(drain(now)) == ["zoe@example.ca"]
    assert issues(drain(now + HOUR)) == []
    assert (Message.objects.get().state, Message.objects.get().to) == ("sent", "zoe@example.ca")
    assert finish(issue, now=now)


def test_a_new_address_that_is_suppressed_gets_nothing(issue, drain, now):
    claim_bulk(now, most=10)
    move(now)
    suppress("new@example.ca", SuppressionReason.COMPLAINT, now=now)
    later = now + CLAIM_LASTS + timedelta(seconds=1)
    recover(later)
    assert drain(later) == []
    assert Message.objects.get().state == "suppressed"


def test_a_link_that_was_asked_for_at_the_old_address_does_not_open_the_preferences_now(subscriber, drain, now):
    notifications.send_link(subscriber, now=now)
    Subscriber.objects.update(email="new@example.ca")
    assert drain(now) == []
    message = Message.objects.get()
    assert (message.state, message.to) == ("expired", "zoe@example.ca")


def test_a_link_goes_to_whoever_still_has_the_address(subscriber, drain, now):
    notifications.send_link(subscriber, now=now)
    assert [email.to for email in drain(now)] == [["zoe@example.ca"]]
