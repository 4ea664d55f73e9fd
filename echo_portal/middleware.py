"""The portal's small middleware."""

from collections.abc import Callable

from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from accounts.fields import is_key
from accounts.zones import ZONE_COOKIE
from echo_portal.admin_lists import asks_only_for_what_is_shown

KNOWN_COOKIE = "known"
A_YEAR = 60 * 60 * 24 * 365


class OddRequestsMiddleware:
    """Keeps away from views what Postgres cannot search for and no form checks first.

    A NUL in a URL or cookie becomes U+FFFD, as in HTML, so that it finds nothing. In the admin, ticked rows without a
    key and a field without a name are refused, and lists accept only the filters they show (admin_lists.py).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.path = request.path.replace("\0", "\ufffd")
        request.path_info = request.path_info.replace("\0", "\ufffd")
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace("%00", "%EF%BF%BD")
        request.COOKIES = {name: value.replace("\0", "\ufffd") for name, value in request.COOKIES.items()}
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        match = request.resolver_match
        if match is None or match.app_name != "admin":
            return
        if "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR)):
            raise BadRequest("A row was asked for by a field without a name.")
        if not all(is_key(key) for key in request.POST.getlist("_selected_action")):
            raise BadRequest("A row was chosen that has no key.")
        is_list = (match.url_name or "").endswith("_changelist")
        if is_list and not asks_only_for_what_is_shown(match.func.model_admin, request):  # type: ignore[attr-defined]
            raise BadRequest("The list was asked for something that it does not show.")


class PrivatePagesMiddleware:
    """Keeps pages of signed-in people out of caches, and tells their browser that they are known and their zone.

    The `known` cookie holds no secret. It tells the script on public pages to fetch the person's own panel.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        touched = request.session.accessed if hasattr(request, "session") else False
        if touched and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        if touched and user is not None:
            self._tell_browser(request, response)
        return response

    def _tell_browser(self, request: HttpRequest, response: HttpResponse) -> None:
        known = request.COOKIES.get(KNOWN_COOKIE)
        if request.user.is_authenticated:
            if not known:
                response.set_cookie(KNOWN_COOKIE, "1", max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
            if ZONE_COOKIE not in request.COOKIES and ZONE_COOKIE not in response.cookies:
                response.set_cookie(
                    ZONE_COOKIE, request.user.time_zone, max_age=A_YEAR, samesite="Lax", secure=request.is_secure()
                )
        elif known:
            response.delete_cookie(KNOWN_COOKIE)
