"""What is logged of a request that fails: which page and where in the code, and nothing about whom."""

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
def lines():
    """What the console handler of the settings writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter())
    handler.addFilter(PathFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def test_the_settings_use_both():
    console = django_settings.LOGGING["handlers"]["console"]
    assert console["filters"] == ["path"]
    assert django_settings.LOGGING["formatters"][console["formatter"]]["()"] == "echo_portal.logs.RedactingFormatter"
    logging.config.DictConfigurator(
        django_settings.LOGGING | {"handlers": {}, "root": {}, "loggers": {}}
    ).configure()  # both can be made from it


@pytest.mark.django_db
def test_a_500_names_its_page_and_not_its_path(lines, monkeypatch):
    from registrations.views import links

    def fails(*_args):
        raise ValueError("amelie@example.ca is not welcome")

    monkeypatch.setattr(links, "_named_in", fails)
    token = make_join_token(1, 1)
    browser = Client(raise_request_exception=False)
    assert browser.get(f"/en/registration/join/{token}/").status_code == 500
    said = lines.getvalue()
    assert "GET registrations:join" in said
    assert "in fails" in said
    assert said.rstrip().endswith("ValueError")
    assert token not in said
    assert "amelie" not in said


@pytest.mark.django_db
def test_a_form_without_its_token_does_not_log_the_link_it_stood_on(lines):
    token = make_join_token(1, 1)
    assert Client(enforce_csrf_checks=True).post(f"/en/registration/join/{token}/").status_code == 403
    assert token not in lines.getvalue()


def test_a_path_that_leads_nowhere_is_an_unknown_page(lines):
    request = RequestFactory().get("/en/registration/join/sécret/")
    response_for_exception(request, RuntimeError())
    assert "GET an unknown page" in lines.getvalue()
    assert "cret" not in lines.getvalue()


@pytest.mark.django_db
def test_what_the_database_quotes_is_left_out(lines):
    UserFactory(email="amelie@example.ca")
    try:
        with transaction.atomic():
            User.objects.bulk_create([User(email="amelie@example.ca")])
    except IntegrityError:
        logging.getLogger("accounts").exception("It could not be saved for %s.", "amelie@example.ca")
    said = lines.getvalue()
    assert "amelie" not in said
    assert "It could not be saved for [address]" in said
    assert "IntegrityError" in said
    assert "UniqueViolation" in said  # what led to it, by its name
    assert "test_logs.py" in said


def test_what_helps_whoever_is_on_call_is_kept(lines):
    away = OperationalError("connection to server at 127.0.0.1 refused")
    logging.getLogger("outbox").error("Postgres is away.", exc_info=away)
    assert "OperationalError: connection to server at 127.0.0.1 refused" in lines.getvalue()


def test_another_handler_that_quotes_does_not_leak_into_ours(lines):
    error = ValueError("secret")
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "Failed.", None, (ValueError, error, None))
    logging.Formatter().format(record)
    assert "secret" not in RedactingFormatter().format(record)
