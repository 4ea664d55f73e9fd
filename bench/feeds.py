"""Measure the calendar feed of 200 sessions, gzipped, and its 304, each against a bare Django view of the same size.

Uses 8 connections and gunicorn with 2 workers. All are measured in turns in one run because the machine is shared: only
the ratio counts.
"""

import statistics
import sys
import urllib.request

from bench.load import requests_per_second
from bench.pages import gunicorn, prepare

FEED, ROUNDS = "/en/sessions/calendar.ics", 5
ZIPPED = "Accept-Encoding: gzip\r\n"


def delete_all_but_200_sessions() -> None:
    from django.db import connection

    from sessions_app.models import Session

    keep = Session.objects.order_by("series_id", "starts_at").distinct("series_id").values_list("pk", flat=True)
    Session.objects.exclude(pk__in=list(keep)).delete()
    assert Session.objects.count() == 200
    connection.close()


def fetch(port: int, path: str) -> tuple[int, str]:
    """Return the size of the gzipped body in bytes, and the ETag."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as response:
        return len(response.read()), response.headers.get("ETag", "")


def main() -> int:
    prepare()
    delete_all_but_200_sessions()
    with gunicorn("echo_portal.wsgi:application", 8714) as portal:
        size, etag = fetch(portal, FEED)
        conditional = f"{ZIPPED}If-None-Match: {etag}\r\n"
        with (
            gunicorn("bench.bare:application", 8715, BARE_BYTES=str(size)) as bare,
            gunicorn("bench.bare:application", 8716, BARE_BYTES="0") as empty,
        ):
            rounds = [
                (
                    requests_per_second(bare, lambda _n: "/", seconds=2),
                    requests_per_second(portal, lambda _n: FEED, seconds=2, headers=ZIPPED),
                    requests_per_second(empty, lambda _n: "/", seconds=2),
                    requests_per_second(portal, lambda _n: FEED, seconds=2, headers=conditional, status=304),
                )
                for _ in range(ROUNDS)
            ]
    bare_rate, feed, empty_rate, unchanged = (statistics.median(column) for column in zip(*rounds, strict=True))
    share = statistics.median(row[1] / row[0] for row in rounds)
    share_304 = statistics.median(row[3] / row[2] for row in rounds)
    print(f"feed of 200 sessions, gzipped    {size:>8,} bytes")
    print(f"bare Django view, same size      {bare_rate:>8,.0f} requests per second")
    print(f"feed                             {feed:>8,.0f} requests per second")
    print(f"bare Django view, empty          {empty_rate:>8,.0f} requests per second")
    print(f"304                              {unchanged:>8,.0f} requests per second")
    print(f"feed, share of the bare view     {share:>8.0%}   target: at least 60 %")
    print(f"304, share of the bare view      {share_304:>8.0%}   target: at least 60 %")
    return 0 if share >= 0.6 and share_304 >= 0.6 else 1


if __name__ == "__main__":
    sys.exit(main())
