"""How long web sessions last."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Long enough to find a code in the junk folder and to show a second factor.
ANONYMOUS_SECONDS = 60 * 60 * 2


class ShortAnonymousSessionsMiddleware:
    """Ends the session of a visitor who is not signed in after two hours, so that strangers cannot fill the database.

    Signing in makes it last as long as the cookie (accounts/apps.py). Belongs after the session and authentication
    middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.modified and not request.session.is_empty() and not request.user.is_authenticated:
            request.session.set_expiry(ANONYMOUS_SECONDS)
        return response
