"""Measure how fast one worker with two processes sends queued email to an SMTP sink on loopback.

It sends 2,000 reminders for one series. Each is checked, rendered in the recipient's language and time zone, and recorded.
For comparison: smtplib with a message built in advance, and Django building a new EmailMessage each time.
"""

import multiprocessing
import os
import socketserver
import sys
import time
from datetime import timedelta

from bench.pages import prepare

PEOPLE, SINK_PORT = 2000, 8725


class _Sink(socketserver.StreamRequestHandler):
    """The smallest SMTP server that smtplib accepts. Runs in its own process."""

    def handle(self) -> None:
        reply = self.wfile.write
        reply(b"220 sink\r\n")
        for line in self.rfile:
            command = line[:4].upper()
            if command == b"DATA":
                reply(b"354 go\r\n")
                for data in self.rfile:
                    if data == b".\r\n":
                        break
                reply(b"250 accepted\r\n")
            elif command == b"QUIT":
                reply(b"221 bye\r\n")
                return
            else:
                reply(b"250 ok\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def sink() -> None:
    with _Server(("127.0.0.1", SINK_PORT), _Sink) as server:
        server.serve_forever()


def fill_database() -> None:
    from django.utils import timezone

    from accounts.models import User
    from registrations.models import Registration
    from registrations.services import queue_due_reminders
    from sessions_app.models import Series, Session

    now = timezone.now()
    series = Series.objects.create(
        slug="reminded",
        title_en="Talking about serious illness: the first words",
        title_fr="Parler d’une maladie grave : les premiers mots",
        publication="published",
    )
    starts_at = now + timedelta(hours=23)
    Session.objects.create(series=series, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), title_en="One")
    people = User.objects.bulk_create(
        User(
            email=f"p{n}@example.ca",
            name=f"Person {n}",
            password="!",
            language="fr" if n % 4 == 0 else "en",
            time_zone=["America/Toronto", "America/St_Johns", "America/Vancouver"][n % 3],
        )
        for n in range(PEOPLE)
    )
    before = now - timedelta(days=3)
    Registration.objects.bulk_create(
        Registration(series=series, user=person, state="confirmed", created_at=before, confirmed_at=before)
        for person in people
    )
    assert queue_due_reminders(now) == PEOPLE


def _work() -> None:
    from django.utils import timezone

    from outbox import sending, services

    with sending.Connection() as connection:
        while services.drain_batch(connection, timezone.now()):
            pass


def drain(processes: int = 2) -> float:
    """Send everything as one Celery worker does in production, where `--concurrency 2` forks two processes."""
    from django.db import connection

    connection.close()  # each process opens its own
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_work) for _ in range(processes)]
    begin = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return PEOPLE / (time.monotonic() - begin)


def smtplib_rate(count: int = 2000) -> float:
    import smtplib

    connection = smtplib.SMTP("127.0.0.1", SINK_PORT)
    message = b"Subject: Hello\r\n\r\n" + b"A line of a message that was built in advance.\r\n" * 60
    begin = time.monotonic()
    for _ in range(count):
        connection.sendmail("a@example.ca", ["b@example.ca"], message)
    connection.quit()
    return count / (time.monotonic() - begin)


def django_rate(count: int = 500) -> float:
    from django.core.mail import EmailMultiAlternatives, get_connection

    html = "<p>A line of a message that is built each time.</p>" * 60
    begin = time.monotonic()
    with get_connection() as connection:
        for _ in range(count):
            message = EmailMultiAlternatives(
                "Hello", "Hello " * 300, "a@example.ca", ["b@example.ca"], connection=connection
            )
            message.attach_alternative(html, "text/html")
            message.send()
    return count / (time.monotonic() - begin)


def main() -> int:
    os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{SINK_PORT}"
    server = multiprocessing.get_context("spawn").Process(target=sink, daemon=True)
    server.start()
    prepare()
    fill_database()
    time.sleep(1)
    rate = drain()
    from outbox.models import Message

    sent = Message.objects.filter(state="sent").count()
    print(f"{'queued email sent by one worker':<40}{rate:>8.0f} per second   target: at least 500")
    print(f"{'messages sent':<40}{sent:>8} of {PEOPLE}")
    print(f"{'smtplib, message built in advance':<40}{smtplib_rate():>8.0f} per second")
    print(f"{'EmailMultiAlternatives, built each time':<40}{django_rate():>8.0f} per second")
    server.terminate()
    return 0 if rate >= 500 and sent == PEOPLE else 1


if __name__ == "__main__":
    sys.exit(main())
