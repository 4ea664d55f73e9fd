"""What the views of this app share."""

from typing import Any, cast
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import User
from accounts.zones import reader_zone
from registrations import queries
from registrations.models import Registration
from sessions_app.addresses import in_other_language
from sessions_app.listings import Listing
from sessions_app.models import Series
from sessions_app.version import cache_version


def me(request: HttpRequest) -> User:
    """Return the signed-in user. The view has made sure that there is one."""
    return cast("User", request.user)


def zone_of(request: HttpRequest, person: User) -> ZoneInfo | None:
    """Return the zone that a page for `person` shows times in: the browser's, else the account's if they chose one."""
    return reader_zone(request) or person.zone_if_known


def public_series(slug: str) -> Series:
    """Return the published series with that slug in either language. Raises Http404.

    Its hub and sessions are read when a page shows them, so a request that only redirects does not read them.
    """
    return get_object_or_404(Series.objects.public().by_slug(slug))


def page_context(request: HttpRequest, series: Series, **more: Any) -> dict[str, Any]:
    """Return what the pages about registering for a series need.

    `version` is read before the sessions, so nothing older than it is cached under it.
    """
    listing = Listing(series, timezone.now(), reader_zone(request))
    elsewhere = in_other_language(request, series)
    return {"series": series, "listing": listing, "version": cache_version(), "elsewhere": elsewhere, **more}


def my_registration(request: HttpRequest, series: Series) -> Registration | None:
    if not request.user.is_authenticated:
        return None
    return Registration.objects.active().filter(user=request.user, series=series).first()


def my_registration_with_position(request: HttpRequest, series: Series) -> Registration | None:
    """Return the user's registration, with its waitlist position (queries.add_waitlist_positions)."""
    registration = my_registration(request, series)
    if registration:
        registration.series = series
        queries.add_waitlist_positions([registration])
    return registration
