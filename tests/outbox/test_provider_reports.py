"""The signed reports of email providers, as Postmark and Mailgun send them."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from outbox.models import DeliveryReport, HandledReport, Message, SoftBounce, State, Suppression
from outbox.suppression import lift
from outbox.webhooks import NO_SUCH_ADDRESS, REPORTED_WITHIN, prune

pytestmark = [pytest.mark.django_db, pytest.mark.urls("outbox.urls")]
SECRET, SIGNING_KEY = "name:word", "mailgun-signing-key"
TO, DAY = "bounce@example.ca", timedelta(days=1)


@pytest.fixture(autouse=True)
def _provider(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY}


@pytest.fixture
def moment():
    return timezone.now()


def sent(to=TO, key="hello:1", **fields):
    """Create a message that was sent an hour ago."""
    at = timezone.now() - timedelta(hours=1)
    fields = {"state": State.SENT, "settled_at": at} | fields
    return Message.objects.create(
        key=key, message_type="hello", to=to, language="en", not_before=at, expires_at=at + DAY, **fields
    )


def basic(secret):
    return "Basic " + base64.b64encode(secret.encode()).decode()


class Postmark:
    """https://postmarkapp.com/developer/webhooks/bounce-webhook, …/spam-complaint-webhook and …/delivery-webhook"""

    def post(self, client, report, secret=SECRET):
        body = report if isinstance(report, str) else json.dumps(report)
        return client.post("/postmark/tracking/", body, "application/json", HTTP_AUTHORIZATION=basic(secret))

    def bounce(self, at, to=TO, kind="HardBounce", **more):
        return {
            "RecordType": "Bounce",
            "ID": 901542550,
            "Type": kind,
            "TypeCode": 1,
            "ServerID": 23,
            "Name": "Hard bounce",
            "MessageID": "2706ee8a-737c-4285-b032-ccd317af53ed",
            "MessageStream": "broadcast",
            "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
            "Details": f"smtp;550 5.1.1 <{to}>... User unknown",
            "Email": to,
            "From": "newsletter@echo.example.ca",
            "BouncedAt": at.isoformat(),
            "DumpAvailable": True,
            "Inactive": True,
            "CanActivate": True,
            "Subject": "Three new series",
            "Content": "...",
            **more,
        }

    def soft(self, at, to=TO):
        return self.bounce(
            at, to, "SoftBounce", TypeCode=4096, Name="Soft bounce", Details="smtp;452 4.2.2 Mailbox full"
        )

    def complaint(self, at, to=TO, **more):
        kinds = {
            "RecordType": "SpamComplaint",
            "TypeCode": 512,
            "Name": "Spam complaint",
            "Description": "",
            "Details": "",
        }
        return self.bounce(at, to, "SpamComplaint", **kinds | more)

    def delivery(self, at, to=TO, **more):
        return {
            "RecordType": "Delivery",
            "ServerID": 23,
            "MessageStream": "broadcast",
            "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
            "Recipient": to,
            "Tag": "",
            "DeliveredAt": at.isoformat(),
            "Details": "smtp;250 2.0.0 OK",
            "Metadata": {},
            **more,
        }

    malformed = ("", "{", "[]", "null", '"text"', '{"RecordType": "Bounce", "BouncedAt": 7}', '{"RecordType": ["x"]}')


class Mailgun:
    """https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads, signed as in …/securing-webhooks"""

    def post(self, client, report, secret=SECRET, token="a" * 50):
        """Sign the report, with a wrong key if `secret` is not the right one, and send it."""
        key, stamp = SIGNING_KEY if secret == SECRET else secret, "1770146798"
        signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
        signed = {"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": report}
        body = report if isinstance(report, str) else json.dumps(signed)
        return client.post("/mailgun/tracking/", body, "application/json", HTTP_AUTHORIZATION=basic(SECRET))

    def event(self, name, at, to, **more):
        return {
            "id": "G9Bn5sl1TC6nu79C8C0bwg",
            "event": name,
            "timestamp": at.timestamp(),
            "log-level": "info",
            "domain": {"name": "echo.example.ca"},
            "recipient": to,
            "recipient-domain": to.rpartition("@")[2],
            "envelope": {"sender": "newsletter@echo.example.ca", "targets": to, "transport": "smtp"},
            "flags": {"is-authenticated": True, "is-routed": False, "is-system-test": False, "is-test-mode": False},
            "message": {
                "headers": {
                    "to": to,
                    "message-id": "20260203192638.000be97f99f8cea1@echo.example.ca",
                    "from": "newsletter@echo.example.ca",
                    "subject": "Three new series",
                },
                "attachments": [],
                "size": 14111,
            },
            "storage": {"url": "https://storage.example.ca/message_key", "key": "message_key"},
            "campaigns": [],
            "tags": [],
            "user-variables": {},
            **more,
        }

    def failure(self, at, to, severity, code, words, reason="bounce"):
        status = {
            "attempt-no": 1,
            "code": code,
            "description": "",
            "message": words,
            "mx-host": "mail.example.ca",
            "session-seconds": 2.95,
            "tls": True,
            "utf8": True,
        }
        more = {"severity": severity, "reason": reason, "delivery-status": status}
        return self.event("failed", at, to, **more)

    def bounce(self, at, to=TO):
        words = "5.1.1 The email account that you tried to reach does not exist. Please try\n5.1.1 double-checking it"
        return self.failure(at, to, "permanent", 550, words)

    def soft(self, at, to=TO):
        return self.failure(at, to, "permanent", 552, "5.2.2 The email account that you tried to reach is over quota")

    def complaint(self, at, to=TO, **more):
        return self.event("complained", at, to, **more)

    def delivery(self, at, to=TO, **more):
        status = {"attempt-no": 1, "code": 250, "message": "OK", "description": "", "mx-host": "mail.example.ca"}
        return self.event("delivered", at, to, **{"delivery-status": status} | more)

    malformed = (
        "",
        "{",
        "[]",
        "null",
        '"text"',
        {},
        [],
        {"event": "failed", "timestamp": "soon"},
        {"event": ["failed"], "timestamp": 1770146798},
        {"event": "failed", "timestamp": 1770146798, "recipient": TO, "delivery-status": "550"},
    )


@pytest.fixture(params=[Postmark, Mailgun], ids=["postmark", "mailgun"])
def provider(request):
    return request.param()


def suppressed():
    return dict(Suppression.objects.values_list("email", "reason"))


def reports():
    return sorted(DeliveryReport.objects.values_list("message__key", "kind"))


def test_a_permanent_bounce_suppresses_the_address_and_is_counted_for_the_email(provider, client, moment):
    sent()
    assert provider.post(client, provider.bounce(moment)).status_code == 200
    assert suppressed() == {TO: "hard-bounce"}
    assert reports() == [("hello:1", "bounced")]


def test_a_complaint_stops_bulk_email_and_is_counted_for_the_email(provider, client, moment):
    sent()
    assert provider.post(client, provider.complaint(moment)).status_code == 200
    assert suppressed() == {TO: "complaint"}
    assert reports() == [("hello:1", "complained")]


def test_a_delivery_is_counted_for_the_email(provider, client, moment):
    sent()
    sent(to="other@example.ca", key="hello:2")
    assert provider.post(client, provider.delivery(moment)).status_code == 200
    assert (suppressed(), reports()) == ({}, [("hello:1", "delivered")])


def test_a_full_mailbox_suppresses_nobody_for_good(provider, client, moment):
    """Only refusals on five different days do, and staff can lift that."""
    sent()
    for _ in range(20):
        assert provider.post(client, provider.soft(moment)).status_code == 200
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 1)
    for days in range(1, 5):
        provider.post(client, provider.soft(moment - days * DAY))
    assert suppressed() == {TO: "soft-bounces"}
    lift(Suppression.objects.get())
    provider.post(client, provider.soft(moment))
    assert suppressed() == {}


@pytest.mark.parametrize("secret", ["name:wrong", "", "name", ":", "other:word"])
def test_a_report_with_a_wrong_signature_changes_nothing(provider, client, moment, secret):
    sent()
    for report in (
        provider.bounce(moment),
        provider.complaint(moment),
        provider.delivery(moment),
        provider.soft(moment),
    ):
        assert provider.post(client, report, secret).status_code in (400, 401)
    assert (suppressed(), reports(), SoftBounce.objects.count()) == ({}, [], 0)


def test_a_report_that_comes_again_changes_nothing(provider, client, moment):
    sent()
    every = [provider.delivery(moment), provider.soft(moment), provider.complaint(moment)]
    for report in every * 3:
        assert provider.post(client, report).status_code == 200
    assert reports() == [("hello:1", "bounced"), ("hello:1", "complained"), ("hello:1", "delivered")]
    assert (suppressed(), SoftBounce.objects.count()) == ({TO: "complaint"}, 1)


def test_a_report_that_comes_again_after_staff_lifted_the_suppression_changes_nothing(provider, client, moment):
    """A new bounce or complaint does. Mailgun signs each copy of a report with a new token."""
    sent()
    for report in (provider.bounce, provider.complaint):
        first, later = report(moment - DAY), report(moment)
        provider.post(client, first)
        lift(Suppression.objects.get())
        provider.post(client, first, **({"token": "b" * 50} if isinstance(provider, Mailgun) else {}))
        assert suppressed() == {}
        provider.post(client, later)
        assert list(suppressed()) == [TO]
        lift(Suppression.objects.get())


def test_what_was_handled_is_forgotten_when_it_is_too_old_to_come_again(provider, client, moment):
    sent()
    provider.post(client, provider.bounce(moment))
    prune(moment + REPORTED_WITHIN)
    assert HandledReport.objects.count() == 1
    prune(moment + REPORTED_WITHIN + DAY)
    assert HandledReport.objects.count() == 0


def test_a_report_that_is_replayed_later_is_ignored(provider, client, moment):
    """Someone who kept an old report cannot suppress an address whose suppression staff have lifted."""
    sent()
    for report in (provider.bounce, provider.complaint, provider.soft):
        assert provider.post(client, report(moment - 8 * DAY)).status_code == 200
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)


def test_a_soft_bounce_that_is_replayed_on_other_days_counts_once(provider, client, moment, time_machine_days):
    sent()
    report = provider.soft(moment)
    for day in time_machine_days(moment, 6):
        assert provider.post(client, report).status_code == 200, day
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 1)


@pytest.fixture
def time_machine_days():
    """Return a generator that moves the clock a day forward each time."""
    import time_machine

    def run(start, days):
        for day in range(days):
            with time_machine.travel(start + day * DAY, tick=False):
                yield day

    return run


def test_a_malformed_report_is_refused_and_changes_nothing(provider, client):
    for body in provider.malformed:
        assert provider.post(client, body).status_code in (200, 400), body
    assert provider.post(client, "{").status_code == 400
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)


def test_a_report_about_a_domain_with_an_accent_finds_the_email(provider, client, moment):
    sent(to="marie@hôpital.ca")
    provider.post(client, provider.bounce(moment, to="Marie@xn--hpital-ixa.ca"))
    assert reports() == [("hello:1", "bounced")]
    assert Suppression.objects.count() == 1


def test_a_report_about_an_unknown_address_is_accepted(provider, client, moment):
    assert provider.post(client, provider.delivery(moment, to="nobody@example.ca")).status_code == 200
    assert reports() == []


def test_a_report_is_about_the_last_email_that_was_sent_before_it(provider, client, moment):
    old, later = moment - 10 * DAY, moment + timedelta(hours=1)
    sent(key="too old", settled_at=old)
    sent(key="earlier", settled_at=moment - DAY)
    sent(key="the one", settled_at=moment - timedelta(hours=2))
    sent(key="later", settled_at=later)
    sent(key="not sent", state=State.FAILED)
    provider.post(client, provider.delivery(moment))
    assert reports() == [("the one", "delivered")]


def test_an_email_sent_through_the_api_is_found_by_its_key(provider, client, moment):
    first, _second = sent(key="first"), sent(key="second")
    if isinstance(provider, Postmark):
        more = {"Metadata": {"message": str(first.pk)}}
    else:
        more = {"user-variables": {"message": str(first.pk)}}
    provider.post(client, provider.delivery(moment, **more))
    assert reports() == [("first", "delivered")]


def test_a_key_of_another_persons_email_is_not_believed(client, moment):
    theirs, mine = sent(to="other@example.ca", key="theirs"), sent(key="mine")
    for number in (str(theirs.pk), "x", "-1", "²", "9" * 40):
        Postmark().post(client, Postmark().delivery(moment, Metadata={"message": number}))
    assert reports() == [(mine.key, "delivered")]


def test_what_is_sent_through_an_api_carries_its_key(now, settings):
    from django.core import mail

    from outbox import message_types, sending, services
    from outbox.message_types import RenderedEmail
    from outbox.services import Draft, write

    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    message_types.register("hello", lambda _data, _now: RenderedEmail("Hello", "Hello there", "<p>Hello there</p>"))
    try:
        write([Draft("hello:1", "hello", TO, "en", {}, now + DAY)], now=now)
        with sending.Connection() as connection:
            services.drain_batch(connection, now)
    finally:
        del message_types._message_types["hello"]
    message = Message.objects.get()
    assert message.state == State.SENT
    assert mail.outbox[0].metadata == {"message": str(message.pk)}


@pytest.mark.parametrize("kind", ["Transient", "DnsError"])
def test_a_delay_that_postmark_reports_is_no_bounce_of_the_email(client, moment, kind):
    sent()
    Postmark().post(client, Postmark().bounce(moment, kind=kind))
    assert (suppressed(), reports(), SoftBounce.objects.count()) == ({}, [], 0)


def test_an_address_that_postmark_calls_invalid_is_suppressed(client, moment):
    sent()
    Postmark().post(client, Postmark().bounce(moment, kind="BadEmailAddress"))
    assert suppressed() == {TO: "hard-bounce"}


@pytest.mark.parametrize("kind", ["DMARCPolicy", "Blocked", "ManuallyDeactivated"])
def test_a_policy_rejection_does_not_suppress_the_address(client, moment, kind):
    sent()
    Postmark().post(client, Postmark().bounce(moment, kind=kind))
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)


def test_an_email_that_mailgun_is_still_trying_to_deliver_is_no_bounce(client, moment):
    """A server that lets newcomers wait (greylisting) takes the email a little later."""
    sent()
    words = "Recipient address rejected: Greylisted"
    Mailgun().post(client, Mailgun().failure(moment, TO, "temporary", 450, words, "greylisted"))
    assert (suppressed(), reports(), SoftBounce.objects.count()) == ({}, [], 0)


@pytest.mark.parametrize("reason", ["suppress-complaint", "suppress-unsubscribe"])
def test_an_email_that_mailgun_holds_back_says_nothing_about_the_address(client, moment, reason):
    sent()
    words = "Not delivering to a user who marked your messages as spam"
    Mailgun().post(client, Mailgun().failure(moment, TO, "permanent", 607, words, reason))
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)


def test_a_signed_report_needs_the_secret_too(client, moment):
    """Mailgun's signature does not cover the report itself."""
    report, mailgun = Mailgun().bounce(moment), Mailgun()
    wrong = type("Client", (), {"post": lambda _self, *args, **_kwargs: client.post(*args)})()
    assert mailgun.post(wrong, report).status_code == 400
    assert suppressed() == {}


def test_a_report_of_a_provider_that_is_not_set_up_or_not_supported_is_not_found(client, settings, moment):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    assert Mailgun().post(client, Mailgun().bounce(moment)).status_code == 404
    for name in ("amazon_ses", "brevo", "sendgrid"):
        assert client.post(f"/{name}/tracking/", "{}", "application/json").status_code == 404


def test_without_a_secret_the_portal_has_no_such_pages(client, settings):
    settings.ROOT_URLCONF = "echo_portal.urls"
    for name in ("postmark", "mailgun"):
        assert client.post(f"/anymail/{name}/tracking/").status_code == 404


@pytest.mark.parametrize(
    ("words", "says_so"),
    [
        ("550 5.1.1 No such person", True),
        ("550-5.1.10 RecipientNotFound", True),
        ("5.1.1", True),
        ("552 5.2.2 Mailbox full", False),
        ("554 5.7.1 Host 185.5.1.2 is blocked", False),
        ("554 Host 5.1.2.77 is blocked", False),
    ],
)
def test_the_status_of_a_missing_address_is_not_found_inside_an_ip_address(words, says_so):
    assert bool(NO_SUCH_ADDRESS.search(words)) is says_so
