"""A series has one URL in each language. Its other slug redirects there, and language links use it."""

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import ResolverMatch, reverse
from django.utils import translation
from django.utils.encoding import iri_to_uri

from accounts.languages import current_language
from sessions_app.models import Series

AN_HOUR_IN_SECONDS = 3600


def to_canonical(request: HttpRequest, series: Series) -> HttpResponse | None:
    """Return a permanent redirect if the page was requested by the other language's slug, else None."""
    if request.method == "POST" or _match(request).kwargs["slug"] == series.slug_here:
        return None
    response = HttpResponsePermanentRedirect(_address(request, series, current_language()))
    # browsers keep a permanent redirect for good unless told otherwise, and staff can change a slug
    response["Cache-Control"] = f"max-age={AN_HOUR_IN_SECONDS}"
    return response


def in_other_language(request: HttpRequest, series: Series) -> str:
    """Return the requested page's URL with the series' slug in the other language."""
    return _address(request, series, "en" if current_language() == "fr" else "fr")


def _address(request: HttpRequest, series: Series, language: str) -> str:
    match = _match(request)
    with translation.override(language):
        path = reverse(match.view_name, kwargs=match.kwargs | {"slug": series.slug_here})
    query = request.META.get("QUERY_STRING")
    return f"{path}?{iri_to_uri(query)}" if query else path


def _match(request: HttpRequest) -> ResolverMatch:
    return cast("ResolverMatch", request.resolver_match)  # a view that runs was resolved
