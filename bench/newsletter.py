"""Measure how fast an issue of the newsletter goes to all subscribers, and check that each gets it exactly once.

140,000 subscribers (`--subscribers`), an issue of 14 KB of HTML and its text, two worker processes, and an SMTP sink on
loopback that counts by recipient. Then again, with one worker killed (-9) halfway: each person gets it exactly once or is
listed as uncertain, and no more are uncertain than one batch. The ceiling is smtplib with one message built in advance.
"""

import argparse
import contextlib
import multiprocessing
import os
import signal
import socketserver
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from bench.pages import prepare

SINK_PORT, WORKERS = 8727, 2
HTML_BYTES = 14_000
TARGET_PER_SECOND, TARGET_MB = 600, 200
WORD_LENGTHS = (3, 7, 5, 9, 4, 6, 8, 2)

SUBSCRIBERS = """
    INSERT INTO newsletters_subscriber (name, profession, province, organization, language, topics, reminder_days, email,
        token, subscribed_at)
    SELECT 'Person ' || n, 'registered-nurse', 'ON', '', CASE WHEN n %% 4 = 0 THEN 'fr' ELSE 'en' END, '{newsletter}', 7,
        'person' || n || CASE WHEN n %% 1000 = 0 THEN '@hôpital.ca' ELSE '@example.ca' END, md5(n::text), now()
    FROM generate_series(1, %s) n
"""


class _Sink(socketserver.StreamRequestHandler):
    """The smallest SMTP server that smtplib accepts. It counts the messages of each recipient."""

    def handle(self) -> None:
        reply, recipient = self.wfile.write, ""
        reply(b"220 sink\r\n")
        for line in self.rfile:
            command = line[:4].upper()
            if command == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
                reply(b"250 ok\r\n")
            elif command == b"DATA":
                reply(b"354 go\r\n")
                for data in self.rfile:
                    if data == b".\r\n":
                        break
                else:
                    return  # the client died within the message
                self.server.received[recipient] += 1
                reply(b"250 accepted\r\n")
            elif command == b"QUIT":
                reply(b"221 bye\r\n")
                return
            else:
                reply(b"250 ok\r\n")

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """The connection of a killed worker breaks within a message, which does not count then."""


def sink(pipe) -> None:
    """Run the server. For each word in the pipe, answer with the counts and begin anew."""
    import threading

    with _Server(("127.0.0.1", SINK_PORT), _Sink) as server:
        server.received = Counter()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        while pipe.recv():
            pipe.send(server.received)
            server.received = Counter()


def fill_database(subscribers: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(SUBSCRIBERS, [subscribers])
        cursor.execute("ANALYZE")


def create_issue(number: int):
    """Create an issue whose email has HTML_BYTES of HTML."""
    from django.utils import timezone

    from newsletters.models import Issue
    from newsletters.rendering import render_issue

    issue = Issue.objects.create(
        slug=f"bench-{number}",
        title_en="Three new series, and a guide for families",
        title_fr="Trois nouvelles séries et un guide pour les familles",
    )
    sentence = " ".join("palliative care à domicile"[:length] for length in WORD_LENGTHS * 6)
    while len(render_issue(issue, "en", now=timezone.now()).html.encode()) < HTML_BYTES:
        issue.body_en += f"## A heading\n\n{sentence}. [A link](https://example.ca/page).\n\n"
        issue.body_fr = issue.body_en
    issue.save()
    return issue


def work() -> None:
    """Drain the outbox, as a Celery worker's process does, until nothing is due."""
    import django

    django.setup()
    from django.utils import timezone

    from outbox import sending, services

    with sending.Connection() as connection:
        while services.drain_batch(connection, timezone.now()):
            pass


class Workers:
    """Two worker processes. `peaks` has the most memory that each has used, in MB."""

    def __init__(self) -> None:
        self.peaks: dict[int, float] = {}
        command = [sys.executable, "-m", "bench.newsletter", "--work"]
        self.running = [subprocess.Popen(command) for _ in range(WORKERS)]

    def wait(self, until=lambda: False) -> None:
        """Wait until all have exited, or until the condition is true."""
        while any(process.poll() is None for process in self.running) and not until():
            for process in self.running:
                self.peaks[process.pid] = max(self.peaks.get(process.pid, 0), _peak_mb(process.pid))
            time.sleep(0.2)

    def kill_one(self) -> None:
        victim = self.running.pop()
        victim.send_signal(signal.SIGKILL)
        victim.wait()


def _peak_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0)


def send(number: int, pipe, *, kill: bool = False) -> tuple[float, dict[int, float], Counter, Counter]:
    """Send an issue. Returns the rate, the memory of each worker, the messages by state, and by recipient."""
    from django.db import connection
    from django.utils import timezone

    from newsletters.services import sending
    from outbox import sending as outbox_sending
    from outbox import services
    from outbox.models import Message

    pipe.send("reset")
    pipe.recv()
    begin = time.monotonic()
    issue = sending.start_sending(create_issue(number), by=None, now=timezone.now())
    print(f"{'messages written by the start':<46}{time.monotonic() - begin:>9.1f} seconds")
    connection.close()
    emails, workers = Message.objects.filter(bulk_send=issue.bulk_send), Workers()
    workers.wait(until=emails.filter(state="sent").exists)  # a process takes some seconds to start
    begin = time.monotonic()
    if kill:
        workers.wait(until=lambda: _is_halfway(emails, issue.bulk_send.audience))
        workers.kill_one()
    workers.wait()
    rate = emails.filter(state="sent").count() / (time.monotonic() - begin)
    later = timezone.now() + services.CLAIM_LASTS + timedelta(seconds=1)
    with outbox_sending.Connection() as server:  # as the sweep does after five minutes, with the rows of a dead worker
        while services.drain_batch(server, later):
            pass
    sending.finish_issues(later)
    issue.refresh_from_db()
    states = Counter(emails.values_list("state", flat=True).iterator())
    print(f"{'the issue is':<46}{issue.state:>9}, {issue.bulk_send.audience:,} people: {dict(states)}")
    pipe.send("counts")
    return rate, workers.peaks, states, pipe.recv()


def _is_halfway(emails, audience: int) -> bool:
    """Whether half the emails are sent, and each worker has a batch on its way."""
    from outbox.services import BULK_BATCH

    on_their_way = emails.filter(state="sending", handed_over_at__isnull=False)
    return emails.filter(state="sent").count() > audience / 2 and on_their_way.count() > BULK_BATCH


def wrong(number: int, received: Counter) -> list[str]:
    """Return what is wrong: someone has it twice, or has not got it although the ledger says so, or the other way round."""
    from newsletters.models import Issue
    from outbox.addresses import deliverable
    from outbox.models import Message

    bulk_send = Issue.objects.get(slug=f"bench-{number}").bulk_send
    found, emails = [], Message.objects.filter(bulk_send=bulk_send).values_list("to", "state").iterator()
    for to, state in emails:
        copies = received.pop(deliverable(to), 0)
        if not (copies == 1 if state == "sent" else copies <= 1 and state == "uncertain"):
            found.append(f"{to} is {state} and has {copies} copies")
    return found + [f"{to} is not in the audience" for to in received]


def smtplib_rate(number: int, count: int = 4000) -> float:
    """Return how fast smtplib sends one message of the issue that is built in advance."""
    import smtplib

    from newsletters.models import IssueRendering
    from outbox.bulk import BulkTemplate
    from outbox.models import Message

    text = IssueRendering.objects.get(issue__slug=f"bench-{number}", language="en")
    links = dict.fromkeys(("preferences_url", "unsubscribe_url"), f"https://echo.example.ca/{'x' * 60}")
    template = BulkTemplate(text.subject, text.html, text.text, "en")
    message = template.fill(links).as_bytes(Message(pk=1, to="b@example.ca", language="en"))
    sizes = f"HTML {len(text.html.encode()) / 1000:.1f} KB, text {len(text.text.encode()) / 1000:.1f} KB, email {len(message) / 1000:.1f} KB"
    print(f"{'size of the issue':<46}{sizes:>9}")
    connection = smtplib.SMTP("127.0.0.1", SINK_PORT)
    begin = time.monotonic()
    for _ in range(count):
        connection.sendmail("a@example.ca", ["b@example.ca"], message)
    connection.quit()
    return count / (time.monotonic() - begin)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--subscribers", type=int, default=140_000)
    parser.add_argument("--work", action="store_true")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "echo_portal.settings"
    if options.work:
        work()
        return 0
    os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{SINK_PORT}"
    spawn = multiprocessing.get_context("spawn")
    pipe, other_end = spawn.Pipe()
    server = spawn.Process(target=sink, args=[other_end], daemon=True)
    server.start()
    prepare()
    from outbox.services import BULK_BATCH

    fill_database(options.subscribers)
    rate, memory, states, received = send(1, pipe)
    faults = wrong(1, received)
    peak = max(memory.values())
    print(f"{'emails sent by two processes':<46}{rate:>9.0f} per second   target: at least {TARGET_PER_SECOND}")
    print(f"{'memory of each process, at most':<46}{peak:>9.0f} MB           target: at most {TARGET_MB}")
    print(f"{'memory of the process that starts the sending':<46}{_peak_mb(os.getpid()):>9.0f} MB")
    print(f"{'sent exactly once':<46}{states['sent']:>9,} of {options.subscribers:,}")
    print(f"{'ceiling: smtplib, one message built before':<46}{smtplib_rate(1):>9.0f} per second")
    is_right = not faults and states == {"sent": options.subscribers}
    _rate, _memory, states, received = send(2, pipe, kill=True)
    faults += wrong(2, received)
    print(
        f"{'a worker killed: sent once, and uncertain':<46}{states['sent']:>9,} and {states['uncertain']}"
        f"   target: at most {BULK_BATCH} uncertain"
    )
    print(f"{'what is wrong':<46}{'; '.join(faults[:5]) or 'nothing':>9}")
    server.terminate()
    settled = states["sent"] + states["uncertain"] == options.subscribers and states["uncertain"] <= BULK_BATCH
    return 0 if is_right and settled and not faults and rate >= TARGET_PER_SECOND and peak <= TARGET_MB else 1


if __name__ == "__main__":
    sys.exit(main())
