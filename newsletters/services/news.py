"""Session news: once a week, the series that opened for registration since, for those who asked to hear of them."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.zones import PROJECT_ZONE
from newsletters.matching import Matches, in_batches, registered
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


def queue_session_news(now: datetime, *, is_over: Callable[[], bool] = lambda: False) -> int:
    """Write this week's news, where it is due and has not been written. Returns how many emails there are.

    Someone for whom there is nothing new gets no email. Nobody hears of a series twice: `AnnouncedSeries` is written in the
    transaction of the email. `is_over` is asked before each batch. The next run goes on with those who have no email yet.
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
    subscribers = Subscriber.objects.receiving(Topic.SESSION_NEWS, now)
    batches = in_batches(subscribers, prefix) if matches.series else []
    count = 0
    for batch in batches:
        if is_over():
            return count
        count += _write_batch(batch, matches, prefix, start + USEFUL_FOR, now)
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


@transaction.atomic
def _write_batch(batch: Sequence[Subscriber], matches: Matches, prefix: str, until: datetime, now: datetime) -> int:
    batch, series = _locked(batch, prefix), [one.pk for one in matches.series]
    own = registered([subscriber.email for subscriber in batch], series)
    told = AnnouncedSeries.objects.filter(subscriber__in=batch, series__in=series)
    known = set(told.values_list("subscriber", "series"))
    announced, drafts = [], []
    for subscriber in batch:
        theirs = matches.of(subscriber)
        fresh = [pk for pk in theirs if (subscriber.pk, pk) not in known and (subscriber.email, pk) not in own][:MOST]
        if fresh:
            announced += [AnnouncedSeries(subscriber=subscriber, series_id=pk, at=now) for pk in fresh]
            drafts.append(_draft(subscriber, fresh, prefix, until))
    AnnouncedSeries.objects.bulk_create(announced)
    write(drafts, now=now)
    return len(drafts)


def _locked(batch: Sequence[Subscriber], prefix: str) -> list[Subscriber]:
    """Lock the subscribers, and leave out those whose email another worker has written meanwhile."""
    found = list(Subscriber.objects.filter(pk__in=[one.pk for one in batch]).order_by("pk").select_for_update())
    keys = {f"{prefix}{subscriber.pk}": subscriber for subscriber in found}
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
