"""Production refuses to start with a sentence that names what is missing; a checkout needs nothing set."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from echo_portal.checkout.checks import PRODUCTION

ROOT = Path(__file__).resolve().parents[2]


def start(**environment):
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    command = [
        sys.executable,
        "-c",
        "import django; django.setup(); from django.conf import settings; print(settings.DEBUG, settings.ALLOWED_HOSTS)",
    ]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=clean | {"DJANGO_SETTINGS_MODULE": "echo_portal.settings"} | environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL"])
def test_production_names_what_is_missing(name):
    done = start(**{key: value for key, value in PRODUCTION.items() if key != name})
    assert done.returncode != 0
    sentence = done.stderr.strip().splitlines()[-1]
    assert f"The portal cannot start in production without {name} (" in sentence


def test_an_old_name_of_a_variable_is_refused_and_named_with_its_new_one():
    done = start(**PRODUCTION | {"MAIL_PROVIDER": "postmark"})
    assert done.returncode != 0
    assert "These variables have new names: MAIL_PROVIDER (now EMAIL_PROVIDER)." in done.stderr


@pytest.mark.parametrize("value", ["Production", "prod", "PRODUCTION", ""])
def test_an_unknown_mode_is_refused_rather_than_taken_for_development(value):
    done = start(**PRODUCTION | {"PORTAL_ENV": value})
    assert done.returncode != 0
    assert f"PORTAL_ENV is “{value}”: it has to be “production” or “development”." in done.stderr


def test_development_can_be_named():
    assert start(PORTAL_ENV="development").stdout.startswith("False ['*']")


def test_production_starts_once_all_is_there():
    done = start(**PRODUCTION, DEBUG="1")
    assert done.stdout.split("\n")[0] == "False ['echo.example.ca']"


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
def test_the_hosts_follow_from_the_address_of_the_site(given, hosts):
    done = start(**PRODUCTION | given)
    assert done.stdout.split("\n")[0] == f"False {hosts}"


@pytest.mark.parametrize("address", ["echo.example.ca", "https://", "ftp://echo.example.ca"])
def test_an_address_that_is_none_is_named(address):
    done = start(**PRODUCTION | {"SITE_URL": address})
    assert done.returncode != 0
    assert "SITE_URL has to be the portal's public address" in done.stderr.strip().splitlines()[-1]


def test_an_empty_port_is_the_usual_one():
    assert start(**PRODUCTION, PORT="").returncode == 0


def test_a_mail_provider_stands_in_for_the_mail_server():
    without = {key: value for key, value in PRODUCTION.items() if key != "EMAIL_URL"}
    done = start(**without, EMAIL_PROVIDER="postmark", EMAIL_PROVIDER_SETTINGS='{"POSTMARK_SERVER_TOKEN": "x"}')
    assert (done.returncode, done.stdout.split("\n")[0]) == (0, "False ['echo.example.ca']")


def test_a_checkout_needs_nothing():
    assert start().stdout.startswith("False ['*']")


def test_production_has_no_sample_data_since_its_passwords_are_known():
    command = [sys.executable, "manage.py", "sample_data"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | PRODUCTION | {"DJANGO_SETTINGS_MODULE": "echo_portal.settings"},
        capture_output=True,
        text=True,
    )
    assert "Unknown command: 'sample_data'" in done.stderr
