"""Sending through a provider's API instead of SMTP: its errors lead to the same states."""

from datetime import timedelta

import pytest
import requests
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused, AnymailRequestsAPIError

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


def api_error(status):
    response = requests.Response()
    response.status_code = status
    return AnymailRequestsAPIError("refused", response=response)


@pytest.mark.parametrize(
    ("error", "state", "suppresses"),
    [
        (api_error(422), "failed", False),
        (api_error(429), "queued", False),
        (api_error(503), "queued", False),
        (api_error(401), "queued", False),
        (AnymailAPIError("the connection broke"), "uncertain", False),
        (AnymailRecipientsRefused("inactive"), "failed", True),
    ],
)
def test_each_api_error_leads_to_a_state(now, monkeypatch, settings, error, state, suppresses):
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"

    def refuse(self, message):
        raise error

    monkeypatch.setattr("anymail.backends.test.EmailBackend._send", refuse)
    write([Draft("hello:1", "hello", "a@example.ca", "en", {}, now + timedelta(hours=1))], now=now)
    with sending.Connection() as connection:
        services.drain_batch(connection, now)
    assert Message.objects.get().state == state
    assert Suppression.objects.exists() is suppresses


def test_a_message_sent_through_the_api_is_recorded_with_its_body(now, settings):
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    write([Draft("hello:1", "hello", "a@example.ca", "en", {}, now + timedelta(hours=1))], now=now)
    with sending.Connection() as connection:
        services.drain_batch(connection, now)
    message = Message.objects.get()
    assert (message.state, b"Hello there" in bytes(message.as_sent)) == ("sent", True)
