"""How long the web sessions of visitors last."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Long enough to find a code in the junk folder and to enter a second factor.
ANONYMOUS_SECONDS = 60 * 60 * 2


class ShortAnonymousSessionsMiddleware:
    """Lets sessions of visitors who are not signed in expire after two hours, so that strangers cannot fill the database.

    Signing in gives it its normal lifetime (accounts/apps.py). Must come after the authentication middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.modified and not request.session.is_empty() and not request.user.is_authenticated:
            request.session.set_expiry(ANONYMOUS_SECONDS)
        return response
