"""Someone reports one of our emails as spam: that takes back their consent."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from newsletters.models import ConsentAction, Subscriber
from newsletters.services.consent import Origin
from newsletters.services.subscriptions import unsubscribe
from outbox.addresses import spellings
from outbox.models import Message
from outbox.suppression import lift_complaint


def on_complaint(sender: Any, *, email: str, message: Message | None, at: datetime, **_kwargs: Any) -> None:
    """Unsubscribe the person from all bulk email, and record why. A second report changes nothing.

    Neither does the late report of someone who has subscribed again since.
    """
    subscriber = Subscriber.objects.filter(email__in=spellings(email)).first()
    if subscriber is None:
        return
    if subscriber.unsubscribed_at is None and subscriber.subscribed_at > at:
        lift_complaint(email)
        return
    issue = message.data.get("issue") if message else None
    detail = {"issue": issue} if issue else {}
    origin = Origin(language=subscriber.language)
    with suppress(Subscriber.DoesNotExist):  # forgotten just now
        unsubscribe(subscriber, origin=origin, now=at, action=ConsentAction.COMPLAINED, detail=detail)
