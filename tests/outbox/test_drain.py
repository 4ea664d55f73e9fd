"""Draining the ledger: each row once, whatever the mail server says and whenever a worker dies."""

from datetime import timedelta

import pytest

from echo_portal.celery import app as celery
from outbox import message_types, sending, services
from outbox.message_types import OutdatedMessage, RenderedEmail
from outbox.models import Message
from outbox.services import Draft, write

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _kind():
    def render(data, now):
        if data.get("stale"):
            raise OutdatedMessage("It is stale.")
        if data.get("broken"):
            raise RuntimeError("no such thing")
        return RenderedEmail("Hello", "Hello there", "<p>Hello there</p>")

    message_types.register("hello", render)
    yield
    del message_types._message_types["hello"]


def put(now, key="hello:1", **data):
    write([Draft(key, "hello", "someone@example.ca", "en", data, now + timedelta(hours=1))], now=now)
    return Message.objects.get(key=key)


def run(now):
    with sending.Connection() as line:
        while services.drain_batch(line, now):
            pass


def state(message):
    message.refresh_from_db()
    return message.state


@pytest.mark.django_db
def test_a_row_goes_once_however_often_it_is_written_and_drained(now, smtp):
    message = put(now)
    put(now)
    run(now)
    run(now)
    assert (state(message), message.settled_at, message.subject) == ("sent", now, "Hello")
    (mail,) = smtp.messages
    assert (mail["To"], mail["From"]) == (
        "someone@example.ca",
        "Palliative Care ECHO Project <sessions@echo.example.ca>",
    )
    assert mail["Reply-To"] == "contact@echo.example.ca"
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.django_db
def test_what_lies_ahead_waits_and_what_is_over_expires(now, smtp):
    message = put(now)
    run(now - MINUTE)
    assert state(message) == "queued"
    run(now + timedelta(hours=1))
    assert (state(message), smtp.messages) == ("expired", [])


@pytest.mark.django_db
def test_what_is_no_longer_true_is_not_said(now, smtp):
    message = put(now, stale=True)
    run(now)
    assert (state(message), message.reason, smtp.messages) == ("expired", "It is stale.", [])


@pytest.mark.django_db
def test_a_letter_that_cannot_be_written_fails_and_holds_up_nobody(now, smtp):
    broken, fine = put(now, "hello:1", broken=True), put(now, "hello:2")
    run(now)
    assert (state(broken), state(fine), len(smtp.messages)) == ("failed", "sent", 1)


@pytest.mark.django_db
def test_a_refusal_for_now_is_tried_again_with_growing_pauses_and_then_fails(now, smtp):
    smtp.answer = "451 Later, please"
    message = put(now)
    Message.objects.update(expires_at=now + timedelta(days=9))
    moment, pauses = now, []
    while state(message) == "queued":
        pauses.append(message.not_before - now)
        moment = message.not_before
        run(moment)
    assert (message.state, message.attempts) == ("failed", len(services.PAUSES))
    assert "451 Later" in message.reason
    assert pauses == sorted(pauses)


@pytest.mark.django_db
def test_after_a_refusal_for_now_it_goes(now, smtp):
    smtp.answer = "451 Later, please"
    message = put(now)
    run(now)
    smtp.answer = "250 OK"
    run(now + MINUTE)
    assert (state(message), len(smtp.messages)) == ("sent", 1)


@pytest.mark.django_db
def test_a_refusal_for_good_is_not_tried_again(now, smtp):
    smtp.answer = "550 No such mailbox"
    message = put(now)
    run(now)
    assert (state(message), message.reason) == ("failed", "550 No such mailbox")


@pytest.mark.django_db
def test_with_no_mail_server_nothing_is_lost(now, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    message = put(now)
    run(now)
    assert (state(message), message.attempts) == ("queued", 1)


@pytest.mark.django_db
def test_a_worker_that_died_before_the_server_was_spoken_to_lost_nothing(now, smtp):
    message = put(now)
    assert [claimed.pk for claimed in services._claim(now, is_bulk=False, most=50)] == [message.pk]
    run(now + MINUTE)
    assert state(message) == "sending"
    run(now + services.CLAIM_LASTS + MINUTE)
    assert (state(message), len(smtp.messages)) == ("sent", 1)


@pytest.mark.django_db
def test_a_worker_that_died_while_the_server_had_it_leaves_it_uncertain(now, smtp):
    message = put(now)
    services._claim(now, is_bulk=False, most=50)
    Message.objects.update(handed_over_at=now)
    run(now + services.CLAIM_LASTS + MINUTE)
    assert (state(message), smtp.messages) == ("uncertain", [])


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_claim_the_same_row(now, smtp):
    from tests.registrations.test_register import in_threads

    write([Draft(f"hello:{n}", "hello", f"p{n}@example.ca", "en", {}, now + MINUTE) for n in range(120)], now=now)
    in_threads(lambda _n: run(now), 4)
    assert len(smtp.messages) == 120
    assert len({mail["To"] for mail in smtp.messages}) == 120


@pytest.mark.django_db
def test_a_code_is_not_kept_once_it_is_sent(now, smtp):
    message = put(now, code="123456")
    run(now)
    message.refresh_from_db()
    assert "123456" not in str(message.data)


@pytest.mark.django_db(transaction=True)
def test_with_redis_down_the_row_is_written_all_the_same(now, settings, monkeypatch):
    def refuse(*_arguments, **_options):
        raise ConnectionError("no Redis")

    monkeypatch.setattr(celery, "send_task", refuse)
    assert put(now).state == "queued"


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_fact_is_not_told(now):
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        put(now)
        raise RuntimeError
    assert Message.objects.count() == 0
