"""The figures of a sent issue stay what they were, whoever is forgotten, changes the address or is deleted later."""

from datetime import timedelta

import pytest

from newsletters.correspondence import LEFT_WITHIN
from newsletters.models import ConsentEvent, Subscriber
from newsletters.results import count_reports, count_unreached
from newsletters.services import subscriptions
from newsletters.services.consent import Origin
from newsletters.services.sending import finish, pause, progress, resume, retryable, start_sending
from outbox import sending as outbox_sending
from outbox.models import DeliveryReport, Message, SuppressionReason
from outbox.services import claim_bulk, recover
from outbox.services.claims import CLAIM_LASTS
from outbox.suppression import suppress
from tests.factories import IssueFactory, SubscriberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
HOUR = timedelta(hours=1)


@pytest.fixture
def people(now):
    return SubscriberFactory.create_batch(6, subscribed_at=now)


@pytest.fixture
def issue(people, now):
    return start_sending(IssueFactory(), by=None, now=now)


@pytest.fixture
def sent(issue, people, drain, now, monkeypatch):
    """The issue, after it ended in a different way for each: refused, suppressed, uncertain, unsubscribed, and two got it."""
    refused, complained, unclear, left = people[:4]
    suppress(complained.email, SuppressionReason.COMPLAINT, now=now)
    subscriptions.unsubscribe(left, origin=Origin(), now=now)
    answers = {
        refused.email: outbox_sending.TemporaryFailure("450 Try later."),
        unclear.email: outbox_sending.UncertainDelivery("The connection was lost."),
    }
    original = outbox_sending.Connection.send

    def send(connection, message, email):
        if message.to in answers:
            raise answers[message.to]
        return original(connection, message, email)

    monkeypatch.setattr(outbox_sending.Connection, "send", send)
    Message.objects.filter(to=refused.email).update(attempts=9)
    drain(now)
    assert finish(issue, now=now)
    return issue


def numbers(issue, now):
    return progress(issue, now=now).by_state


def leave(client, subscriber, issue=None):
    query = f"?issue={issue.pk}" if issue else ""
    client.post(f"/en/newsletter/unsubscribe/{subscriber.token}/{query}")


def left_after(issue, now):
    return count_reports(issue, now=now).unsubscribed


def forget_everyone(now):
    for subscriber in Subscriber.objects.all():
        subscriptions.forget(subscriber, origin=Origin(), now=now)


def test_the_parts_still_add_up_when_everyone_is_forgotten(sent, now):
    before, unreached = numbers(sent, now), count_unreached(sent)
    assert before == {"sent": 2, "failed": 1, "suppressed": 1, "uncertain": 1, "unsubscribed": 1}
    assert sum(before.values()) == sent.bulk_send.audience == 6
    forget_everyone(now + HOUR)
    assert set(Message.objects.filter(bulk_send=sent.bulk_send).values_list("to", flat=True)) == {""}
    assert numbers(sent, now) == before
    assert count_unreached(sent) == unreached


def test_nobody_who_was_forgotten_is_tried_again(sent, now):
    assert retryable(sent).count() == 1
    forget_everyone(now + HOUR)
    assert not retryable(sent).exists()


def test_the_parts_still_add_up_when_those_who_left_are_deleted(sent, client, now):
    before = numbers(sent, now)
    for subscriber in Subscriber.objects.all():
        leave(client, subscriber)
    subscriptions.prune(now + subscriptions.LEFT_KEPT_FOR)
    assert not Subscriber.objects.exists()
    assert numbers(sent, now) == before


def test_someone_who_is_forgotten_in_a_pause_counts_as_unsubscribed_meanwhile(issue, people, drain, now):
    pause(issue, now=now)
    subscriptions.forget(people[0], origin=Origin(), now=now)
    resume(issue, now=now)
    drain(now)
    assert finish(issue, now=now)
    assert numbers(issue, now) == {"sent": 5, "unsubscribed": 1}


def test_someone_who_is_forgotten_while_a_worker_dies_is_accounted_for(issue, people, drain, now):
    claim_bulk(now, most=10)
    subscriptions.forget(people[0], origin=Origin(), now=now)
    later = now + CLAIM_LASTS + timedelta(seconds=1)
    recover(later)
    assert len(drain(later)) == 5
    assert finish(issue, now=later)
    assert numbers(issue, now) == {"sent": 5, "unsubscribed": 1}


def test_reports_of_the_provider_stay_without_what_the_server_said(sent, people, now):
    message = Message.objects.get(to=people[5].email)
    DeliveryReport.objects.create(message=message, kind="bounced", detail=f"550 {people[5].email}", at=now)
    forget_everyone(now + HOUR)
    assert count_reports(sent, now=now).bounced == 1
    assert DeliveryReport.objects.get().detail == ""


class TestWhoLeftAfterIt:
    def test_the_figure_stays_when_they_are_forgotten(self, sent, people, client, now):
        leave(client, people[4], sent)
        assert left_after(sent, now) == 1
        forget_everyone(now + HOUR)
        assert left_after(sent, now) == 1

    def test_the_figure_stays_when_what_we_know_of_them_is_deleted(self, sent, people, client, now):
        leave(client, people[4], sent)
        subscriptions.prune(now + subscriptions.LEFT_KEPT_FOR)
        assert left_after(sent, now) == 1

    def test_an_old_link_counts_also_after_a_change_of_address(self, sent, people, client, now):
        subscriptions.ask_new_address(people[4], "new@example.ca", origin=Origin(), now=now)
        subscriptions.confirm(people[4].requests.get(), origin=Origin(), now=now)
        leave(client, people[4], sent)
        assert left_after(sent, now) == 1

    def test_someone_who_leaves_without_the_link_of_an_issue_left_the_last_one_they_got(self, sent, people, client):
        leave(client, people[4])
        assert ConsentEvent.objects.latest("pk").detail == {"issue": sent.pk}

    def test_someone_who_did_not_get_it_or_long_ago_left_no_issue(self, sent, people, client, now, clock):
        leave(client, people[0])
        assert ConsentEvent.objects.latest("pk").detail == {}
        clock.move_to(now + LEFT_WITHIN)
        leave(client, people[4])
        assert ConsentEvent.objects.latest("pk").detail == {}
        assert left_after(sent, now) == 0
