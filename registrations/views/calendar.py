"""The personal calendar feed, which calendar apps read by its secret URL, and one registration's dates as a file."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from registrations import feeds
from registrations.models import PersonalCalendar, Registration
from registrations.views.common import me


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Serve the feed, or a 404 for an old or unknown URL. An unchanged feed has the same bytes (304)."""
    calendar = PersonalCalendar.objects.select_related("user").filter(secret=token, user__is_active=True).first()
    if calendar is None:
        raise Http404
    with translation.override(calendar.user.language):
        content = feeds.personal(calendar.user)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["ETag"] = quote_etag(feeds.fingerprint(content))
    response["Cache-Control"] = "private, max-age=300"
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


@never_cache
@login_required
@require_safe
def registration_ics(request: HttpRequest, registration: int) -> HttpResponse:
    """Serve the dates of one's own registration, with the links to join. Someone else's registration is a 404."""
    mine = get_object_or_404(
        Registration.objects.coming().filter(user=me(request)).select_related("series"), pk=registration
    )
    response = HttpResponse(feeds.of_registration(mine, timezone.now()), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{mine.series.slug_here}.ics"'
    return response
