"""Whether a link in an issue leads somewhere."""

from collections.abc import Callable
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import translation

from accounts.languages import LANGUAGES
from hubs.models import Hub
from newsletters.models import Issue, PublicationFile
from sessions_app.models import Series

SCHEMES = {"http", "https", "mailto", "tel"}


class Fault(StrEnum):
    """What is wrong with a link."""

    BROKEN = "broken"  # no page of the portal has this address
    HIDDEN = "hidden"  # the page exists, but not for everyone: a draft
    PERSONAL = "personal"  # the page is for one person, one team or staff
    INCOMPLETE = "incomplete"  # neither a full address nor a path of the portal


def own_path(link: str) -> str | None:
    """Return the path of a link to the portal, or None if it leads elsewhere."""
    if link.startswith(f"{settings.SITE_URL}/"):
        link = link.removeprefix(settings.SITE_URL)
    return link if link.startswith("/") and not link.startswith("//") else None


def language_of(link: str) -> str | None:
    """Return the language of the portal's page that the link leads to. None if it leads elsewhere, or has no language."""
    path = own_path(link) or ""
    return path[1:3] if path[1:3] in LANGUAGES and path[3:4] in ("/", "") else None


def find_fault(link: str) -> Fault | None:
    """Return what is wrong with the link, or None. Other sites are not asked."""
    path = own_path(link)
    if path is None:
        try:
            target = urlsplit(link)
        except ValueError:
            return Fault.INCOMPLETE
        return None if target.scheme in SCHEMES and (target.netloc or target.path) else Fault.INCOMPLETE
    with translation.override(language_of(link) or "en"):
        try:
            match = resolve(urlsplit(path).path)
        except (Resolver404, ValueError):
            return Fault.BROKEN
    return _fault_of_page(match)


def _fault_of_page(match: ResolverMatch) -> Fault | None:
    if match.namespaces[:1] in (["admin"], ["workspace"]):
        return Fault.PERSONAL
    arguments = match.captured_kwargs  # type: ignore[attr-defined]  # missing in its stub
    if not arguments:
        return None
    if match.view_name not in PAGES:
        return Fault.PERSONAL
    exists, is_public = PAGES[match.view_name](arguments)
    return None if is_public else Fault.HIDDEN if exists else Fault.BROKEN


Arguments = dict[str, str]


def _series(arguments: Arguments) -> tuple[bool, bool]:
    found = Series.objects.all().by_slug(arguments["slug"])
    return found.exists(), Series.objects.public().by_slug(arguments["slug"]).exists()


def _hub(arguments: Arguments) -> tuple[bool, bool]:
    found = Hub.objects.filter(slug=arguments["slug"])
    return found.exists(), found.filter(is_listed=True).exists()


def _issue(arguments: Arguments) -> tuple[bool, bool]:
    found = Issue.objects.all().by_slug(arguments["slug"])
    return found.exists(), Issue.objects.public().by_slug(arguments["slug"]).exists()


def _publication(arguments: Arguments) -> tuple[bool, bool]:
    slug, language = arguments["slug"], arguments["language"]
    exists = PublicationFile.objects.filter(publication__slug=slug, language=language).exists()
    return exists, exists


# The public pages with something in their address. Each returns whether that exists, and whether everyone can see it.
PAGES: dict[str, Callable[[Arguments], tuple[bool, bool]]] = {
    "sessions:detail": _series,
    "sessions:series_ics": _series,
    "registrations:register": _series,
    "hubs:detail": _hub,
    "hubs:feed": _hub,
    "newsletters:detail": _issue,
    "newsletters:publication": _publication,
}
