"""Calendar feeds of the program: all of it, one per hub and one per language, each in English and in French.

Feeds are cached in the database. An edit deletes those it affects in its own transaction (`services.py`), so a cached feed is never
older than the program. A worker builds the missing ones (`tasks.py`); one that is read before that is built on the spot.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.languages import LANGUAGES, current_language
from hubs.models import Hub
from sessions_app import calendars
from sessions_app.forms import NATIONAL
from sessions_app.models import Feed, Series, SeriesQuerySet
from sessions_app.queries import for_list

# Sessions that ended longer ago are left out: calendar apps have kept them if their owners wanted them.
PAST_SHOWN_FOR = timedelta(days=31)
# Then a feed is built again, so that sessions leave it as they get old.
CACHED_FOR = timedelta(days=1)
ALL = "all"
LANGUAGE_FEEDS = {f"language-{language}": language for language in LANGUAGES}


def hub_feed_name(slug: str) -> str:
    return f"hub-{slug}"


def names_of_series(series: QuerySet[Series]) -> list[str]:
    """Return the names of the feeds that these series are in, or would be in if they were published."""
    names = set()
    for language, slug in series.order_by().values_list("language", "hub__slug").distinct():
        names |= {ALL, *(name for name, spoken in LANGUAGE_FEEDS.items() if language in (spoken, "both"))}
        names |= {hub_feed_name(slug)} if slug else set()
    return sorted(names)


def get(name: str, now: datetime) -> bytes:
    """Return the feed in the active language from the cache, or build it now.

    Raises Hub.DoesNotExist for a hub that is not listed.
    """
    cached = Feed.objects.filter(name=name, language=current_language()).values_list("content", flat=True).first()
    return bytes(cached) if cached is not None else build(name, now)


@transaction.atomic
def build(name: str, now: datetime) -> bytes:
    """Build the feed in the active language, and cache it unless an edit that affects it is not committed yet (see `delete`)."""
    language = current_language()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [_lock_name(name, language)])
        (may_cache,) = cursor.fetchone()
    series, title = _series_and_title(name)
    recent = series.filter(last_ends_at__gt=now - PAST_SHOWN_FOR).order_by("pk")
    content = calendars.published(for_list(recent), name=title)
    if may_cache:
        Feed.objects.update_or_create(name=name, language=language, defaults={"content": content, "made_at": now})
    return content


def delete(names: Collection[str]) -> None:
    """Delete these cached feeds, in both languages. Runs in the same transaction as the edit.

    Until it ends, others still read the program as it was before the edit. So the transaction takes a shared advisory lock on
    each feed, and only a builder that gets the lock for itself caches a feed. Raises TransactionManagementError outside a
    transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Feeds are deleted in the same transaction as the edit.")
    locks = [_lock_name(name, language) for name in names for language in LANGUAGES]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtext(name)) FROM unnest(%s::text[]) AS name", [locks])
    Feed.objects.filter(name__in=names).delete()


def _lock_name(name: str, language: str) -> str:
    return f"feed {name} {language}"


def build_missing(now: datetime) -> int:
    """Build the feeds that are missing or older than CACHED_FOR. Returns how many."""
    names = [ALL, *LANGUAGE_FEEDS, *map(hub_feed_name, Hub.objects.listed().values_list("slug", flat=True))]
    recent = set(Feed.objects.filter(made_at__gt=now - CACHED_FOR).values_list("name", "language"))
    missing = [(name, language) for language in LANGUAGES for name in names if (name, language) not in recent]
    for name, language in missing:
        with translation.override(language):
            build(name, now)
    return len(missing)


def _series_and_title(name: str) -> tuple[SeriesQuerySet, str]:
    """Return the published series of a feed, and its title. Raises Hub.DoesNotExist for a hub that is not listed."""
    listed, project = Series.objects.listed(), str(settings.PROJECT_NAME)
    if name == ALL:
        return listed, project
    if name in LANGUAGE_FEEDS:
        language = LANGUAGE_FEEDS[name]
        return listed.filter(language__in=[language, "both"]), _language_title(language)
    hub = Hub.objects.listed().get(slug=name.removeprefix("hub-"))
    return listed.filter(hub=hub), f"{hub.name} ({project})"


def _language_title(language: str) -> str:
    title = _("%(project)s: in French") if language == "fr" else _("%(project)s: in English")
    return title % {"project": settings.PROJECT_NAME}


@dataclass(frozen=True)
class FeedLink:
    """A feed to subscribe to: its path, what it contains, and the name of the calendar."""

    path: str
    holds: str
    name: str


def matching(chosen: dict[str, Any], hubs: Iterable[tuple[str, str]]) -> FeedLink:
    """Return the feed that comes closest to the chosen filters of a list: of its one hub, else of its one language, else all.

    `hubs`: (slug, name) of each listed hub.
    """
    chosen_hubs, languages = chosen.get("hub", []), chosen.get("language", [])
    project = str(settings.PROJECT_NAME)
    if len(chosen_hubs) == 1 and chosen_hubs != [NATIONAL]:
        hub = dict(hubs)[chosen_hubs[0]]
        return FeedLink(reverse("hubs:feed", args=chosen_hubs), hub, f"{hub} ({project})")
    if len(languages) == 1 and not chosen_hubs:
        holds = _("sessions in French") if languages == ["fr"] else _("sessions in English")
        return FeedLink(reverse("sessions:language_feed", args=languages), holds, _language_title(languages[0]))
    return FeedLink(reverse("sessions:feed"), _("all sessions"), project)


def response(content: bytes, filename: str) -> HttpResponse:
    """Return a feed as an HTTP response. Calendar apps poll about once an hour, so it may be cached for ten minutes.

    The page cache adds ETag, 304 and gzip.
    """
    headers = {
        "Content-Disposition": f'attachment; filename="{filename}-{current_language()}.ics"',
        "Cache-Control": "public, max-age=600",
    }
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)
