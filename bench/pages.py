"""The list of 200 upcoming series through gunicorn (2 workers), beside a bare Django view that returns as many bytes.

All three are asked in turns in one run, since the machine is shared: what counts is the ratio. The kept page is what an
anonymous reader gets; for the uncached one every request has an address that was never asked for before.
"""

import contextlib
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from bench.load import requests_per_second
from echo_portal.checkout import engines, translations

DATABASE = "bench_echo_portal"
ROUNDS = 7
LIST = "/en/sessions/"


def prepare() -> None:
    """A database of the bench's own, with 200 upcoming series of three sessions each and 20 hubs."""
    engines.ensure()
    import psycopg2

    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    connection.close()
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{DATABASE}"))
    os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + "/11"
    translations.compile_all()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    _fill()


def _fill() -> None:
    from django.db import connection
    from django.utils import timezone

    from hubs.models import Hub
    from sessions_app.models import Series, Session

    now = timezone.now()
    hubs = [
        Hub.objects.create(slug=f"hub-{n}", name_en=f"Hub number {n}", name_fr=f"Pôle numéro {n}") for n in range(20)
    ]
    for n in range(200):
        series = Series.objects.create(
            slug=f"series-{n}",
            title_en=f"Series number {n}: a title of the usual length, as they are",
            title_fr=f"Série numéro {n} : un titre de longueur ordinaire",
            summary_en="Two sentences that say what it is about. They are as long as such sentences are.",
            hub=hubs[n % 20] if n % 2 else None,
            publication="published",
            registration_opens_at=now - timedelta(days=1),
            capacity=40 if n % 3 else None,
        )
        for week in range(3):
            start = now + timedelta(days=1 + n / 4, weeks=week)
            Session.objects.create(series=series, starts_at=start, ends_at=start + timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()


@contextlib.contextmanager
def gunicorn(application: str, port: int, **environment: str) -> Iterator[int]:
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:echo_portal.gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    process = subprocess.Popen([*command, application], env=os.environ | environment, cwd=engines.ROOT)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def main() -> int:
    prepare()
    with gunicorn("echo_portal.wsgi:application", 8711) as portal:
        with urllib.request.urlopen(f"http://127.0.0.1:{portal}{LIST}") as answer:
            size = len(answer.read())
        with gunicorn("bench.bare:application", 8712, BARE_BYTES=str(size)) as bare:
            figures = [_round(portal, bare, number) for number in range(ROUNDS)]
    bare_rate, kept, uncached = (statistics.median(column) for column in zip(*figures, strict=True))
    kept_share = statistics.median(kept / bare for bare, kept, _ in figures)
    uncached_share = statistics.median(uncached / bare for bare, _, uncached in figures)
    print(f"page                        {size:>8,} bytes")
    print(f"bare Django view            {bare_rate:>8,.0f} requests a second")
    print(f"list, kept                  {kept:>8,.0f} requests a second")
    print(f"list, uncached              {uncached:>8,.0f} requests a second")
    print(f"kept, of the bare view      {kept_share:>8.0%}   target: at least 60 %")
    print(f"uncached, of the bare view  {uncached_share:>8.0%}   target: at least 10 %")
    return 0 if kept_share >= 0.6 and uncached_share >= 0.1 else 1


def _round(portal: int, bare: int, number: int) -> tuple[float, float, float]:
    return (
        requests_per_second(bare, lambda n: "/"),
        requests_per_second(portal, lambda n: LIST),
        requests_per_second(portal, lambda n: f"{LIST}?page=1&asked={number}-{n}"),
    )


if __name__ == "__main__":
    sys.exit(main())
