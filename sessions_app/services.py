"""What the sessions room does. Status is decided in status.py, programme files are read in programme_file.py."""

import logging
import time
from uuid import uuid4

from django.core.cache import cache
from django.db import transaction

log = logging.getLogger(__name__)
FEEDS_ASKED, FEEDS_ASKED_EVERY_SECONDS = "feeds-asked-for", 5

VERSION_KEY = "programme-version"
# A version that was read is good for this long: no person sees a hundredth of a second, and a burst of readers asks once.
VERSION_HOLDS_SECONDS = 0.01


class _Seen:
    """The version that this process read last, and when (on the monotonic clock)."""

    version: str | None = None
    at = 0.0


def programme_changed() -> None:
    """Say that what the public pages show has changed: every kept page is made anew from here on.

    Call it once the change is committed. A version is a new random word, so that a cache that lost it (a restart) never comes
    back to an old one.
    """
    _Seen.version = None
    cache.set(VERSION_KEY, uuid4().hex, None)


def programme_edited() -> None:
    """The programme itself was edited, not only a seat taken: the calendar feeds are thrown away with the edit, and made anew."""
    from sessions_app import feeds  # noqa: PLC0415 - feeds read the programme, which this module belongs to

    feeds.forget()
    transaction.on_commit(programme_changed)
    transaction.on_commit(_ask_for_feeds)


def _ask_for_feeds() -> None:
    """Many edits in a row ask once; what is missing meanwhile is made on the spot, and beat makes all of them every hour."""
    from sessions_app.tasks import export_feeds  # noqa: PLC0415 - tasks import feeds, which import this module

    if not cache.add(FEEDS_ASKED, 1, timeout=FEEDS_ASKED_EVERY_SECONDS):
        return
    try:
        export_feeds.apply_async(countdown=FEEDS_ASKED_EVERY_SECONDS, expires=600, retry=False)
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the edit must not fail
        log.warning("The feeds could not be asked for (%s); beat will.", type(error).__name__)


def programme_version() -> str | None:
    """The version that the public pages are kept under; None where the cache cannot be reached, and nothing may be kept."""
    now = time.monotonic()
    if _Seen.version is None or not 0 <= now - _Seen.at < VERSION_HOLDS_SECONDS:
        version = cache.get(VERSION_KEY)
        if version is None:
            programme_changed()
            version = cache.get(VERSION_KEY)
        _Seen.version, _Seen.at = version, now
    return _Seen.version
