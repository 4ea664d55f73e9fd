"""What one edited series costs the calendar feeds, beside rebuilding all of them: 860 listed hubs and 20,000 series.

Both are measured in one run, since the machine is shared: what counts is the ratio.
"""

import sys
import time

from bench.pages import prepare

HUBS, SERIES = 860, 20_000
MOST_FEEDS, MOST_SHARE = 6, 0.25  # all, one language and one hub, each in English and French


def main() -> int:
    prepare()
    from django.db import connection
    from django.utils import timezone

    from echo_portal.sample import many
    from hubs.models import Hub
    from sessions_app import feeds
    from sessions_app.models import Feed, Series

    now = timezone.now()
    many.load_programme(HUBS, SERIES, now, lambda _step: None)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    begin = time.monotonic()
    every = feeds.build_missing(now)
    all_seconds = time.monotonic() - begin

    series = Series.objects.exclude(hub=None).exclude(language="both").filter(last_ends_at__gt=now)[0]
    begin = time.monotonic()
    series.save()
    edit_seconds = time.monotonic() - begin
    deleted = every - Feed.objects.count()
    begin = time.monotonic()
    rebuilt = feeds.build_missing(now)
    rebuild_seconds = time.monotonic() - begin

    share = (edit_seconds + rebuild_seconds) / all_seconds
    right = deleted == rebuilt <= MOST_FEEDS
    print(f"{'listed hubs':<36}{Hub.objects.listed().count():>8,}")
    print(f"{'all feeds built':<36}{every:>8,} in {all_seconds:.1f} s")
    print(f"{'one edited series: feeds deleted':<36}{deleted:>8,} in {edit_seconds:.2f} s")
    print(
        f"{'one edited series: feeds rebuilt':<36}{rebuilt:>8,} in {rebuild_seconds:.2f} s   target: at most {MOST_FEEDS}"
    )
    print(f"{'one edit, of building all':<36}{share:>8.0%}   target: at most {MOST_SHARE:.0%}")
    return 0 if right and share <= MOST_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
