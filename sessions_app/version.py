"""The version of the program: a random word in the cache that changes with every edit and every seat taken.

What is cached from the program (pages, lists of filters) is cached under this version.
"""

import time
from uuid import uuid4

from django.core.cache import cache
from django.utils.crypto import get_random_string

VERSION_KEY = "programme-version"
# A process asks the cache again after this long. Nobody notices a twentieth of a second, and a burst of readers asks once.
VERSION_HOLDS_SECONDS = 0.05


class _Seen:
    """The version that this process read last, and when (on the monotonic clock)."""

    version: str | None = None
    at = 0.0


def programme_changed() -> None:
    """Change the version, so that every cached page is rendered again. Call it after the change is committed.

    The version is random, so a cache that lost it (a restart) never returns to an old one.
    """
    _Seen.version = None
    cache.set(VERSION_KEY, uuid4().hex, None)


def cache_version() -> str:
    """Return the current version, or a random word if the cache can't be reached, under which nothing is found again.

    Call it before reading what is cached under it, so that this is never older than the version.
    """
    return programme_version() or get_random_string(12)


def programme_version() -> str | None:
    """Return the current version, or None if the cache can't be reached. Nothing may be cached then."""
    now = time.monotonic()
    if _Seen.version is None or not 0 <= now - _Seen.at < VERSION_HOLDS_SECONDS:
        version = cache.get(VERSION_KEY)
        if version is None:
            programme_changed()
            version = cache.get(VERSION_KEY)
        _Seen.version, _Seen.at = version, now
    return _Seen.version
