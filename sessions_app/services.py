"""What the sessions room does. Status is decided in status.py, programme files are read in programme_file.py."""

from uuid import uuid4

from django.core.cache import cache

VERSION_KEY = "programme-version"


def programme_changed() -> None:
    """Say that what the public pages show has changed: every kept page is made anew from here on.

    Call it once the change is committed. A version is a new random word, so that a cache that lost it (a restart) never comes
    back to an old one.
    """
    cache.set(VERSION_KEY, uuid4().hex, None)


def programme_version() -> str | None:
    """The version that the public pages are kept under; None where the cache cannot be reached, and nothing may be kept."""
    version = cache.get(VERSION_KEY)
    if version is None:
        programme_changed()
        version = cache.get(VERSION_KEY)
    return version
