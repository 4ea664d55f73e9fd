"""Sending queued email: each message is sent once, for any answer of the mail server and even if a worker dies."""

from datetime import timedelta

import pytest

from echo_portal.celery import app as celery
from outbox import message_types, sending, services
from outbox.message_types import OutdatedMessage, RenderedEmail
from outbox.models import Message
from outbox.services import Draft, write

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _hello_message_type():
    def render(data, now):
        if data.get("stale"):
            raise OutdatedMessage("It is stale.")
        if data.get("broken"):
            raise RuntimeError("no such thing")
        return RenderedEmail("Hello", "Hello there", "<p>Hello there</p>")

    message_types.register("hello", render)
    yield
    del message_types._message_types["hello"]


def queue(now, key="hello:1", **data):
    write([Draft(key, "hello", "someone@example.ca", "en", data, now + timedelta(hours=1))], now=now)
    return Message.objects.get(key=key)


def drain(now):
    with sending.Connection() as connection:
        while services.drain_batch(connection, now):
            pass


def state(message):
    message.refresh_from_db()
    return message.state


@pytest.mark.django_db
def test_a_message_is_sent_once_even_if_written_and_drained_twice(now, smtp):
    message = queue(now)
    queue(now)
    drain(now)
    drain(now)
    assert (state(message), message.settled_at, message.subject) == ("sent", now, "Hello")
    (email,) = smtp.messages
    assert (email["To"], email["From"]) == (
        "someone@example.ca",
        "Palliative Care ECHO Project <sessions@echo.example.ca>",
    )
    assert email["Reply-To"] == "contact@echo.example.ca"
    assert [part.get_content_type() for part in email.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.django_db
def test_a_message_waits_for_its_time_and_expires_after_it(now, smtp):
    message = queue(now)
    drain(now - MINUTE)
    assert state(message) == "queued"
    drain(now + timedelta(hours=1))
    assert (state(message), smtp.messages) == ("expired", [])


@pytest.mark.django_db
def test_an_outdated_message_expires(now, smtp):
    message = queue(now, stale=True)
    drain(now)
    assert (state(message), message.reason, smtp.messages) == ("expired", "It is stale.", [])


@pytest.mark.django_db
def test_a_message_that_cannot_be_rendered_fails_and_blocks_no_others(now, smtp):
    broken, fine = queue(now, "hello:1", broken=True), queue(now, "hello:2")
    drain(now)
    assert (state(broken), state(fine), len(smtp.messages)) == ("failed", "sent", 1)


@pytest.mark.django_db
def test_a_temporary_refusal_is_retried_with_growing_pauses_and_then_fails(now, smtp):
    smtp.reply = "451 Later, please"
    message = queue(now)
    Message.objects.update(expires_at=now + timedelta(days=9))
    moment, pauses = now, []
    while state(message) == "queued":
        pauses.append(message.not_before - now)
        moment = message.not_before
        drain(moment)
    assert (message.state, message.attempts) == ("failed", len(services.PAUSES))
    assert "451 Later" in message.reason
    assert pauses == sorted(pauses)


@pytest.mark.django_db
def test_a_message_is_sent_after_a_temporary_refusal(now, smtp):
    smtp.reply = "451 Later, please"
    message = queue(now)
    drain(now)
    smtp.reply = "250 OK"
    drain(now + MINUTE)
    assert (state(message), len(smtp.messages)) == ("sent", 1)


@pytest.mark.django_db
def test_a_permanent_refusal_is_not_retried(now, smtp):
    smtp.reply = "550 No such mailbox"
    message = queue(now)
    drain(now)
    assert (state(message), message.reason) == ("failed", "550 No such mailbox")


@pytest.mark.django_db
def test_without_a_mail_server_messages_stay_queued(now, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    message = queue(now)
    drain(now)
    assert (state(message), message.attempts) == ("queued", 1)


@pytest.mark.django_db
def test_a_message_claimed_by_a_dead_worker_is_sent_later(now, smtp):
    message = queue(now)
    assert [claimed.pk for claimed in services.claim_service(now, most=50, few=10)] == [message.pk]
    drain(now + MINUTE)
    assert state(message) == "sending"
    drain(now + services.CLAIM_LASTS + MINUTE)
    assert (state(message), len(smtp.messages)) == ("sent", 1)


@pytest.mark.django_db
def test_a_message_is_uncertain_if_the_worker_died_after_handing_it_over(now, smtp):
    message = queue(now)
    services.claim_service(now, most=50, few=10)
    Message.objects.update(handed_over_at=now)
    drain(now + services.CLAIM_LASTS + MINUTE)
    assert (state(message), smtp.messages) == ("uncertain", [])


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_claim_the_same_message(now, smtp):
    from tests.registrations.test_register import in_threads

    write([Draft(f"hello:{n}", "hello", f"p{n}@example.ca", "en", {}, now + MINUTE) for n in range(120)], now=now)
    in_threads(lambda _n: drain(now), 4)
    assert len(smtp.messages) == 120
    assert len({email["To"] for email in smtp.messages}) == 120


@pytest.mark.django_db
def test_a_code_is_deleted_once_it_is_sent(now, smtp):
    message = queue(now, code="123456")
    drain(now)
    message.refresh_from_db()
    assert "123456" not in str(message.data)


@pytest.mark.django_db(transaction=True)
def test_a_message_is_queued_even_if_the_broker_is_down(now, settings, monkeypatch):
    def refuse(*_arguments, **_options):
        raise ConnectionError("The broker is down.")

    monkeypatch.setattr(celery, "send_task", refuse)
    assert queue(now).state == "queued"


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_queues_no_message(now):
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        queue(now)
        raise RuntimeError
    assert Message.objects.count() == 0
