"""Health checks: `/healthz` for load balancers, `/readyz` for monitoring. The host check and HTTPS redirect do not apply."""

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from outbox.alarms import alarms


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 if the process is running."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Return 200 if Postgres answers, email is sent and beat runs. Otherwise 503 with the reasons.

    A cache that is down is reported, but the answer is still 200. Load balancers should use `/healthz`, because the site
    can serve pages while email is late.
    """
    state: dict[str, Any] = {"postgres": _postgres_answers(), "cache": _cache_answers()}
    state["alarms"] = alarms(timezone.now()) if state["postgres"] else ["Postgres does not answer."]
    return JsonResponse(state, status=503 if state["alarms"] else 200)


def _postgres_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        return False
    return True


def _cache_answers() -> bool:
    cache.set("readyz", 1, 5)
    return cache.get("readyz") == 1


class HealthMiddleware:
    """Answers the two health checks before any other middleware runs.

    Load balancers and container engines use an IP address and plain HTTP, so ALLOWED_HOSTS and the redirect to HTTPS
    must not apply. The answers do not depend on the host.
    """

    CHECKS: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.CHECKS.get(request.path_info, self.get_response)(request)
