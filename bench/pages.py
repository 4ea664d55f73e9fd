"""Measure the public pages through gunicorn (2 workers), against a bare Django view of the same size.

First with 200 upcoming series: the list from the page cache, and uncached, where every request has a new URL. All are
measured in turns in one run because the machine is shared. Then one uncached page at a time, with 20,000 series, 60,000
sessions and 860 hubs (the size in docs/structure.md).
"""

import contextlib
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from bench.load import requests_per_second
from echo_portal.checkout import engines, translations

DATABASE = "bench_echo_portal"
ROUNDS = 7
LIST = "/en/sessions/"
PAGES_AT_FULL_SIZE = {
    "list": LIST,
    "list, last page": f"{LIST}?page=20",
    "list, search": f"{LIST}?q=number",
    "list, all filters": f"{LIST}?q=number&status=open&language=en&province=ON&profession=physician",
    "list, one month": f"{LIST}?month=2027-01",
    "past": f"{LIST}past/",
    "past, far page": f"{LIST}past/?page=900",
    "past, search": f"{LIST}past/?q=number+talk",
    "home": "/en/?",
    "hub": "/en/hubs/hub-1/?",
}
MAX_MS, MAX_QUERIES, MIN_PER_SECOND, MIN_SHARE_OF_BARE = 150, 4, 50, 0.6


def prepare() -> None:
    """Create a database for the benchmarks, with 20 hubs and 200 upcoming series of three sessions each."""
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
    """Add 20 hubs and 200 upcoming series."""
    _add(hubs=range(20), series=range(200), days=lambda n: 1 + n / 4)


def _fill_to_full_size() -> None:
    """Add 840 hubs and 19,800 series. One in a hundred is upcoming, the others are from the past five years."""
    _add(hubs=range(20, 860), series=range(200, 20_000), days=lambda n: n % 180 + 1 if n % 100 == 0 else -30 - n % 1800)


def _add(hubs: range, series: range, days: Callable[[int], float]) -> None:
    """Add rows in bulk. Series `n` has three weekly sessions, the first of them `days(n)` from now."""
    from django.db import connection
    from django.utils import timezone

    from accounts.choices import Profession, Province
    from hubs.models import Hub
    from sessions_app.models import Series, Session

    now = timezone.now()
    Hub.objects.bulk_create(
        Hub(slug=f"hub-{n}", name_en=f"Hub number {n}", name_fr=f"Pôle numéro {n}", provinces=[Province.values[n % 13]])
        for n in hubs
    )
    all_hubs = list(Hub.objects.order_by("pk"))
    all_series = Series.objects.bulk_create(
        [
            Series(
                slug=f"series-{n}",
                title_en=f"Series number {n}: a title of the usual length",
                title_fr=f"Série numéro {n} : un titre de longueur ordinaire",
                summary_en="Two sentences about the series. They are as long as the sentences of a usual summary.",
                description_en="A talk and a case. " * 40,
                hub=all_hubs[n % len(all_hubs)] if n % 2 else None,
                audience=[Profession.values[n % 19]] if n % 5 else [],
                language=("en", "en", "fr", "both")[n % 4],
                publication="published",
                registration_opens_at=now - timedelta(days=2000),
                capacity=40 if n % 3 else None,
            )
            for n in series
        ],
        batch_size=5000,
    )
    starts = (
        (each, now + timedelta(days=days(n), weeks=week))
        for n, each in zip(series, all_series, strict=True)
        for week in range(3)
    )
    Session.objects.bulk_create(
        (Session(series=each, starts_at=start, ends_at=start + timedelta(hours=1)) for each, start in starts),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
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
        with urllib.request.urlopen(f"http://127.0.0.1:{portal}{LIST}") as response:
            size = len(response.read())
        with gunicorn("bench.bare:application", 8712, BARE_BYTES=str(size)) as bare:
            figures = [_round(portal, bare, number) for number in range(ROUNDS)]
        queries = _queries(LIST)
        _fill_to_full_size()
        times = {name: _milliseconds(portal, path) for name, path in PAGES_AT_FULL_SIZE.items()}
    bare_rate, cached, uncached = (statistics.median(column) for column in zip(*figures, strict=True))
    share = statistics.median(cached / bare for bare, cached, _ in figures)
    print(f"page                           {size:>8,} bytes")
    print(f"bare Django view               {bare_rate:>8,.0f} requests per second")
    print(f"list, cached                   {cached:>8,.0f} requests per second")
    print(f"list, cached, share of bare    {share:>8.0%}   target: at least {MIN_SHARE_OF_BARE:.0%}")
    print(f"list, uncached                 {uncached:>8,.0f} requests per second   target: at least {MIN_PER_SECOND}")
    print(f"list, uncached                 {queries:>8} queries   target: at most {MAX_QUERIES}")
    for name, milliseconds in times.items():
        print(f"{name + ', of 20,000 series':<30} {milliseconds:>8,.0f} ms uncached   target: at most {MAX_MS}")
    is_fast_enough = share >= MIN_SHARE_OF_BARE and uncached >= MIN_PER_SECOND and queries <= MAX_QUERIES
    return 0 if is_fast_enough and max(times.values()) <= MAX_MS else 1


def _round(portal: int, bare: int, number: int) -> tuple[float, float, float]:
    return (
        requests_per_second(bare, lambda n: "/"),
        requests_per_second(portal, lambda n: LIST),
        requests_per_second(portal, lambda n: f"{LIST}?page=1&unique={number}-{n}"),
    )


def _queries(path: str) -> int:
    """Return how many queries the first request for a page makes."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        Client().get(f"{path}?unique=once", headers={"host": "127.0.0.1"})
    return len(captured)


def _milliseconds(port: int, path: str) -> float:
    """Return the median time of one uncached page, without other load."""
    times = []
    for number in range(11):
        url = f"http://127.0.0.1:{port}{path}{'&' if '?' in path else '?'}unique={number}"
        start = time.perf_counter()
        with urllib.request.urlopen(url) as response:
            response.read()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
