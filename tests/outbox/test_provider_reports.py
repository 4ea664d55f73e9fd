"""The signed reports of email providers, as Postmark, Amazon SES (through SNS) and Mailgun send them."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from outbox.models import DeliveryReport, Message, SoftBounce, State, Suppression
from outbox.suppression import lift

pytestmark = [pytest.mark.django_db, pytest.mark.urls("outbox.urls")]
SECRET, SIGNING_KEY = "name:word", "mailgun-signing-key"
IDENTITY = "19ba9823-d7f2-53c1-860e-cb10e0d13dfc"
TO, DAY = "bounce@example.ca", timedelta(days=1)


@pytest.fixture(autouse=True)
def _provider(settings, monkeypatch):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY}
    # Amazon's library is only needed to subscribe to a topic and to send.
    monkeypatch.setattr("anymail.webhooks.amazon_ses._get_anymail_boto3_params", lambda **_kwargs: ({}, {}))


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


class AmazonSes:
    """https://docs.aws.amazon.com/ses/latest/dg/notification-examples.html, in the notification of an SNS topic"""

    def post(self, client, report, secret=SECRET):
        body = report if isinstance(report, str) else json.dumps(report)
        kind = report["Type"] if isinstance(report, dict) else "Notification"
        identity = report["MessageId"] if isinstance(report, dict) else IDENTITY
        return client.post(
            "/amazon_ses/tracking/",
            body,
            "text/plain; charset=UTF-8",
            HTTP_AUTHORIZATION=basic(secret),
            HTTP_X_AMZ_SNS_MESSAGE_TYPE=kind,
            HTTP_X_AMZ_SNS_MESSAGE_ID=identity,
        )

    def notify(self, at, to, kind, **event):
        mail = {
            "timestamp": at.isoformat(),
            "source": "newsletter@echo.example.ca",
            "sourceArn": "arn:aws:ses:ca-central-1:888888888888:identity/echo.example.ca",
            "sourceIp": "192.0.2.1",
            "sendingAccountId": "123456789012",
            "messageId": "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000",
            "destination": [to],
            "headersTruncated": False,
            "headers": [{"name": "To", "value": to}, *event.pop("headers", [])],
            "commonHeaders": {"from": ["newsletter@echo.example.ca"], "to": [to], "subject": "Three new series"},
        }
        return {
            "Type": "Notification",
            "MessageId": IDENTITY,
            "TopicArn": "arn:aws:sns:ca-central-1:123456789012:SES_Events",
            "Subject": "Amazon SES Email Event Notification",
            "Message": json.dumps({"notificationType": kind, "mail": mail, kind.lower(): event}) + "\n",
            "Timestamp": at.isoformat(),
            "SignatureVersion": "1",
            "Signature": "EXAMPLE==",
            "SigningCertURL": "https://sns.ca-central-1.amazonaws.com/SimpleNotificationService-12345abcde.pem",
            "UnsubscribeURL": "https://sns.ca-central-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn",
        }

    def bounce(self, at, to=TO, kind="Permanent", subtype="General", **more):
        recipient = {
            "emailAddress": to,
            "status": "5.1.1",
            "action": "failed",
            "diagnosticCode": f"smtp; 550 5.1.1 <{to}>... User unknown",
        }
        return self.notify(
            at,
            to,
            "Bounce",
            bounceType=kind,
            bounceSubType=subtype,
            bouncedRecipients=[recipient],
            timestamp=at.isoformat(),
            feedbackId="00000138111222aa-44455566-cccc-cccc-cccc-ddddaaaa068a-000000",
            reportingMTA="dns; email.example.com",
            remoteMtaIp="127.0.2.0",
            **more,
        )

    def soft(self, at, to=TO):
        return self.bounce(at, to, "Transient", "MailboxFull")

    def complaint(self, at, to=TO, **more):
        return self.notify(
            at,
            to,
            "Complaint",
            userAgent="AnyCompany Feedback Loop (V0.01)",
            complainedRecipients=[{"emailAddress": to}],
            complaintFeedbackType="abuse",
            arrivalDate=at.isoformat(),
            timestamp=at.isoformat(),
            feedbackId="000001378603177f-18c07c78-fa81-4a58-9dd1-fedc3cb8f49a-000000",
            **more,
        )

    def delivery(self, at, to=TO, **more):
        return self.notify(
            at,
            to,
            "Delivery",
            timestamp=at.isoformat(),
            recipients=[to],
            processingTimeMillis=546,
            reportingMTA="a8-70.smtp-out.amazonses.com",
            smtpResponse="250 ok:  Message 64111812 accepted",
            remoteMtaIp="127.0.2.0",
            **more,
        )

    malformed = (
        "",
        "{",
        "[]",
        "null",
        json.dumps({"Type": "Notification", "MessageId": IDENTITY, "Message": "{"}),
        json.dumps({"Type": "Notification", "MessageId": IDENTITY, "Message": "[]"}),
        json.dumps({"Type": "Notification", "MessageId": IDENTITY, "Message": '{"notificationType": "Bounce"}'}),
    )


@pytest.fixture(params=[Postmark, AmazonSes], ids=["postmark", "amazon-ses"])
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


def test_a_complaint_suppresses_the_address_and_is_counted_for_the_email(provider, client, moment):
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


def test_a_report_that_is_replayed_later_is_ignored(provider, client, moment):
    """Someone who kept an old report cannot suppress an address whose suppression staff have lifted."""
    for report in (provider.bounce, provider.complaint, provider.soft):
        assert provider.post(client, report(moment - 8 * DAY)).status_code == 200
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)


def test_a_soft_bounce_that_is_replayed_on_other_days_counts_once(provider, client, moment, time_machine_days):
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
        more = {"headers": [{"name": "X-Metadata", "value": json.dumps({"message": str(first.pk)})}]}
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
    assert (suppressed(), reports(), SoftBounce.objects.count()) == ({}, [], 1)


def test_an_address_that_postmark_calls_invalid_is_suppressed(client, moment):
    Postmark().post(client, Postmark().bounce(moment, kind="BadEmailAddress"))
    assert suppressed() == {TO: "hard-bounce"}


@pytest.mark.parametrize("kind", ["DMARCPolicy", "Blocked", "ManuallyDeactivated"])
def test_a_policy_rejection_does_not_suppress_the_address(client, moment, kind):
    Postmark().post(client, Postmark().bounce(moment, kind=kind))
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)


def test_an_undetermined_bounce_from_amazon_does_not_suppress_the_address(client, moment):
    AmazonSes().post(client, AmazonSes().bounce(moment, kind="Undetermined", subtype="Undetermined"))
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 1)


def test_amazon_is_asked_for_the_secret_first(client):
    response = client.post("/amazon_ses/tracking/", "{}", "text/plain")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Basic realm="Anymail WEBHOOK_SECRET"')


class TestMailgun:
    """Mailgun signs each report (https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks/)."""

    def post(self, client, at, *, key=SIGNING_KEY, event="complained", **more):
        stamp, token = str(int(at.timestamp())), "a" * 50
        signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
        body = {
            "signature": {"timestamp": stamp, "token": token, "signature": signature},
            "event-data": {
                "event": event,
                "timestamp": at.timestamp(),
                "recipient": TO,
                "message": {"headers": {"message-id": "20260101.1@echo.example.ca", "to": TO}},
                "user-variables": {},
                "tags": [],
                **more,
            },
        }
        return client.post("/mailgun/tracking/", body, "application/json", HTTP_AUTHORIZATION=basic(SECRET))

    def test_a_signed_complaint_counts(self, client, moment):
        sent()
        assert self.post(client, moment).status_code == 200
        assert (suppressed(), reports()) == ({TO: "complaint"}, [("hello:1", "complained")])

    def test_a_wrong_signature_is_refused(self, client, moment):
        assert self.post(client, moment, key="another key").status_code == 400
        assert suppressed() == {}

    def test_a_full_mailbox_is_a_soft_bounce(self, client, moment):
        status = {"code": 552, "description": "Mailbox full"}
        more = {"severity": "permanent", "reason": "bounce", "delivery-status": status}
        self.post(client, moment, event="failed", **more)
        assert (suppressed(), SoftBounce.objects.count()) == ({}, 1)


def test_without_a_secret_the_portal_has_no_such_pages(client, settings):
    settings.ROOT_URLCONF = "echo_portal.urls"
    for name in ("postmark", "amazon_ses", "mailgun"):
        assert client.post(f"/anymail/{name}/tracking/").status_code == 404
