"""Who makes a change. The history keeps it with each change that the database triggers record (django-pghistory).

A page gives the person's id as `user`, a Celery task its name as `task` (celery.py), a command its name as `command`
(manage.py). URLs are not kept, because some contain a secret.
"""

from typing import Any

from django.http import HttpRequest
from pghistory.middleware import HistoryMiddleware as PghistoryMiddleware


class HistoryMiddleware(PghistoryMiddleware):
    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk}
