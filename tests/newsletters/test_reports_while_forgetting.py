"""An email is reported as spam, or bounces, while its recipient is being forgotten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier, Event

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

import outbox.services
from newsletters.models import Subscriber
from newsletters.services import complaints
from newsletters.services.consent import Origin
from newsletters.services.subscriptions import forget
from outbox import webhooks
from outbox.models import DeliveryReport, Message, Suppression, SuppressionReason
from outbox.suppression import suppress
from tests.factories import SubscriberFactory
from tests.outbox.provider_reports import DAY, SECRET, TO, Postmark, reports, sent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("outbox.urls")]
SECONDS = 20


@pytest.fixture(autouse=True)
def _provider(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.fixture
def subscriber():
    """A subscriber with an issue that was sent an hour ago, whose mailbox refused email before."""
    now = timezone.now()
    suppress(TO, SuppressionReason.SOFT_BOUNCES, now=now - DAY)
    sent(is_bulk=True, data={"issue": 1})
    return SubscriberFactory(email=TO, subscribed_at=now - DAY)


def meet(monkeypatch, owner, name, barrier):
    """Let a function wait for the other one before it does its work."""
    original = getattr(owner, name)

    def run(*args, **kwargs):
        barrier.wait(SECONDS)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, run)


class Pause:
    """Make a function wait, once its work is done and while it holds its locks, until `until` is true."""

    def __init__(self, monkeypatch, owner, name):
        original, self.reached, self.is_over = getattr(owner, name), Event(), Event()

        def run(*args, **kwargs):
            result = original(*args, **kwargs)
            self.reached.set()
            assert self.is_over.wait(SECONDS)
            return result

        monkeypatch.setattr(owner, name, run)

    def until_waited_for(self, other):
        """Wait until the other thread waits for a lock, or has not needed one."""
        waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        with connection.cursor() as cursor:
            while not other.done():
                cursor.execute(waiting)
                if cursor.fetchone():
                    break
        self.is_over.set()


def in_thread(pool, work, *args, **kwargs):
    def run():
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    return pool.submit(run)


def test_both_are_done_without_a_deadlock(subscriber, client, monkeypatch):
    """The complaint has suppressed the address and comes to the subscriber, whom "Forget me" has locked already."""
    now, barrier = timezone.now(), Barrier(2)
    meet(monkeypatch, complaints, "unsubscribe", barrier)
    meet(monkeypatch, outbox.services, "forget_bulk", barrier)
    with ThreadPoolExecutor(2) as pool:
        complaint = in_thread(pool, Postmark().post, client, Postmark().complaint(now - timedelta(minutes=1)))
        forgetting = in_thread(pool, forget, subscriber, origin=Origin(), now=now)
        assert forgetting.result(SECONDS) is None
        assert complaint.result(SECONDS).status_code == 200
    assert not Subscriber.objects.exists()
    assert (Message.objects.get().to, reports()) == ("", [("hello:1", "complained")])
    assert list(Suppression.objects.values_list("email", "reason", "detail")) == [("", "soft-bounces", "")]


@pytest.mark.parametrize(
    ("owner", "name", "is_forgotten_first"), [(outbox.services, "forget_bulk", True), (webhooks, "suppress", False)]
)
@pytest.mark.parametrize("kind", ["bounce", "complaint"])
def test_whichever_is_first_no_address_stays(client, monkeypatch, kind, owner, name, is_forgotten_first):
    now = timezone.now()
    sent(is_bulk=True)
    subscriber = SubscriberFactory(email=TO, subscribed_at=now - DAY)
    pause = Pause(monkeypatch, owner, name)
    report = Postmark().post, client, getattr(Postmark(), kind)(now)
    forgetting = partial(forget, subscriber, origin=Origin(), now=now)
    first, second = ([forgetting], report) if is_forgotten_first else (report, [forgetting])
    with ThreadPoolExecutor(2) as pool:
        one = in_thread(pool, *first)
        assert pause.reached.wait(SECONDS)
        other = in_thread(pool, *second)
        pause.until_waited_for(other)
        one.result(SECONDS)
        other.result(SECONDS)
    assert Message.objects.get().to == ""
    assert list(Suppression.objects.exclude(email="", detail="")) == []
    assert list(DeliveryReport.objects.exclude(detail="")) == []


def test_the_next_copy_of_the_report_ends_what_an_error_interrupted(subscriber, client, monkeypatch):
    """The address is suppressed already. The provider sends the report again, because the answer was an error."""

    def fail(*_args, **_kwargs):
        raise OperationalError

    now, client.raise_request_exception = timezone.now(), False
    report = Postmark().complaint(now)
    with monkeypatch.context() as patch:
        patch.setattr(complaints, "unsubscribe", fail)
        assert Postmark().post(client, report).status_code == 500
    assert Postmark().post(client, report).status_code == 200
    subscriber.refresh_from_db()
    assert subscriber.unsubscribed_at == now
