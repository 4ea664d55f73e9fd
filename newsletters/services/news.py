"""Session news: once a week, the series that opened for registration since, for those who asked to hear of them."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from accounts.zones import PROJECT_ZONE
from newsletters.matching import ANSWERS, Matches, in_batches, reader_of, registered, without_email
from newsletters.models import AnnouncedSeries, OpenedSeries, Subscriber, Topic
from outbox.models import Message
from outbox.sender import has_postal_address
from outbox.services import Draft, write
from sessions_app.models import Series
from sessions_app.queries import upcoming
from sessions_app.status import Status

# Each week's news goes out from this time on, in the project's time zone, and not later than USEFUL_FOR after it.
WEEKDAY, HOUR = 1, time(9)  # Tuesday (Monday is 0)
USEFUL_FOR = timedelta(hours=24)
# A series is news for so long after it opened, while registration stays open. So a week without news, such as one in which
# the server was down, is made up for.
NEWS_FOR = timedelta(days=28)
# An email lists so many series at most, those that start soonest. The others are in the next week's, if they are still news.
MOST = 10

ANNOUNCE = """
    INSERT INTO newsletters_announcedseries (subscriber_id, series_id, at)
    SELECT subscriber, series, %s FROM unnest(%s, %s) AS announced (subscriber, series)
"""


def queue_session_news(now: datetime, *, is_over: Callable[[], bool] = lambda: False) -> int:
    """Write this week's news, where it is due and has not been written. Returns how many emails there are.

    Someone for whom there is nothing new gets no email. Nobody hears of a series twice: `AnnouncedSeries` is written in the
    transaction of the email. `is_over` is asked after each batch. The next run goes on with those who have no email yet.
    Without a postal address of the sender nothing is written, but openings are still recorded.
    """
    record_openings(now)
    start = news_time(now)
    if not start <= now < start + USEFUL_FOR or not has_postal_address():
        return 0
    year, week, _weekday = start.isocalendar()
    prefix = f"session-news:{year}-W{week:02}:"
    if cache.get(prefix):  # only spares the database: everyone's email is in the ledger
        return 0
    matches = Matches(news(now))
    count = 0
    for batch in in_batches(_due(matches, prefix, now)):
        count += _write_batch(batch, matches, prefix, start + USEFUL_FOR, now)
        if is_over():
            return count
    cache.set(prefix, 1, timeout=int(USEFUL_FOR.total_seconds()))
    return count


def news_time(now: datetime) -> datetime:
    """Return when the news of the current week goes out: a week begins on Monday in the project's time zone."""
    today = now.astimezone(ZoneInfo(PROJECT_ZONE)).date()
    day = today + timedelta(days=WEEKDAY - today.weekday())
    return datetime.combine(day, HOUR, ZoneInfo(PROJECT_ZONE))


def record_openings(now: datetime) -> int:
    """Remember when a series is first found in the program with registration open. Returns how many are new."""
    known = OpenedSeries.objects.filter(series=OuterRef("pk"))
    fresh = upcoming(now, {"status": [Status.OPEN]}).exclude(Exists(known)).order_by().values_list("pk", flat=True)
    rows = [OpenedSeries(series_id=pk, at=now) for pk in fresh]
    OpenedSeries.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def news(now: datetime) -> list[Series]:
    """Return the series that opened within NEWS_FOR and are still open, those that start soonest first."""
    recent = OpenedSeries.objects.filter(at__gt=now - NEWS_FOR)
    found = upcoming(now, {"status": [Status.OPEN]}).filter(pk__in=recent.values("series"))
    return list(found.select_related("hub"))


def _due(matches: Matches, prefix: str, now: datetime) -> list[int]:
    """Return the ids of those who have no email of this week and have not heard of every series for them."""
    if not matches.series:
        return []
    told = AnnouncedSeries.objects.filter(subscriber=OuterRef("pk"), series__in=[one.pk for one in matches.series])
    receiving = Subscriber.objects.receiving(Topic.SESSION_NEWS, now)
    people = without_email(receiving, matches, prefix).annotate(told=ArraySubquery(told.values("series")))
    rows = people.values_list("pk", "told", *ANSWERS).iterator()
    return [pk for pk, told, *reader in rows if not set(told).issuperset(matches.of(tuple(reader)))]


@transaction.atomic
def _write_batch(batch: Sequence[int], matches: Matches, prefix: str, until: datetime, now: datetime) -> int:
    """Write the emails of some subscribers. Another worker may be writing the same ones, so all is looked at again."""
    people, series = _locked(batch, prefix), [one.pk for one in matches.series]
    own = registered([subscriber.email for subscriber in people], series)
    told = AnnouncedSeries.objects.filter(subscriber__in=people, series__in=series)
    known = set(told.values_list("subscriber", "series"))
    announced, drafts = [], []
    for subscriber in people:
        theirs = matches.of(reader_of(subscriber))
        fresh = [pk for pk in theirs if (subscriber.pk, pk) not in known and (subscriber.email, pk) not in own][:MOST]
        if fresh:
            announced += [(subscriber.pk, pk) for pk in fresh]
            drafts.append(_draft(subscriber, fresh, prefix, until))
    if drafts:
        with connection.cursor() as cursor:  # up to 10,000 rows: as objects, they would take most of the time
            cursor.execute(ANNOUNCE, [now, *map(list, zip(*announced, strict=True))])
        write(drafts, now=now)
    return len(drafts)


def _locked(batch: Sequence[int], prefix: str) -> list[Subscriber]:
    """Lock the subscribers, and leave out those whose email another worker has written meanwhile."""
    found = Subscriber.objects.filter(pk__in=batch).order_by("pk").select_for_update()
    keys = {f"{prefix}{subscriber.pk}": subscriber for subscriber in sorted(found, key=reader_of)}
    written = set(Message.objects.filter(key__in=keys).values_list("key", flat=True))
    return [subscriber for key, subscriber in keys.items() if key not in written]


def _draft(subscriber: Subscriber, series: list[int], prefix: str, until: datetime) -> Draft:
    return Draft(
        key=f"{prefix}{subscriber.pk}",
        message_type="session-news",
        to=subscriber.email,
        language=subscriber.language,
        data={"subscriber": subscriber.pk, "series": series},
        expires_at=until,
        is_bulk=True,
    )
