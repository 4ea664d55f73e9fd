"""Reports as Postmark and Mailgun send them, for tests."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

from django.utils import timezone

from outbox.models import DeliveryReport, Message, State, Suppression

SECRET, SIGNING_KEY = "name:word", "mailgun-signing-key"
TO, DAY = "bounce@example.ca", timedelta(days=1)


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


def suppressed():
    return dict(Suppression.objects.values_list("email", "reason"))


def reports():
    return sorted(DeliveryReport.objects.values_list("message__key", "kind"))
