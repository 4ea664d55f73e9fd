"""A series, or an issue of the newsletter, has one URL in each language. Its other slug redirects there, and language links use it."""

from typing import Protocol, cast

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import ResolverMatch, reverse
from django.utils import translation
from django.utils.encoding import iri_to_uri

from accounts.languages import current_language

AN_HOUR_IN_SECONDS = 3600


class HasSlugs(Protocol):
    """Something with a slug in each language. `slug_here` is the one in the active language."""

    @property
    def slug_here(self) -> str: ...


def to_canonical(request: HttpRequest, found: HasSlugs) -> HttpResponse | None:
    """Return a permanent redirect if the page was requested by the other language's slug, else None."""
    if request.method == "POST" or _match(request).kwargs["slug"] == found.slug_here:
        return None
    response = HttpResponsePermanentRedirect(_address(request, found, current_language()))
    # browsers keep a permanent redirect for good unless told otherwise, and staff can change a slug
    response["Cache-Control"] = f"max-age={AN_HOUR_IN_SECONDS}"
    return response


def in_other_language(request: HttpRequest, found: HasSlugs) -> str:
    """Return the requested page's URL with the slug in the other language."""
    return _address(request, found, "en" if current_language() == "fr" else "fr")


def _address(request: HttpRequest, found: HasSlugs, language: str) -> str:
    match = _match(request)
    with translation.override(language):
        path = reverse(match.view_name, kwargs=match.kwargs | {"slug": found.slug_here})
    query = request.META.get("QUERY_STRING")
    return f"{path}?{iri_to_uri(query)}" if query else path


def _match(request: HttpRequest) -> ResolverMatch:
    return cast("ResolverMatch", request.resolver_match)  # a view that runs was resolved
