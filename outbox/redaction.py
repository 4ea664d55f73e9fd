"""What staff may read of a sent email: everything except links that act for the person without a sign-in."""

import re
from urllib.parse import unquote, urlsplit

from django.urls import Resolver404, resolve
from django.utils.translation import get_language_from_path, override

LINK = re.compile(r"https?://[^\s\"'<>\\]+")
HIDDEN = "…"


def without_secret_links(text: str) -> str:
    """Return `text` with the secret in each of the portal's own links replaced by "…".

    A secret is what the URL configuration calls `token`: links to join, to answer, and to a personal calendar.
    """
    return LINK.sub(lambda link: _hide(link[0]), text)


def unfolded(calendar: str) -> str:
    """Return a calendar's text with its folded lines joined (RFC 5545 §3.1), so that no link is cut in two."""
    return re.sub(r"\r?\n[ \t]", "", calendar)


def _hide(link: str) -> str:
    path = unquote(urlsplit(link.rstrip(".,;:)")).path)
    language = get_language_from_path(path)
    try:
        with override(language):
            token = resolve(path).kwargs.get("token")
    except Resolver404:
        return link
    return unquote(link).replace(token, HIDDEN) if token else link
