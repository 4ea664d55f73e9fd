"""What follows from an edit of the program. Registration status is in status.py, programme files are in programme_file/."""

import logging

from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet

from hubs.models import Hub
from sessions_app import feeds
from sessions_app.models import Series
from sessions_app.tasks import build_missing_feeds
from sessions_app.version import programme_changed

log = logging.getLogger(__name__)
FEEDS_REQUESTED, FEEDS_REQUESTED_EVERY_SECONDS = "feeds-requested", 5


def series_edited(series: QuerySet[Series]) -> None:
    """Delete the cached feeds that these series are in, and change the program's version on commit.

    Call it in the same transaction as the edit. If the edit may change a series' hub or language, call it before and after.
    """
    _programme_edited(feeds.names_of_series(series))


def hubs_edited(hubs: QuerySet[Hub]) -> None:
    """Delete the cached feeds of these hubs. Call it in the same transaction as the edit; if it may change slugs, before and after."""
    _programme_edited([feeds.hub_feed_name(slug) for slug in hubs.values_list("slug", flat=True)])


def _programme_edited(feed_names: list[str]) -> None:
    if not feed_names:  # before something new is saved
        return
    feeds.delete(feed_names)
    transaction.on_commit(programme_changed)
    transaction.on_commit(_request_feeds)


def _request_feeds() -> None:
    """Ask a worker to build the feeds that are missing. Many edits in a row ask once.

    If the request is lost, nothing is: a missing feed is built when it is read, and beat builds all that are missing every hour.
    """
    if not cache.add(FEEDS_REQUESTED, 1, timeout=FEEDS_REQUESTED_EVERY_SECONDS):
        return
    try:
        build_missing_feeds.apply_async(countdown=FEEDS_REQUESTED_EVERY_SECONDS, expires=600, retry=False)
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the edit must not fail
        log.warning("The feeds could not be requested (%s). Beat builds them within the hour.", type(error).__name__)
