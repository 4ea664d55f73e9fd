"""One message that cannot be sent fails alone; an address with accents in its domain is delivered. Over a real SMTP server."""

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
def _kind():
    def render(data, now):
        if data.get("away"):
            raise OperationalError("server closed the connection unexpectedly")
        return RenderedEmail("Hello", "Hello there", data.get("html", "<p>Hello there</p>"))

    message_types.register("hello", render)
    yield
    del message_types._message_types["hello"]


def put(now, *addresses, **data):
    drafts = [Draft(f"hello:{n}:{to}", "hello", to, "en", data, now + HOUR) for n, to in enumerate(addresses)]
    write(drafts, now=now)


def run(now):
    with sending.Connection() as line:
        while services.drain_batch(line, now):
            pass


def states():
    return dict(Message.objects.values_list("to", "state"))


def test_an_address_with_an_accent_in_its_domain_is_delivered_in_its_ascii_form(now, smtp):
    put(now, "marie@hôpital.ca")
    run(now)
    (mail,) = smtp.messages
    assert mail["To"] == "marie@xn--hpital-ixa.ca"
    assert states() == {"marie@hôpital.ca": "sent"}


def test_ten_colleagues_of_whom_one_has_an_address_that_no_server_takes(now, smtp):
    nine = [f"colleague{n}@example.ca" for n in range(9)]
    put(now, "hélène@example.ca", *nine)
    run(now)
    assert sorted(mail["To"] for mail in smtp.messages) == nine
    assert states() == {"hélène@example.ca": "failed"} | dict.fromkeys(nine, "sent")
    assert "character" in Message.objects.get(to="hélène@example.ca").reason


def test_a_message_that_cannot_be_composed_fails_alone(now, smtp):
    put(now, "a@example.ca", html=7)  # what an email message cannot encode
    put(now, "b@example.ca")
    run(now)
    assert states() == {"a@example.ca": "failed", "b@example.ca": "sent"}


def test_whatever_breaks_while_one_message_is_sent_leaves_the_others_recorded(now, smtp, monkeypatch):
    import smtplib

    original = smtplib.SMTP.sendmail

    def sendmail(self, sender, to, *args, **kwargs):
        if to == ["b@example.ca"]:
            raise ZeroDivisionError
        return original(self, sender, to, *args, **kwargs)

    monkeypatch.setattr(smtplib.SMTP, "sendmail", sendmail)
    put(now, "a@example.ca", "b@example.ca", "c@example.ca")
    run(now)
    assert states() == {"a@example.ca": "sent", "b@example.ca": "uncertain", "c@example.ca": "sent"}


def test_what_was_sent_is_recorded_even_if_the_worker_is_stopped_in_the_middle_of_a_group(now, smtp, monkeypatch):
    original = sending.Connection.send

    def send(self, message, letter):
        if message.to == "b@example.ca":
            raise SystemExit
        return original(self, message, letter)

    monkeypatch.setattr(sending.Connection, "send", send)
    put(now, "a@example.ca", "b@example.ca", "c@example.ca")
    with pytest.raises(SystemExit):
        run(now)
    assert states() == {"a@example.ca": "sent", "b@example.ca": "sending", "c@example.ca": "sending"}


def test_a_group_that_cannot_be_read_at_once_is_read_one_by_one(now, smtp):
    def load(datas):
        return [{"n": data["n"]} for data in datas]

    def render(loaded, now):
        return RenderedEmail("Hello", f"Number {loaded['n']}", "<p>Hello there</p>")

    message_types.register("hello", render, load)
    put(now, "a@example.ca", "b@example.ca", n=1)
    put(now, "c@example.ca")
    run(now)
    assert states() == {"a@example.ca": "sent", "b@example.ca": "sent", "c@example.ca": "failed"}


def test_what_a_group_needs_is_read_once_and_each_message_gets_its_own(now, smtp):
    calls = []

    def load(datas):
        calls.append(len(datas))
        return [f"Number {data['n']}" for data in datas]

    message_types.register("hello", lambda loaded, _now: RenderedEmail(loaded, loaded, f"<p>{loaded}</p>"), load)
    for n in range(4):
        put(now, f"p{n}@example.ca", n=n)
    run(now)
    assert calls == [4]
    assert {(mail["To"], mail["Subject"]) for mail in smtp.messages} == {
        (f"p{n}@example.ca", f"Number {n}") for n in range(4)
    }


def test_a_message_does_not_fail_because_the_database_was_away(now, smtp):
    put(now, "a@example.ca", away=True)
    with pytest.raises(OperationalError):
        run(now)
    assert states() == {"a@example.ca": "sending"}
    Message.objects.update(data={})
    run(now + services.CLAIM_LASTS + HOUR / 60)
    assert states() == {"a@example.ca": "sent"}


def test_a_servers_answer_with_odd_characters_is_recorded(now, smtp):
    async def refuse(server, session, envelope, address, options):
        return "550 5.1.1 No\x00such\x07person"

    smtp.handle_RCPT = refuse
    put(now, "a@example.ca")
    run(now)
    assert Message.objects.get().reason == "550 5.1.1 No such person"
    assert Suppression.objects.count() == 1


def test_every_spelling_of_an_address_is_the_same_to_the_suppression_list(now):
    suppress("Marie@xn--hpital-ixa.ca", "complaint", now=now)
    found = suppressed(["marie@hôpital.ca", "MARIE@HÔPITAL.CA", "other@example.ca", "odd@-..ca"])
    assert set(found) == {"marie@hôpital.ca", "MARIE@HÔPITAL.CA"}


def test_a_code_is_not_kept_when_nobody_knows_whether_it_went(now):
    write([Draft("code:1", "code", "a@example.ca", "en", {"code": "123456"}, now + HOUR)], now=now)
    Message.objects.update(state="sending", claimed_at=now - HOUR, handed_over_at=now - HOUR)
    services._recover(now)
    assert (Message.objects.get().state, Message.objects.get().data) == ("uncertain", {})


def test_a_changed_address_takes_waiting_email_along_but_no_code_and_no_warning(now):
    kinds_and_data = {"hello": {}, "code": {"code": "123456"}, "security": {"what": "password_set"}}
    write([Draft(f"{k}:1", k, "old@example.ca", "en", data, now + HOUR) for k, data in kinds_and_data.items()], now=now)
    services.readdress("old@example.ca", "new@example.ca")
    found = {message.message_type: (message.to, message.state, message.data) for message in Message.objects.all()}
    assert found["hello"] == ("new@example.ca", "queued", {})
    assert found["code"] == ("old@example.ca", "expired", {})
    assert found["security"][:2] == ("old@example.ca", "queued")
