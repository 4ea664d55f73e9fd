"""A mail server that is slower than a claim lasts: nothing is sent twice, and a stopping worker releases its messages."""

import asyncio
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from outbox import message_types, sending, services
from outbox.message_types import RenderedEmail
from outbox.models import Message
from outbox.services import Draft, claims, write


@pytest.fixture(autouse=True)
def _hello_message_type():
    message_types.register("hello", lambda _data, _now: RenderedEmail("Hello", "Hello there", "<p>Hello there</p>"))
    yield
    del message_types._message_types["hello"]


@pytest.fixture
def slow_smtp(smtp):
    """An SMTP server that takes 0.2 seconds for each message."""
    original = smtp.handle_DATA

    async def handle_data(server, session, envelope):
        await asyncio.sleep(0.2)
        return await original(server, session, envelope)

    smtp.handle_DATA = handle_data
    return smtp


def queue(count):
    now = timezone.now()
    later = now + timedelta(hours=1)
    write([Draft(f"hello:{n}", "hello", f"p{n:02}@example.ca", "en", {}, later) for n in range(count)], now=now)


def drain():
    with sending.Connection() as connection:
        while services.drain_batch(connection, timezone.now()):
            pass


@pytest.mark.django_db(transaction=True)
def test_slow_messages_are_sent_once_although_their_claim_expires(slow_smtp, monkeypatch):
    """On a busy machine a worker may pause for longer than its claim. Its group may then be uncertain but is not sent twice."""
    from tests.registrations.test_register import in_threads

    monkeypatch.setattr(services, "CLAIM_LASTS", timedelta(seconds=2))  # sending all 50 takes ten
    queue(50)

    def drain_repeatedly(_number):
        import time

        until = time.monotonic() + 60
        while time.monotonic() < until and Message.objects.filter(state__in=["queued", "sending"]).exists():
            drain()
            time.sleep(0.1)

    in_threads(drain_repeatedly, 3)
    received = Counter(str(email["To"]) for email in slow_smtp.messages)
    assert set(received.values()) == {1}
    assert set(Message.objects.filter(state="sent").values_list("to", flat=True)) <= set(received)
    assert set(Message.objects.exclude(state="sent").values_list("state", flat=True)) <= {"uncertain"}
    assert len(received) >= 40


@pytest.mark.django_db
def test_a_worker_does_not_send_messages_that_another_worker_has_claimed(smtp, monkeypatch):
    """The first worker pauses until its claim has expired and a second worker has claimed the same messages."""
    queue(12)
    original = sending.Connection.send
    moment = [0.0]
    monkeypatch.setattr(claims, "time", SimpleNamespace(monotonic=lambda: moment[0]))

    def send(self, message, letter):
        if message.to == "p03@example.ca":  # the pause
            moment[0] += services.CLAIM_LASTS.total_seconds() + 60
            rest = Message.objects.filter(to__gt="p03@example.ca")
            rest.update(claimed_at=timezone.now() + services.CLAIM_LASTS, handed_over_at=None)
        return original(self, message, letter)

    monkeypatch.setattr(sending.Connection, "send", send)
    with sending.Connection() as connection:
        services.drain_batch(connection, timezone.now())
    assert [str(email["To"]) for email in smtp.messages] == [f"p{n:02}@example.ca" for n in range(4)]
    assert Counter(Message.objects.values_list("state", flat=True)) == {"sent": 4, "sending": 8}


@pytest.mark.django_db
def test_an_uncertain_message_becomes_sent_if_its_worker_still_sends_it(smtp, monkeypatch):
    queue(1)
    original = sending.Connection.send

    def send(self, message, letter):
        services.recover(timezone.now() + services.CLAIM_LASTS + timedelta(minutes=1))
        assert Message.objects.get().state == "uncertain"
        return original(self, message, letter)

    monkeypatch.setattr(sending.Connection, "send", send)
    drain()
    assert (Message.objects.get().state, len(smtp.messages)) == ("sent", 1)


@pytest.mark.django_db
def test_a_stopping_worker_sends_nothing_more_and_releases_the_rest(smtp):
    queue(30)
    with sending.Connection() as connection:
        services.drain_batch(connection, timezone.now(), is_over=lambda: len(smtp.messages) >= 14)
    assert len(smtp.messages) == 14
    assert Counter(Message.objects.values_list("state", flat=True)) == {"sent": 14, "queued": 16}
    assert not Message.objects.filter(state="queued", handed_over_at__isnull=False).exists()
    drain()
    assert Counter(str(email["To"]) for email in smtp.messages) == Counter(
        {f"p{n:02}@example.ca": 1 for n in range(30)}
    )
