"""Logs of failed requests name the page and the place in the code, but no personal data."""

import io
import logging
import logging.config

import pytest
from django.conf import settings as django_settings
from django.core.handlers.exception import response_for_exception
from django.db import IntegrityError, OperationalError, transaction
from django.test import Client, RequestFactory

from accounts.models import User
from echo_portal.logs import PathFilter, RedactingFormatter
from registrations.tokens import make_join_token
from tests.factories import UserFactory


@pytest.fixture
def log():
    """The output of the console handler from the settings."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter())
    handler.addFilter(PathFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def test_the_settings_use_the_formatter_and_the_filter():
    console = django_settings.LOGGING["handlers"]["console"]
    assert console["filters"] == ["path"]
    assert django_settings.LOGGING["formatters"][console["formatter"]]["()"] == "echo_portal.logs.RedactingFormatter"
    logging.config.DictConfigurator(
        django_settings.LOGGING | {"handlers": {}, "root": {}, "loggers": {}}
    ).configure()  # raises if either is misconfigured


@pytest.mark.django_db
def test_a_500_logs_the_name_of_its_page_but_not_the_path(log, monkeypatch):
    from registrations.views import links

    def fails(*_args):
        raise ValueError("amelie@example.ca is invalid")

    monkeypatch.setattr(links, "_named_in", fails)
    token = make_join_token(1, 1)
    browser = Client(raise_request_exception=False)
    assert browser.get(f"/en/registration/join/{token}/").status_code == 500
    output = log.getvalue()
    assert "GET registrations:join" in output
    assert "in fails" in output
    assert output.rstrip().endswith("ValueError")
    assert token not in output
    assert "amelie" not in output


@pytest.mark.django_db
def test_a_csrf_failure_does_not_log_the_secret_link(log):
    token = make_join_token(1, 1)
    assert Client(enforce_csrf_checks=True).post(f"/en/registration/join/{token}/").status_code == 403
    assert token not in log.getvalue()


def test_a_path_without_a_page_is_logged_as_an_unknown_page(log):
    request = RequestFactory().get("/en/registration/join/sécret/")
    response_for_exception(request, RuntimeError())
    assert "GET an unknown page" in log.getvalue()
    assert "cret" not in log.getvalue()


@pytest.mark.django_db
def test_values_quoted_by_the_database_are_not_logged(log):
    UserFactory(email="amelie@example.ca")
    try:
        with transaction.atomic():
            User.objects.bulk_create([User(email="amelie@example.ca")])
    except IntegrityError:
        logging.getLogger("accounts").exception("It could not be saved for %s.", "amelie@example.ca")
    output = log.getvalue()
    assert "amelie" not in output
    assert "It could not be saved for [address]" in output
    assert "IntegrityError" in output
    assert "UniqueViolation" in output  # the name of the cause
    assert "test_logs.py" in output


def test_a_connection_error_is_logged_with_its_details(log):
    error = OperationalError("connection to server at 127.0.0.1 refused")
    logging.getLogger("outbox").error("Postgres is down.", exc_info=error)
    assert "OperationalError: connection to server at 127.0.0.1 refused" in log.getvalue()


def test_text_cached_by_another_handler_is_not_logged(log):
    error = ValueError("secret")
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "Failed.", None, (ValueError, error, None))
    logging.Formatter().format(record)
    assert "secret" not in RedactingFormatter().format(record)
