"""An address is erased from the ledger while a worker has a message to it in hand."""

from datetime import timedelta

import pytest

from outbox import message_types, sending, services
from outbox.message_types import RenderedEmail
from outbox.models import Message, SoftBounce, Suppression
from outbox.services import Draft, claim_service, forget_address, prune, recover, requeue, write
from outbox.services.results import ERASED
from outbox.suppression import SOFT_WITHIN, count_soft_bounce, suppress

pytestmark = pytest.mark.django_db
TO, HOUR, DAY = "someone@example.ca", timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _hello_message_type():
    def render(data, now):
        return RenderedEmail(f"Hello {data['name']}", "Hello there", "<p>Hello there</p>")

    message_types.register("hello", render)
    yield
    del message_types._message_types["hello"]


@pytest.fixture
def message(now):
    write([Draft("hello:1", "hello", TO, "en", {"name": "Zoé"}, now + DAY)], now=now)
    return Message.objects.get()


def drain(now):
    with sending.Connection() as connection:
        while services.drain_batch(connection, now):
            pass


def erase_while_sending(monkeypatch, answer=None):
    original = sending.Connection.send

    def send(connection, message, email):
        forget_address(TO)
        if answer:
            raise answer
        return original(connection, message, email)

    monkeypatch.setattr(sending.Connection, "send", send)


def test_neither_the_subject_nor_the_copy_comes_back(message, smtp, now, monkeypatch):
    erase_while_sending(monkeypatch)
    drain(now)
    assert len(smtp.messages) == 1
    message.refresh_from_db()
    assert (message.state, message.to, message.subject, message.as_sent) == ("sent", "", "", None)


def test_without_that_both_are_kept(message, smtp, now):
    drain(now)
    message.refresh_from_db()
    assert (message.state, message.to, message.subject) == ("sent", TO, "Hello Zoé")
    assert b"Hello there" in bytes(message.as_sent)


def test_the_servers_reply_does_not_come_back(message, smtp, now, monkeypatch):
    erase_while_sending(monkeypatch, sending.PermanentFailure(f"550 {TO} is unknown"))
    drain(now)
    message.refresh_from_db()
    assert (message.state, message.reason) == ("failed", ERASED)


@pytest.mark.parametrize("refusal", [sending.PermanentFailure, sending.TemporaryFailure])
def test_an_address_that_the_server_refuses_does_not_come_back(message, now, monkeypatch, refusal):
    erase_while_sending(monkeypatch, refusal(f"Refused: {TO} is unknown", is_address=True))
    drain(now)
    assert (Suppression.objects.count(), SoftBounce.objects.count()) == (0, 0)


@pytest.mark.parametrize(("is_bulk", "state"), [(False, "expired"), (True, "unsubscribed")])
def test_what_returns_to_the_queue_without_an_address_is_not_sent(message, smtp, now, is_bulk, state, caplog):
    claim_service(now, most=1, few=1)
    Message.objects.update(is_bulk=is_bulk, to="", data={})
    later = now + services.CLAIM_LASTS + HOUR
    recover(later)
    drain(later)
    message.refresh_from_db()
    assert (message.state, message.reason, smtp.messages) == (state, ERASED, [])
    assert not caplog.records


def test_what_a_server_said_about_the_address_goes_too(message, now):
    Message.objects.update(state="failed", reason=f"550 {TO} is unknown")
    suppress(TO, "hard-bounce", now=now, detail=f"550 {TO} is unknown")
    forget_address("other@example.ca")
    assert TO in Message.objects.get().reason
    forget_address(TO)
    assert Message.objects.get().reason == ERASED
    assert (Suppression.objects.get().email, Suppression.objects.get().detail) == ("", "")


def test_days_of_refusals_are_deleted_once_they_count_no_longer(now):
    count_soft_bounce(TO, now=now)
    prune(now + SOFT_WITHIN - DAY)
    assert SoftBounce.objects.exists()
    prune(now + SOFT_WITHIN)
    assert not SoftBounce.objects.exists()


def test_staff_can_send_again_only_where_the_address_is_known(message, now):
    Message.objects.update(state="failed")
    assert requeue(Message.objects.all(), now=now) == 1
    Message.objects.update(state="failed", to="")
    assert requeue(Message.objects.all(), now=now) == 0
