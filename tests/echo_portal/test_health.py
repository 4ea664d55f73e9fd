"""The health checks accept any host and scheme. All other pages accept only the host of SITE_URL."""

import os
import subprocess
import sys

import pytest
from django.test import Client

from echo_portal.checkout.checks import PRODUCTION
from tests.processes import ROOT

HOSTS = ["127.0.0.1", "127.0.0.1:8000", "10.0.3.7", "[::1]:8000", "not a host"]

SCRIPT = """
import sys, django
django.setup()
from django.test import Client
for address, host in (pair.split("@") for pair in sys.argv[1:]):
    print(Client(HTTP_HOST=host).get(address).status_code)
"""


def statuses_in_production(*pairs, **environment):
    """Return the status of each path@host, from a process with production settings."""
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, *pairs],
        cwd=ROOT,
        env=clean | {"DJANGO_SETTINGS_MODULE": "echo_portal.settings"} | PRODUCTION | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in result.stdout.split()]


@pytest.mark.drill
def test_healthz_accepts_any_host_and_does_not_redirect_to_https():
    statuses = statuses_in_production(*(f"/healthz@{host}" for host in HOSTS), SITE_URL="https://echo.example.ca")
    assert statuses == [200] * len(HOSTS)


@pytest.mark.parametrize("address", ["/en/about/", "/healthz/", "/readyz/x"])
def test_other_pages_refuse_an_unknown_host(settings, address):
    settings.ALLOWED_HOSTS = ["echo.example.ca"]
    assert Client(HTTP_HOST="127.0.0.1").get(address).status_code == 400
    assert Client(HTTP_HOST="echo.example.ca").get(address).status_code != 400


@pytest.mark.django_db
@pytest.mark.parametrize("host", HOSTS)
def test_readyz_accepts_any_host(settings, host):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["echo.example.ca"], True
    response = Client(HTTP_HOST=host).get("/readyz")
    assert (response.status_code, response.json()["postgres"]) == (200, True)


def test_health_checks_allow_only_reading(client):
    assert client.post("/healthz").status_code == 405
