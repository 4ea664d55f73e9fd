"""Measure the weekly news of sessions, and the reminders of a day, for 140,000 subscribers (`--subscribers`).

First ten new series are only for pharmacists, then 20 are for many readers, and a week later there is nothing new.
Emails are rendered as the outbox does it, in batches, and a few of them one by one. Seconds are those of the processor,
here and in the database, because the machine is shared.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

from bench.pages import prepare
from bench.processor import processor_seconds

FOR_FEW, FOR_MANY = range(170, 180), range(180, 200)  # the series of bench.pages that start last
RENDERED, RENDERED_ALONE = 2000, 50
# What is written has to keep up with what is sent (bench.newsletter).
MAX_SECONDS_FOR_FEW, MAX_SECONDS_FOR_NOTHING, MIN_WRITTEN, MIN_RENDERED = 10, 10, 600, 600

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
    if changes:
        series.update(**changes)
    OpenedSeries.objects.filter(series__in=series).delete()


def queue(name: str, task: Callable[..., int], now: datetime, subscribers: int) -> tuple[float, int]:
    """Run the task until everyone has been looked at. Prints and returns the seconds, and the number of emails."""
    from newsletters.tasks import _time_is_up

    emails, runs, is_complete, begin = 0, 0, False, processor_seconds()
    while not is_complete:
        answers, is_up = [False], _time_is_up()
        emails += task(now, is_over=lambda: answers.append(is_up()) or answers[-1])  # noqa: B023 - called at once
        runs, is_complete = runs + 1, not answers[-1]
    seconds = processor_seconds() - begin
    rate = f"{runs} runs, {emails:,} emails, {subscribers / seconds:,.0f} readers per second"
    print(f"{name:<28}{seconds:>8.1f} seconds, {rate}", flush=True)
    return seconds, emails


def rendered_per_second(emails: int, size: int, message_type: str, now: datetime) -> float:
    """Return how many emails are loaded and rendered in a second, in batches of `size`, as the outbox does."""
    from django.utils import translation

    from outbox import message_types
    from outbox.models import Message

    due = Message.objects.filter(message_type=message_type, expires_at__gt=now)
    messages = list(due.order_by("pk")[:emails])
    begin = processor_seconds()
    for start in range(0, len(messages), size):
        batch = messages[start : start + size]
        loaded = message_types.load(message_type, [message.data for message in batch])
        for message, one in zip(batch, loaded, strict=True):
            with translation.override(message.language):
                message_types.render(message_type, one, now).as_bytes(message)
    return len(messages) / (processor_seconds() - begin)


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
    open_now(FOR_FEW, audience=["pharmacist"], audience_required=True)
    for_few, _emails = queue("news for pharmacists", queue_session_news, tuesday, people)
    open_now(FOR_MANY)
    later = tuesday + timedelta(days=7)
    seconds, emails = queue("news for many", queue_session_news, later, people)
    written = emails / seconds
    together = rendered_per_second(RENDERED, BULK_BATCH, "session-news", later)
    alone = rendered_per_second(RENDERED_ALONE, 1, "session-news", later)
    for_nothing, _emails = queue("nothing new", queue_session_news, later + timedelta(days=7), people)
    queue("reminders of a day", queue_session_reminders, tuesday, people)
    reminders = rendered_per_second(RENDERED, BULK_BATCH, "session-reminder", tuesday)
    figures = [
        ("news for pharmacists", for_few, "seconds", MAX_SECONDS_FOR_FEW),
        ("nothing new", for_nothing, "seconds", MAX_SECONDS_FOR_NOTHING),
        ("news written", written, "emails per second", MIN_WRITTEN),
        (f"news rendered, {BULK_BATCH} at once", together, "emails per second", MIN_RENDERED),
        ("news rendered, one by one", alone, "emails per second", 0),
        (f"reminders rendered, {BULK_BATCH} at once", reminders, "emails per second", MIN_RENDERED),
    ]
    for name, figure, unit, target in figures:
        bound = "at most" if unit == "seconds" else "at least"
        print(f"{name:<40}{figure:>8,.0f} {unit}" + (f"   target: {bound} {target}" if target else ""))
    return 0 if all(_is_met(figure, unit, target) for _name, figure, unit, target in figures) else 1


def _is_met(figure: float, unit: str, target: float) -> bool:
    return figure <= target if unit == "seconds" else figure >= target


if __name__ == "__main__":
    sys.exit(main())
