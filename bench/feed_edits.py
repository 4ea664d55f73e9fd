"""Measure how long the calendar feeds of one edited series take to rebuild, compared with building all feeds.

Uses the hubs and series of the sample data at scale 100. Both are measured in one run because the machine is shared:
only the ratio counts.
"""

import statistics
import sys
import time

from bench.pages import prepare

HUBS, SERIES = 860, 20_000
MAX_FEEDS = 6  # all, one language and one hub, each in English and French
MAX_SHARE = 0.25  # the feeds of all sessions and of one language are by far the longest
EDITS = 3


def _edit(series, total: int, now) -> tuple[int, int, float, float]:
    """Return how many feeds one edit deletes, how many are then rebuilt, and how many seconds each takes."""
    from sessions_app import feeds
    from sessions_app.models import Feed

    begin = time.monotonic()
    series.save()
    saved = time.monotonic()
    deleted = total - Feed.objects.count()
    counted = time.monotonic()
    rebuilt = feeds.build_missing(now)
    return deleted, rebuilt, saved - begin, time.monotonic() - counted


def main() -> int:
    prepare()
    from django.db import connection
    from django.utils import timezone

    from echo_portal.checkout.sample import many
    from hubs.models import Hub
    from sessions_app import feeds
    from sessions_app.models import Series

    now = timezone.now()
    Series.objects.all().delete()  # from the other benchmarks
    many.load_programme(HUBS, SERIES, now, lambda _step: None)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    begin = time.monotonic()
    total = feeds.build_missing(now)
    all_seconds = time.monotonic() - begin

    series = Series.objects.exclude(hub=None).filter(last_ends_at__gt=now - feeds.PAST_SHOWN_FOR)[0]
    edits = [_edit(series, total, now) for _ in range(EDITS)]
    deleted, rebuilt, edit_seconds, rebuild_seconds = (statistics.median(column) for column in zip(*edits, strict=True))

    share = (edit_seconds + rebuild_seconds) / all_seconds
    is_correct = deleted == rebuilt <= MAX_FEEDS
    print(f"{'listed hubs':<36}{Hub.objects.listed().count():>8,}")
    print(f"{'all feeds built':<36}{total:>8,} in {all_seconds:.1f} s")
    print(f"{'one edited series: feeds deleted':<36}{deleted:>8,} in {edit_seconds:.2f} s")
    print(
        f"{'one edited series: feeds rebuilt':<36}{rebuilt:>8,} in {rebuild_seconds:.2f} s   target: at most {MAX_FEEDS}"
    )
    print(f"{'one edit, share of building all':<36}{share:>8.0%}   target: at most {MAX_SHARE:.0%}")
    return 0 if is_correct and share <= MAX_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
