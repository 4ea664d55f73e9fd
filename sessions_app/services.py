"""What the sessions room does. Status is decided in status.py, programme files are read in programme_file.py."""

import time
from uuid import uuid4

from django.core.cache import cache

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
