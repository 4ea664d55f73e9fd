"""To be replaced when merged: leaving."""

from datetime import datetime
from typing import Any

from django.db import transaction

from newsletters.models import ConsentAction, Subscriber
from newsletters.services.consent import Origin, record


@transaction.atomic
def unsubscribe(
    subscriber: Subscriber,
    *,
    origin: Origin,
    now: datetime,
    action: ConsentAction = ConsentAction.UNSUBSCRIBED,
    detail: dict[str, Any] | None = None,
) -> None:
    """Stop all bulk email to this person, at once. A second time changes nothing.

    The topics stay in the row, so that an undo finds them. Service email is not affected.
    """
    locked = _lock(subscriber)
    if locked.unsubscribed_at is None:
        Subscriber.objects.filter(pk=locked.pk).update(unsubscribed_at=now, paused_until=None)
        record(action, locked.email, now=now, origin=origin, detail=detail)


def _lock(subscriber: Subscriber) -> Subscriber:
    return Subscriber.objects.select_for_update().get(pk=subscriber.pk)
