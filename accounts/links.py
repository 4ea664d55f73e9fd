"""Full URLs for links outside the site (email, calendars, structured data), and the `next` page to return to."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def absolute_url(target: Any) -> str:
    """Return the full URL of a path, or of an object that has `get_absolute_url`."""
    path = target if isinstance(target, str) else target.get_absolute_url()
    return f"{settings.SITE_URL}{path}"


def next_page(request: HttpRequest) -> str:
    """Return the path in `next`, from the form or the URL, if it is on this site. Otherwise return an empty string."""
    return local_path(request.POST.get("next") or request.GET.get("next") or "")


def local_path(target: str) -> str:
    """Return `target` if it is a path on this site, otherwise an empty string.

    It must start with a slash: `redirect()` would take a word without one for the name of a view.
    """
    is_ours = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if is_ours else ""
