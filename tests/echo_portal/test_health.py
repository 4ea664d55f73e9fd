"""The health checks answer whoever asks, by whatever name and scheme; everything else keeps to SITE_URL."""

import os
import subprocess
import sys

import pytest
from django.test import Client

from echo_portal.checkout.checks import PRODUCTION
from tests.processes import ROOT

HOSTS = ["127.0.0.1", "127.0.0.1:8000", "10.0.3.7", "[::1]:8000", "not a host"]

ASK = """
import sys, django
django.setup()
from django.test import Client
for address, host in (pair.split("@") for pair in sys.argv[1:]):
    print(Client(HTTP_HOST=host).get(address).status_code)
"""


def ask_in_production(*pairs, **environment):
    """The status of each address@host, from a process with production's settings."""
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    done = subprocess.run(
        [sys.executable, "-c", ASK, *pairs],
        cwd=ROOT,
        env=clean | {"DJANGO_SETTINGS_MODULE": "echo_portal.settings"} | PRODUCTION | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in done.stdout.split()]


@pytest.mark.parametrize("site", ["https://echo.example.ca", "http://localhost:8000"])
def test_healthz_answers_under_any_host_and_is_not_sent_on_to_https(site):
    statuses = ask_in_production(*(f"/healthz@{host}" for host in HOSTS), SITE_URL=site)
    assert statuses == [200] * len(HOSTS)


@pytest.mark.parametrize("address", ["/en/about/", "/healthz/", "/readyz/x"])
def test_other_pages_still_refuse_a_foreign_host(settings, address):
    settings.ALLOWED_HOSTS = ["echo.example.ca"]
    assert Client(HTTP_HOST="127.0.0.1").get(address).status_code == 400
    assert Client(HTTP_HOST="echo.example.ca").get(address).status_code != 400


@pytest.mark.django_db
@pytest.mark.parametrize("host", HOSTS)
def test_readyz_answers_under_any_host(settings, host):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["echo.example.ca"], True
    response = Client(HTTP_HOST=host).get("/readyz")
    assert (response.status_code, response.json()["postgres"]) == (200, True)


def test_only_reading_is_answered(client):
    assert client.post("/healthz").status_code == 405
