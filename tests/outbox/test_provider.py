"""A provider's API in the place of SMTP: its answers become the same verdicts."""

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
def _kind():
    message_types.register("hello", lambda _data, _now: RenderedEmail("Hello", "Hello there", "<p>Hello there</p>"))
    yield
    del message_types._message_types["hello"]


def answer(status):
    response = requests.Response()
    response.status_code = status
    return AnymailRequestsAPIError("refused", response=response)


@pytest.mark.parametrize(
    ("error", "state", "suppresses"),
    [
        (answer(422), "failed", False),
        (answer(429), "queued", False),
        (answer(503), "queued", False),
        (answer(401), "queued", False),
        (AnymailAPIError("the line broke"), "uncertain", False),
        (AnymailRecipientsRefused("inactive"), "failed", True),
    ],
)
def test_each_answer_is_a_verdict(now, monkeypatch, settings, error, state, suppresses):
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"

    def refuse(self, message):
        raise error

    monkeypatch.setattr("anymail.backends.test.EmailBackend._send", refuse)
    write([Draft("hello:1", "hello", "a@example.ca", "en", {}, now + timedelta(hours=1))], now=now)
    with sending.Connection() as line:
        services.drain_batch(line, now)
    assert Message.objects.get().state == state
    assert Suppression.objects.exists() is suppresses


def test_a_message_goes_over_the_api_and_is_kept_as_it_went(now, settings):
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    write([Draft("hello:1", "hello", "a@example.ca", "en", {}, now + timedelta(hours=1))], now=now)
    with sending.Connection() as line:
        services.drain_batch(line, now)
    message = Message.objects.get()
    assert (message.state, b"Hello there" in bytes(message.as_sent)) == ("sent", True)
