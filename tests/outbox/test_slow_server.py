"""A mail server that takes longer than a claim lasts: nothing goes twice, and a worker that has to stop gives back what is left."""

import asyncio
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from outbox import message_types, sending, services
from outbox.message_types import RenderedEmail
from outbox.models import Message
from outbox.services import Draft, write


@pytest.fixture(autouse=True)
def _kind():
    message_types.register("hello", lambda _data, _now: RenderedEmail("Hello", "Hello there", "<p>Hello there</p>"))
    yield
    del message_types._message_types["hello"]


@pytest.fixture
def slow(smtp):
    """The server takes a fifth of a second for each message."""
    original = smtp.handle_DATA

    async def handle_data(server, session, envelope):
        await asyncio.sleep(0.2)
        return await original(server, session, envelope)

    smtp.handle_DATA = handle_data
    return smtp


def put(count):
    now = timezone.now()
    later = now + timedelta(hours=1)
    write([Draft(f"hello:{n}", "hello", f"p{n:02}@example.ca", "en", {}, later) for n in range(count)], now=now)


def work(_number=0):
    with sending.Connection() as line:
        while services.drain_batch(line, timezone.now()):
            pass


@pytest.mark.django_db(transaction=True)
def test_fifty_slow_messages_go_once_though_the_claim_on_them_runs_out_many_times(slow, monkeypatch):
    from tests.registrations.test_register import in_threads

    """On a machine so busy that a worker stands still for longer than its claim, its group may end uncertain; never sent twice."""
    monkeypatch.setattr(services, "CLAIM_LASTS", timedelta(seconds=2))  # the fifty take ten
    put(50)

    def keep_claiming(_number):
        import time

        until = time.monotonic() + 60
        while time.monotonic() < until and Message.objects.filter(state__in=["queued", "sending"]).exists():
            work()
            time.sleep(0.1)

    in_threads(keep_claiming, 3)
    received = Counter(str(mail["To"]) for mail in slow.messages)
    assert set(received.values()) == {1}
    assert set(Message.objects.filter(state="sent").values_list("to", flat=True)) <= set(received)
    assert set(Message.objects.exclude(state="sent").values_list("state", flat=True)) <= {"uncertain"}
    assert len(received) >= 40


@pytest.mark.django_db
def test_rows_that_another_worker_has_taken_over_are_neither_sent_nor_recorded(smtp, monkeypatch):
    """The first worker wakes up after its claim ran out, with a second one in the middle of the same rows."""
    put(12)
    original = sending.Connection.send
    moment = [0.0]
    monkeypatch.setattr(services, "time", SimpleNamespace(monotonic=lambda: moment[0]))

    def send(self, message, letter):
        if message.to == "p03@example.ca":  # the machine slept, and another worker came
            moment[0] += services.CLAIM_LASTS.total_seconds() + 60
            rest = Message.objects.filter(to__gt="p03@example.ca")
            rest.update(claimed_at=timezone.now() + services.CLAIM_LASTS, handed_over_at=None)
        return original(self, message, letter)

    monkeypatch.setattr(sending.Connection, "send", send)
    with sending.Connection() as line:
        services.drain_batch(line, timezone.now())
    assert [str(mail["To"]) for mail in smtp.messages] == [f"p{n:02}@example.ca" for n in range(4)]
    assert Counter(Message.objects.values_list("state", flat=True)) == {"sent": 4, "sending": 8}


@pytest.mark.django_db
def test_a_message_given_up_as_uncertain_gets_its_true_outcome_from_the_worker_that_sent_it(smtp, monkeypatch):
    put(1)
    original = sending.Connection.send

    def send(self, message, letter):
        services._recover(timezone.now() + services.CLAIM_LASTS + timedelta(minutes=1))
        assert Message.objects.get().state == "uncertain"
        return original(self, message, letter)

    monkeypatch.setattr(sending.Connection, "send", send)
    work()
    assert (Message.objects.get().state, len(smtp.messages)) == ("sent", 1)


@pytest.mark.django_db
def test_a_worker_that_has_to_stop_sends_no_further_message_and_puts_the_rest_back(smtp):
    put(30)
    with sending.Connection() as line:
        services.drain_batch(line, timezone.now(), is_over=lambda: len(smtp.messages) >= 14)
    assert len(smtp.messages) == 14
    assert Counter(Message.objects.values_list("state", flat=True)) == {"sent": 14, "queued": 16}
    assert not Message.objects.filter(state="queued", handed_over_at__isnull=False).exists()
    work()
    assert Counter(str(mail["To"]) for mail in smtp.messages) == Counter({f"p{n:02}@example.ca": 1 for n in range(30)})
