"""Measure the task that looks for due reminders every minute, when there is nothing new to queue.

There are 6,000 confirmed registrations for 60 sessions in the next day. The first run queues all their reminders. The ledger
also holds 100,000 older messages, as after a year of use.
"""

import statistics
import sys
import time
from datetime import timedelta

from bench.pages import prepare

PEOPLE, SESSIONS, OLDER_MESSAGES, RUNS = 6000, 60, 100_000, 15
TARGET_SECONDS = 0.05


def fill_database() -> None:
    from django.db import connection
    from django.utils import timezone

    from accounts.models import User
    from outbox.models import Message
    from registrations.models import Registration
    from sessions_app.models import Series, Session

    now = timezone.now()
    before = now - timedelta(days=3)
    all_series = Series.objects.bulk_create(
        Series(slug=f"reminded-{n}", title_en=f"Series {n}", publication="published") for n in range(SESSIONS)
    )
    for n, series in enumerate(all_series):
        starts_at = now + timedelta(hours=4, minutes=n * 15)
        Session.objects.create(series=series, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    people = User.objects.bulk_create(
        User(email=f"p{n}@example.ca", name=f"Person {n}", password="!", language="en") for n in range(PEOPLE)
    )
    Registration.objects.bulk_create(
        Registration(
            series=all_series[n % SESSIONS],
            user=person,
            state="confirmed",
            created_at=before,
            confirmed_at=before,
        )
        for n, person in enumerate(people)
    )
    Message.objects.bulk_create(
        (
            Message(
                key=f"registered:{n}",
                message_type="registered",
                to=f"p{n}@example.ca",
                language="en",
                data={"registration": n},
                state="sent",
                not_before=before,
                expires_at=before,
                settled_at=before,
            )
            for n in range(OLDER_MESSAGES)
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def main() -> int:
    prepare()
    fill_database()
    from django.utils import timezone

    from registrations.services import queue_due_reminders

    now = timezone.now()
    begin = time.monotonic()
    queued = queue_due_reminders(now)
    first = time.monotonic() - begin
    times = []
    for _ in range(RUNS):
        begin = time.monotonic()
        again = queue_due_reminders(now)
        times.append(time.monotonic() - begin)
        assert again == 0, again
    nothing_new = statistics.median(times)
    print(f"{'reminders queued by the first run':<40}{queued:>8,} of {PEOPLE:,}")
    print(f"{'first run':<40}{first:>8.3f} seconds")
    print(f"{'nothing new':<40}{nothing_new:>8.3f} seconds   target: at most {TARGET_SECONDS}")
    return 0 if nothing_new <= TARGET_SECONDS and queued == PEOPLE else 1


if __name__ == "__main__":
    sys.exit(main())
