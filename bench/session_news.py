"""Measure the weekly news of sessions, and the reminders of a day, for 140,000 subscribers (`--subscribers`).

First ten new series are only for pharmacists, then 26 are for many readers, and a week later there is nothing new for
almost everyone. "Runs" is how often the task has to run. Emails are rendered as the outbox does it, in batches, and a few
of them one by one.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bench.pages import prepare

FOR_FEW, FOR_MANY = range(164, 174), range(174, 200)  # the series of bench.pages that start last
MOST_RUNS = 30
RENDERED, RENDERED_ALONE = 2000, 100
TARGET_FEW_SECONDS, TARGET_NOTHING_SECONDS, TARGET_WRITTEN, TARGET_RENDERED = 3, 10, 1000, 600

SUBSCRIBERS = """
    INSERT INTO newsletters_subscriber (name, profession, province, organization, language, topics, reminder_days, email,
        token, subscribed_at)
    SELECT 'Person ' || n, (%s)[1 + n %% %s], (%s)[1 + n / 20 %% %s], '', CASE WHEN n %% 4 = 0 THEN 'fr' ELSE 'en' END,
        '{session-news,reminders}', 7, 'person' || n || '@example.ca', md5(n::text), now()
    FROM generate_series(1, %s) n
"""


def fill_database(subscribers: int, now: datetime) -> None:
    """Add the subscribers. No series is news yet, because they opened long ago."""
    from django.db import connection

    from accounts.choices import Profession, Province
    from newsletters.models import OpenedSeries
    from newsletters.services.news import NEWS_FOR
    from sessions_app.models import Series

    series = Series.objects.values_list("pk", flat=True)
    OpenedSeries.objects.bulk_create(OpenedSeries(series_id=pk, at=now - 2 * NEWS_FOR) for pk in series)
    professions, provinces = list(Profession.values), list(Province.values)
    with connection.cursor() as cursor:
        cursor.execute(SUBSCRIBERS, [professions, len(professions), provinces, len(provinces), subscribers])
        cursor.execute("VACUUM ANALYZE")


def open_now(numbers: range, **changes: object) -> None:
    """Make these series news, and change something about them."""
    from newsletters.models import OpenedSeries
    from sessions_app.models import Series

    series = Series.objects.filter(slug__in=[f"series-{n}" for n in numbers])
    series.update(**changes or {"is_closed": False})
    OpenedSeries.objects.filter(series__in=series).delete()


def queue(name: str, task: Callable[..., int], now: datetime, subscribers: int, target: str = "") -> tuple[float, int]:
    """Run the task until everyone has been looked at. Prints and returns the seconds, and the number of emails."""
    from newsletters.tasks import _time_is_up

    seconds, emails, runs, is_complete = 0.0, 0, 0, False
    while not is_complete and runs < MOST_RUNS:
        answers, begin, is_up = [], time.monotonic(), _time_is_up()
        emails += task(now, is_over=lambda: answers.append(is_up()) or answers[-1])  # noqa: B023 - called at once
        seconds, runs, is_complete = seconds + time.monotonic() - begin, runs + 1, True not in answers
    print(f"{name:<46}{seconds:>9.1f} seconds{target}")
    print(f"{'':<46}{runs:>9} runs, {emails:,} emails, {subscribers / seconds:,.0f} readers per second")
    return seconds, emails


def rendered_per_second(emails: int, size: int, message_type: str, now: datetime) -> float:
    """Return how many emails are loaded and rendered in a second, in batches of `size`, as the outbox does."""
    from django.utils import translation

    from outbox import message_types
    from outbox.models import Message

    due = Message.objects.filter(message_type=message_type, expires_at__gt=now)
    messages = list(due.order_by("pk")[:emails])
    begin = time.monotonic()
    for start in range(0, len(messages), size):
        batch = messages[start : start + size]
        loaded = message_types.load(message_type, [message.data for message in batch])
        for message, one in zip(batch, loaded, strict=True):
            with translation.override(message.language):
                message_types.render(message_type, one, now).as_bytes(message)
    return len(messages) / (time.monotonic() - begin)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--subscribers", type=int, default=140_000)
    people = parser.parse_args().subscribers
    prepare()
    from django.core.cache import cache
    from django.utils import timezone

    from newsletters.services.news import news_time, queue_session_news
    from newsletters.services.reminders import queue_session_reminders
    from outbox.services import BULK_BATCH

    cache.clear()
    tuesday = news_time(timezone.now() + timedelta(days=7))
    fill_database(people, tuesday)
    few, nothing = f"   target: at most {TARGET_FEW_SECONDS}", f"   target: at most {TARGET_NOTHING_SECONDS}"
    open_now(FOR_FEW, audience=["pharmacist"], audience_required=True)
    few_seconds, _emails = queue("news for pharmacists", queue_session_news, tuesday, people, few)
    open_now(FOR_MANY)
    later = tuesday + timedelta(days=7)
    seconds, emails = queue("news for many", queue_session_news, later, people)
    print(f"{'emails written':<46}{emails / seconds:>9.0f} per second   target: at least {TARGET_WRITTEN}")
    rates = []
    for size, count in ((BULK_BATCH, RENDERED), (1, RENDERED_ALONE)):
        rates.append(rendered_per_second(count, size, "session-news", later))
        target = f"   target: at least {TARGET_RENDERED}" if size > 1 else ""
        print(f"{f'news rendered, {size} at once':<46}{rates[-1]:>9.0f} per second{target}")
    nothing_seconds, _emails = queue("nothing new", queue_session_news, later + timedelta(days=7), people, nothing)
    queue("reminders of a day", queue_session_reminders, tuesday, people)
    rate = rendered_per_second(RENDERED, BULK_BATCH, "session-reminder", tuesday)
    print(f"{'reminders rendered':<46}{rate:>9.0f} per second   target: at least {TARGET_RENDERED}")
    is_quick = few_seconds <= TARGET_FEW_SECONDS and nothing_seconds <= TARGET_NOTHING_SECONDS
    return 0 if is_quick and emails / seconds >= TARGET_WRITTEN and min(rates[0], rate) >= TARGET_RENDERED else 1


if __name__ == "__main__":
    sys.exit(main())
