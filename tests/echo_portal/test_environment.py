"""Environment variables: production does not start without the required ones and names them. A checkout needs none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from echo_portal.checkout.checks import PRODUCTION

ROOT = Path(__file__).resolve().parents[2]


SETTINGS = "from django.conf import settings; print(settings.DEBUG, settings.ALLOWED_HOSTS)"
READING = "import echo_portal.environment"  # the settings begin with this; alone, it takes a third of their time


def start(script=SETTINGS, **environment):
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=clean | {"DJANGO_SETTINGS_MODULE": "echo_portal.settings"} | environment,
        capture_output=True,
        text=True,
    )


def refusal(**environment):
    """Return the last line of the error that stops the portal's start."""
    result = start(READING, **environment)
    assert result.returncode != 0
    return result.stderr.strip().splitlines()[-1]


def test_the_settings_do_not_load_without_the_environment():
    assert "The portal cannot start in production without" in start(PORTAL_ENV="production").stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL"])
def test_production_names_the_missing_variable(name):
    error = refusal(**{key: value for key, value in PRODUCTION.items() if key != name})
    assert f"The portal cannot start in production without {name} (" in error


def test_an_old_name_of_a_variable_is_refused_and_named_with_its_new_one():
    error = refusal(**PRODUCTION | {"MAIL_PROVIDER": "postmark"})
    assert "These variables have new names: MAIL_PROVIDER (now EMAIL_PROVIDER)." in error


@pytest.mark.parametrize("value", ["Production", ""])
def test_an_unknown_mode_is_refused(value):
    error = refusal(**PRODUCTION | {"PORTAL_ENV": value})
    assert f"PORTAL_ENV is “{value}”: it has to be “production” or “development”." in error


def test_development_can_be_set_explicitly():
    assert start(PORTAL_ENV="development").stdout.startswith("False ['*']")


def test_production_starts_when_all_variables_are_set():
    result = start(**PRODUCTION, DEBUG="1")
    assert result.stdout.split("\n")[0] == "False ['echo.example.ca']"


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ({}, ["echo.example.ca"]),
        ({"ALLOWED_HOSTS": ""}, ["echo.example.ca"]),
        ({"ALLOWED_HOSTS": " , "}, ["echo.example.ca"]),
        ({"ALLOWED_HOSTS": "a.example.ca, b.example.ca"}, ["a.example.ca", "b.example.ca"]),
        ({"SITE_URL": "http://localhost:8000/"}, ["localhost"]),
    ],
)
def test_allowed_hosts_default_to_the_host_of_site_url(given, hosts):
    result = start(**PRODUCTION | given)
    assert result.stdout.split("\n")[0] == f"False {hosts}"


@pytest.mark.parametrize("address", ["echo.example.ca", "https://", "ftp://echo.example.ca"])
def test_an_invalid_site_url_is_refused(address):
    error = refusal(**PRODUCTION | {"SITE_URL": address})
    assert "SITE_URL has to be the portal's public address" in error


def test_an_empty_port_means_the_default():
    assert start(**PRODUCTION, PORT="").returncode == 0


def test_an_email_provider_replaces_the_smtp_server():
    without = {key: value for key, value in PRODUCTION.items() if key != "EMAIL_URL"}
    result = start(**without, EMAIL_PROVIDER="postmark", EMAIL_PROVIDER_SETTINGS='{"POSTMARK_SERVER_TOKEN": "x"}')
    assert (result.returncode, result.stdout.split("\n")[0]) == (0, "False ['echo.example.ca']")


def test_an_email_provider_that_is_not_supported_is_refused():
    """Amazon's needs a library that is not installed, so the worker would fail at the first email."""
    error = refusal(**PRODUCTION | {"EMAIL_PROVIDER": "amazon_ses"})
    assert "EMAIL_PROVIDER is “amazon_ses”: it has to be “postmark” or “mailgun”." in error


def test_a_checkout_needs_no_variables():
    assert start().stdout.startswith("False ['*']")


@pytest.mark.drill
def test_production_has_no_sample_data_because_its_passwords_are_public():
    command = [sys.executable, "manage.py", "sample_data"]
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | PRODUCTION | {"DJANGO_SETTINGS_MODULE": "echo_portal.settings"},
        capture_output=True,
        text=True,
    )
    assert "Unknown command: 'sample_data'" in result.stderr
