"""Clients that send part of a request and wait: they block gunicorn alone, but not the portal behind its proxy."""

import http.client
import socket
import ssl
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from echo_portal.checkout.checks import PRODUCTION
from tests.processes import wait_until

CLIENTS = 60
HEADER_TIMEOUT = 10  # seconds, as client_header_timeout in nginx.conf
UNFINISHED = {
    "two bytes": b"GE",
    "half of the headers": b"GET /en/about/ HTTP/1.1\r\nHost: localhost\r\nAccept: ",
    "two bytes of a body": b"POST /en/account/sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nem",
}


def fetch(port, path="/healthz", *, tls=False):
    """Return the status, headers and body of a response. Times out after five seconds."""
    connection_class = http.client.HTTPSConnection if tls else http.client.HTTPConnection
    context = {"context": ssl._create_unverified_context()} if tls else {}
    connection = connection_class("localhost", port, timeout=5, **context)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def status(port, path="/healthz"):
    try:
        return fetch(port, path)[0]
    except OSError:
        return None


def port_of(portal):
    return urlsplit(portal.address).port


@pytest.fixture
def attack():
    with ExitStack() as stack:

        def begin(port, words, count=CLIENTS):
            clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 5)) for _ in range(count)]
            for client in clients:
                client.sendall(words)
            return clients

        yield begin


def is_closed(client):
    client.settimeout(0.01)
    try:
        while client.recv(4096):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("words", UNFINISHED.values(), ids=UNFINISHED)
def test_slow_clients_block_gunicorn_alone(web, attack, words):
    """Shows why the proxy is needed. If this fails, gunicorn has learned to handle slow clients.

    Uses one process: with two, all slow connections may go to the same one.
    """
    portal = web(WEB_WORKERS="1")
    wait_until(portal.is_up, "The start of the portal")
    attack(port_of(portal), words)
    time.sleep(1)
    assert status(port_of(portal)) is None


@pytest.mark.parametrize("words", UNFINISHED.values(), ids=UNFINISHED)
def test_behind_the_proxy_other_clients_get_responses(web, proxy, attack, words):
    portal = web()
    front = proxy(port_of(portal))
    wait_until(lambda: status(front.http) == 200, "The start of the portal")
    clients = attack(front.http, words)
    until = time.monotonic() + HEADER_TIMEOUT + 2
    while time.monotonic() < until:
        assert [status(front.http, path) for path in ("/healthz", "/en/about/")] == [200, 200], front.log()
        time.sleep(0.25)
    wait_until(lambda: all(is_closed(client) for client in clients), "Closing the slow connections", 5)


def test_a_slow_tls_handshake_does_not_block_other_clients(web, proxy, attack):
    portal = web()
    front = proxy(port_of(portal))
    wait_until(lambda: status(front.http) == 200, "The start of the portal")
    attack(front.https, b"\x16\x03")
    assert fetch(front.https, tls=True)[0] == 200


def test_tls_ends_at_the_proxy(web, proxy):
    production = {name: PRODUCTION[name] for name in ("PORTAL_ENV", "SECRET_KEY", "EMAIL_URL")}
    portal = web(**production, SITE_URL="https://localhost")
    front = proxy(port_of(portal))
    wait_until(lambda: status(front.http) == 200, "The start of the portal")
    code, headers, _body = fetch(front.http, "/en/about/")
    assert (code, headers["Location"]) == (301, f"https://localhost:{front.http}/en/about/")
    code, headers, _body = fetch(front.https, "/en/about/", tls=True)
    assert (code, "max-age" in headers["Strict-Transport-Security"]) == (200, True)
    proof = front.folder / "acme" / ".well-known" / "acme-challenge" / "token"
    proof.parent.mkdir(parents=True)
    proof.write_text("proof")
    assert fetch(front.http, "/.well-known/acme-challenge/token")[::2] == (200, "proof")
    assert oct((front.folder / "tls" / "portal.key").stat().st_mode & 0o777) == "0o600"
    lines = (front.folder / "access.log").read_text()
    assert " 301 " in lines
    assert "about" not in lines
    assert "127.0.0.1" not in lines


def test_while_the_portal_is_down_the_proxy_shows_a_page_in_both_languages(web, proxy):
    portal = web()
    front = proxy(port_of(portal))
    wait_until(lambda: status(front.http) == 200, "The start of the portal")
    portal.stop()
    code, headers, body = fetch(front.http, "/fr/")
    assert (code, headers["Retry-After"]) == (503, "30")
    assert "We’ll be right back" in body
    assert "Nous revenons tout de suite" in body
