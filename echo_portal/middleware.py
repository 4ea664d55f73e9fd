"""Middleware that rejects malformed requests and keeps personal pages out of caches."""

from collections.abc import Callable

from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from accounts.fields import is_key
from accounts.zones import ZONE_COOKIE
from echo_portal.admin_lists import uses_only_shown_filters

KNOWN_COOKIE = "known"
A_YEAR = 60 * 60 * 24 * 365


class InvalidInputMiddleware:
    """Handles input that would cause an error in Postgres or the admin before any form validates it.

    A NUL character in a URL or cookie is replaced with U+FFFD, as in HTML, so that it matches nothing. Admin requests
    with invalid keys, an empty field name or a filter that the list does not show (admin_lists.py) are answered with 400.
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
            raise BadRequest("The name of the field to look up is empty.")
        if not all(is_key(key) for key in request.POST.getlist("_selected_action")):
            raise BadRequest("The key of a selected row is not valid.")
        is_list = (match.url_name or "").endswith("_changelist")
        if is_list and not uses_only_shown_filters(match.func.model_admin, request):  # type: ignore[attr-defined]
            raise BadRequest("The list does not show this filter.")


class PrivatePagesMiddleware:
    """Keeps pages that read the session out of caches, and sets the cookies `known` and `zone` for signed-in people.

    The `known` cookie contains no secret. It tells portal.js on public pages to fetch the person's menu and panel.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        session_accessed = request.session.accessed if hasattr(request, "session") else False
        if session_accessed and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        if session_accessed and user is not None:
            self._set_cookies(request, response)
        return response

    def _set_cookies(self, request: HttpRequest, response: HttpResponse) -> None:
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
