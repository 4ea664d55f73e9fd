"""Links that leave the site: in mail, calendars and structured data they need the portal's public address."""

from typing import Any

from django.conf import settings


def absolute_url(target: Any) -> str:
    """The full address of a path, or of an object that has `get_absolute_url`."""
    path = target if isinstance(target, str) else target.get_absolute_url()
    return f"{settings.SITE_URL}{path}"
