"""The personal calendar feed: read by calendar programs, by its secret address alone."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from registrations import feeds
from registrations.models import PersonalCalendar


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """An address that was renewed, or never was one, does not exist. The same facts give the same bytes, and a 304."""
    calendar = PersonalCalendar.objects.select_related("user").filter(secret=token, user__is_active=True).first()
    if calendar is None:
        raise Http404
    with translation.override(calendar.user.language):
        content = feeds.personal(calendar.user)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["ETag"] = quote_etag(feeds.fingerprint(content))
    response["Cache-Control"] = "private, max-age=300"
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
