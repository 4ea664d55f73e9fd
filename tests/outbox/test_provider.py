"""Sending through a provider's API instead of SMTP: its errors lead to the same states."""

import json
import re
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from anymail.exceptions import AnymailRequestsAPIError, AnymailUnsupportedFeature

from outbox import message_types, sending, services
from outbox.message_types import RenderedEmail
from outbox.models import Message, Suppression
from outbox.services import Draft, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hello_message_type():
    message_types.register("hello", lambda _data, _now: RenderedEmail("Hello", "Hello there", "<p>Hello there</p>"))
    yield
    del message_types._message_types["hello"]


class Provider:
    """Postmark's API on loopback. It answers with `status` and `body`, or hangs up without an answer."""

    status, body, hangs_up, is_slow = 200, {}, False, False

    def __enter__(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                if provider.is_slow:
                    provider.may_answer.wait(10)
                if provider.hangs_up or provider.is_slow:
                    return
                content = json.dumps(provider.body).encode()
                self.send_response(provider.status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_args):
                pass

        self.may_answer = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_exc):
        self.may_answer.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def provider(settings):
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    with Provider() as running:
        use(settings, running.server.server_port)
        yield running


def use(settings, port):
    api = {"POSTMARK_API_URL": f"http://127.0.0.1:{port}/", "POSTMARK_SERVER_TOKEN": "x", "REQUESTS_TIMEOUT": 0.3}
    settings.ANYMAIL = api


def send(now, count=1):
    """Send emails, and return the state and the reason of the first."""
    later = now + timedelta(hours=1)
    write([Draft(f"hello:{n}", "hello", "a@example.ca", "en", {}, later) for n in range(count)], now=now)
    with sending.Connection() as connection:
        services.drain_batch(connection, now)
    assert not Suppression.objects.exists()
    message = Message.objects.earliest("pk")
    return message.state, message.reason


ACCEPTED = {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a", "To": "a@example.ca"}


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (200, ACCEPTED, "sent"),
        (422, {"ErrorCode": 300, "Message": "Invalid email request"}, "failed"),
        (400, {}, "failed"),
        (401, {}, "queued"),  # a wrong key, which staff correct
        (429, {}, "queued"),
        (503, {}, "queued"),
        (500, {}, "uncertain"),
        (502, {}, "uncertain"),
        (504, {}, "uncertain"),
        (200, {"Message": "It has no error code and no id"}, "uncertain"),
        (200, "not what the API answers", "uncertain"),
    ],
)
def test_each_answer_of_the_api_leads_to_a_state(now, provider, status, body, state):
    """An email that the provider may have taken before it failed is never sent again by itself."""
    provider.status, provider.body = status, body
    assert send(now)[0] == state


def test_an_api_that_hangs_up_or_never_answers_may_have_taken_the_email(now, provider):
    provider.hangs_up = True
    assert send(now) == ("uncertain", "The provider answered nothing: AnymailRequestsAPIError")
    Message.objects.all().delete()
    provider.hangs_up, provider.is_slow = False, True
    assert send(now)[0] == "uncertain"


def test_an_api_that_cannot_be_reached_has_taken_nothing_and_is_tried_once_for_a_batch(now, settings, monkeypatch):
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    use(settings, port)  # nobody listens there any more
    tries = []
    monkeypatch.setattr("outbox.sending.pace.wait", lambda: tries.append(1))
    assert send(now, 3) == ("queued", "No connection to the provider.")
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}
    assert len(tries) == 1


def test_a_recipient_whom_the_provider_refuses_is_not_suppressed(now, provider):
    """Postmark refuses who has bounced, complained or unsubscribed alike. Its reports say which."""
    inactive = (
        "You tried to send to a recipient that has been marked as inactive.\nFound inactive addresses: a@example.ca.\n"
        "Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression."
    )
    provider.status, provider.body = 422, {"ErrorCode": 406, "Message": inactive}
    assert send(now) == ("failed", "The provider does not send to this address.")


def test_an_email_that_the_api_has_no_way_to_send_has_failed(now, settings, monkeypatch):
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"

    def refuse(self, message):
        raise AnymailUnsupportedFeature("two senders")

    monkeypatch.setattr("anymail.backends.test.EmailBackend._send", refuse)
    assert send(now)[0] == "failed"


@pytest.mark.parametrize(("status", "is_safe"), [(429, True), (503, True), (500, False), (504, False), (400, False)])
def test_only_what_the_provider_has_not_taken_may_be_retried(status, is_safe):
    error = sending._providers_verdict(AnymailRequestsAPIError(response=answer(status)))
    assert bool(re.match(sending.TEMPORARY_REASON, str(error))) is is_safe


def answer(status):
    response = requests.Response()
    response.status_code = status
    return response


def test_a_message_sent_through_the_api_is_recorded_with_its_body(now, settings):
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    write([Draft("hello:1", "hello", "a@example.ca", "en", {}, now + timedelta(hours=1))], now=now)
    with sending.Connection() as connection:
        services.drain_batch(connection, now)
    message = Message.objects.get()
    assert (message.state, b"Hello there" in bytes(message.as_sent)) == ("sent", True)
