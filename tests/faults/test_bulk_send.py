"""An issue of the newsletter goes out while workers are killed, staff pause it, and people unsubscribe."""

import time
from collections import Counter

import pytest
from django.utils import timezone

from newsletters.models import Subscriber
from newsletters.services import sending
from outbox.models import Message
from outbox.services import BULK_BATCH
from tests.factories import IssueFactory, SubscriberFactory
from tests.faults.conftest import kill, wait_until_settled
from tests.processes import wait_until


@pytest.fixture(autouse=True)
def _use_the_portals_broker(valkey):
    from echo_portal.celery import app

    before = app.conf.broker_url
    app.conf.broker_url = valkey.url
    yield
    app.conf.broker_url = before


def start(people):
    Subscriber.objects.bulk_create(
        SubscriberFactory.build(email=f"p{n}@example.ca", language="fr" if n % 4 == 0 else "en") for n in range(people)
    )
    return sending.start_sending(IssueFactory(), by=None, now=timezone.now())


def arrived(server):
    return sum(server.received.values())


def check(issue, server):
    """Check that everyone got the issue once, unless the ledger says otherwise. Return the states and finish the issue."""
    rows = dict(Message.objects.values_list("to", "state"))
    assert [to for to, copies in server.received.items() if copies > 1] == []
    assert {to for to, state in rows.items() if state == "sent"} <= set(server.received)
    assert {state for to, state in rows.items() if to not in server.received} <= {"uncertain", "unsubscribed"}
    assert sending.finish(issue, now=timezone.now())
    return Counter(rows.values())


def test_killing_the_workers_twice_sends_no_issue_twice_and_leaves_at_most_a_batch_of_each_uncertain(portal, server):
    issue = start(1500)
    portal.start("worker", "beat")
    for count in (300, 900):
        wait_until(lambda count=count: arrived(server) > count, f"{count} emails", 120)
        kill(portal, "worker")
        assert arrived(server) < 1500
        portal.start("worker")
    wait_until_settled(120)
    states = check(issue, server)
    assert states["sent"] + states["uncertain"] == 1500
    assert states["uncertain"] <= 2 * 2 * BULK_BATCH  # two kills of two processes


def test_a_pause_takes_effect_within_a_second_and_resuming_sends_the_rest(portal, server):
    server.seconds = 0.05
    issue = start(300)
    portal.start("worker", "beat")
    wait_until(lambda: arrived(server) > 40, "The first emails", 60)
    sending.pause(issue, now=timezone.now())
    time.sleep(1)
    count = arrived(server)
    time.sleep(3)
    assert arrived(server) == count
    assert count < 300
    server.seconds = 0
    sending.resume(issue, now=timezone.now())
    wait_until_settled()
    assert check(issue, server) == {"sent": 300}


def test_someone_who_unsubscribes_while_the_issue_goes_out_does_not_get_it(portal, server):
    server.seconds = 0.02
    issue = start(600)
    last = list(Subscriber.objects.order_by("-pk").values_list("email", flat=True)[:100])
    portal.start("worker", "beat")
    wait_until(lambda: arrived(server) > 40, "The first emails", 60)
    Subscriber.objects.filter(email__in=last).update(unsubscribed_at=timezone.now())
    assert arrived(server) < 400
    wait_until_settled(120)
    assert check(issue, server) == {"sent": 500, "unsubscribed": 100}
    assert not set(last) & set(server.received)


def test_stopping_settles_everything_that_was_not_sent(portal, server):
    server.seconds = 0.05
    issue = start(300)
    portal.start("worker", "beat")
    wait_until(lambda: arrived(server) > 40, "The first emails", 60)
    sending.stop(issue, now=timezone.now())
    wait_until(lambda: sending.finish(issue, now=timezone.now()), "The end of the sending", 20)
    states = Counter(Message.objects.values_list("state", flat=True))
    assert states == {"sent": arrived(server), "expired": 300 - arrived(server)}
