"""Stands in for pages that another change brings. Delete it with its two lines in urls.py."""

from django.http import Http404, HttpRequest, HttpResponse


def missing(request: HttpRequest, token: str) -> HttpResponse:
    raise Http404
