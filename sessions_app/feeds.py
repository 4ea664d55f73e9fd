"""Calendar feeds of the programme: all of it, one hub's, one language's; each in English and in French.

Celery keeps them ready (tasks.py); serving one is a lookup. An edit throws them away in its own transaction, so none is ever
older than what it tells; one that is missing is made on the spot.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.languages import LANGUAGES, current_language
from hubs.models import Hub
from sessions_app import calendars
from sessions_app.forms import NATIONAL
from sessions_app.models import Feed, Series, SeriesQuerySet
from sessions_app.queries import for_list
from sessions_app.services import programme_version

# What is over for longer is in no feed: calendars have kept it, if their owners wanted it.
SHOWN_FOR = timedelta(days=31)
ALL = "all"
OF_LANGUAGE = {f"language-{language}": language for language in LANGUAGES}


def of_hub(hub: Hub) -> str:
    return f"hub-{hub.slug}"


def read(name: str, now: datetime) -> bytes:
    """The feed of that name in the active language: as it was exported, else made now and kept."""
    kept = Feed.objects.filter(name=name, language=current_language()).values_list("content", flat=True).first()
    return bytes(kept) if kept is not None else make(name, now)


def make(name: str, now: datetime) -> bytes:
    """Write the feed anew and keep it, unless something was edited meanwhile."""
    before = programme_version()
    series, title = _series_and_title(name)
    ahead = series.filter(last_ends_at__gt=now - SHOWN_FOR).order_by("pk")
    content = calendars.published(for_list(ahead), name=title)
    if before is not None and before == programme_version():
        Feed.objects.update_or_create(
            name=name, language=current_language(), defaults={"content": content, "made_at": now}
        )
    return content


def _series_and_title(name: str) -> tuple[SeriesQuerySet, str]:
    """Raises Hub.DoesNotExist for a hub that is not listed."""
    public, project = Series.objects.public(), str(settings.PROJECT_NAME)
    if name == ALL:
        return public, project
    if name in OF_LANGUAGE:
        language = OF_LANGUAGE[name]
        return public.filter(language__in=[language, "both"]), _language_title(language)
    hub = Hub.objects.listed().get(slug=name.removeprefix("hub-"))
    return public.filter(hub=hub), f"{hub.name} ({project})"


def _language_title(language: str) -> str:
    title = _("%(project)s: in French") if language == "fr" else _("%(project)s: in English")
    return title % {"project": settings.PROJECT_NAME}


@dataclass(frozen=True)
class Offer:
    """A feed to subscribe to: its path, what it holds, and what the calendar is called."""

    path: str
    holds: str
    name: str


def matching(chosen: dict[str, Any], hubs: Iterable[tuple[str, str]]) -> Offer:
    """The feed that comes closest to the filters of a list: that of its one hub, else of its one language, else all.

    `hubs`: (slug, name) of each listed hub.
    """
    chosen_hubs, languages = chosen.get("hub", []), chosen.get("language", [])
    project = str(settings.PROJECT_NAME)
    if len(chosen_hubs) == 1 and chosen_hubs != [NATIONAL]:
        hub = dict(hubs)[chosen_hubs[0]]
        return Offer(reverse("hubs:feed", args=chosen_hubs), hub, f"{hub} ({project})")
    if len(languages) == 1 and not chosen_hubs:
        holds = _("sessions in French") if languages == ["fr"] else _("sessions in English")
        return Offer(reverse("sessions:language_feed", args=languages), holds, _language_title(languages[0]))
    return Offer(reverse("sessions:feed"), _("all sessions"), project)


def forget() -> None:
    """Something in the programme is edited: no feed is good any more. Part of the edit's own transaction."""
    Feed.objects.all().delete()


def export(now: datetime, *, anew: bool = False) -> int:
    """Make the feeds that are missing, or all of them `anew`; returns how many."""
    names = [ALL, *OF_LANGUAGE, *(of_hub(hub) for hub in Hub.objects.listed())]
    made = 0
    for language in LANGUAGES:
        there = set() if anew else set(Feed.objects.filter(language=language).values_list("name", flat=True))
        with translation.override(language):
            for name in names:
                if name not in there:
                    make(name, now)
                    made += 1
    return made


def answer(request: HttpRequest, content: bytes, filename: str) -> HttpResponse:
    """Calendars ask every hour or so; in between they need not. ETag, 304 and gzip are the page cache's."""
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}-{current_language()}.ics"'
    response["Cache-Control"] = "public, max-age=600"
    return response
