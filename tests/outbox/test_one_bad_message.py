"""A message that cannot be sent does not affect others, and an accent in a domain is no problem. Uses a real SMTP server."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from outbox import message_types, sending, services
from outbox.message_types import RenderedEmail
from outbox.models import Message, Suppression
from outbox.services import Draft, write
from outbox.suppression import suppress, suppressed

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _hello_message_type():
    def render(data, now):
        if data.get("db_down"):
            raise OperationalError("server closed the connection unexpectedly")
        return RenderedEmail("Hello", "Hello there", data.get("html", "<p>Hello there</p>"))

    message_types.register("hello", render)
    yield
    del message_types._message_types["hello"]


def queue(now, *addresses, **data):
    drafts = [Draft(f"hello:{n}:{to}", "hello", to, "en", data, now + HOUR) for n, to in enumerate(addresses)]
    write(drafts, now=now)


def drain(now):
    with sending.Connection() as connection:
        while services.drain_batch(connection, now):
            pass


def states():
    return dict(Message.objects.values_list("to", "state"))


def test_email_to_a_domain_with_an_accent_is_delivered_to_its_ascii_form(now, smtp):
    queue(now, "marie@hôpital.ca")
    drain(now)
    (email,) = smtp.messages
    assert email["To"] == "marie@xn--hpital-ixa.ca"
    assert states() == {"marie@hôpital.ca": "sent"}


def test_one_undeliverable_address_does_not_stop_email_to_nine_others(now, smtp):
    nine = [f"colleague{n}@example.ca" for n in range(9)]
    queue(now, "hélène@example.ca", *nine)
    drain(now)
    assert sorted(email["To"] for email in smtp.messages) == nine
    assert states() == {"hélène@example.ca": "failed"} | dict.fromkeys(nine, "sent")
    assert "character" in Message.objects.get(to="hélène@example.ca").reason


def test_a_message_that_cannot_be_composed_does_not_affect_others(now, smtp):
    queue(now, "a@example.ca", html=7)  # cannot be encoded
    queue(now, "b@example.ca")
    drain(now)
    assert states() == {"a@example.ca": "failed", "b@example.ca": "sent"}


def test_an_unexpected_error_while_sending_does_not_affect_other_messages(now, smtp, monkeypatch):
    import smtplib

    original = smtplib.SMTP.sendmail

    def sendmail(self, sender, to, *args, **kwargs):
        if to == ["b@example.ca"]:
            raise ZeroDivisionError
        return original(self, sender, to, *args, **kwargs)

    monkeypatch.setattr(smtplib.SMTP, "sendmail", sendmail)
    queue(now, "a@example.ca", "b@example.ca", "c@example.ca")
    drain(now)
    assert states() == {"a@example.ca": "sent", "b@example.ca": "uncertain", "c@example.ca": "sent"}


def test_sent_messages_are_recorded_even_if_the_worker_stops_within_a_group(now, smtp, monkeypatch):
    original = sending.Connection.send

    def send(self, message, letter):
        if message.to == "b@example.ca":
            raise SystemExit
        return original(self, message, letter)

    monkeypatch.setattr(sending.Connection, "send", send)
    queue(now, "a@example.ca", "b@example.ca", "c@example.ca")
    with pytest.raises(SystemExit):
        drain(now)
    assert states() == {"a@example.ca": "sent", "b@example.ca": "sending", "c@example.ca": "sending"}


def test_a_group_that_cannot_be_loaded_together_is_loaded_one_by_one(now, smtp):
    def load(datas):
        return [{"n": data["n"]} for data in datas]

    def render(loaded, now):
        return RenderedEmail("Hello", f"Number {loaded['n']}", "<p>Hello there</p>")

    message_types.register("hello", render, load)
    queue(now, "a@example.ca", "b@example.ca", n=1)
    queue(now, "c@example.ca")
    drain(now)
    assert states() == {"a@example.ca": "sent", "b@example.ca": "sent", "c@example.ca": "failed"}


def test_the_data_of_a_group_is_loaded_once(now, smtp):
    calls = []

    def load(datas):
        calls.append(len(datas))
        return [f"Number {data['n']}" for data in datas]

    message_types.register("hello", lambda loaded, _now: RenderedEmail(loaded, loaded, f"<p>{loaded}</p>"), load)
    for n in range(4):
        queue(now, f"p{n}@example.ca", n=n)
    drain(now)
    assert calls == [4]
    assert {(email["To"], email["Subject"]) for email in smtp.messages} == {
        (f"p{n}@example.ca", f"Number {n}") for n in range(4)
    }


def test_a_message_does_not_fail_because_the_database_was_down(now, smtp):
    queue(now, "a@example.ca", db_down=True)
    with pytest.raises(OperationalError):
        drain(now)
    assert states() == {"a@example.ca": "sending"}
    Message.objects.update(data={})
    drain(now + services.CLAIM_LASTS + HOUR / 60)
    assert states() == {"a@example.ca": "sent"}


def test_control_characters_in_a_server_reply_are_removed(now, smtp):
    async def refuse(server, session, envelope, address, options):
        return "550 5.1.1 No\x00such\x07person"

    smtp.handle_RCPT = refuse
    queue(now, "a@example.ca")
    drain(now)
    assert Message.objects.get().reason == "550 5.1.1 No such person"
    assert Suppression.objects.count() == 1


def test_suppression_covers_every_spelling_of_an_address(now):
    suppress("Marie@xn--hpital-ixa.ca", "complaint", now=now)
    found = suppressed(["marie@hôpital.ca", "MARIE@HÔPITAL.CA", "other@example.ca", "odd@-..ca"])
    assert set(found) == {"marie@hôpital.ca", "MARIE@HÔPITAL.CA"}


def test_a_code_is_deleted_when_its_delivery_is_uncertain(now):
    write([Draft("code:1", "code", "a@example.ca", "en", {"code": "123456"}, now + HOUR)], now=now)
    Message.objects.update(state="sending", claimed_at=now - HOUR, handed_over_at=now - HOUR)
    services.recover(now)
    assert (Message.objects.get().state, Message.objects.get().data) == ("uncertain", {})


def test_after_an_address_change_queued_email_follows_but_codes_and_security_email_do_not(now):
    data_by_type = {"hello": {}, "code": {"code": "123456"}, "security": {"what": "password_set"}}
    write([Draft(f"{t}:1", t, "old@example.ca", "en", data, now + HOUR) for t, data in data_by_type.items()], now=now)
    services.readdress("old@example.ca", "new@example.ca")
    found = {message.message_type: (message.to, message.state, message.data) for message in Message.objects.all()}
    assert found["hello"] == ("new@example.ca", "queued", {})
    assert found["code"] == ("old@example.ca", "expired", {})
    assert found["security"][:2] == ("old@example.ca", "queued")
