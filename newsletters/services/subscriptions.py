"""Subscribing, changing what one gets, and leaving. Each function is one transaction and records each step of consent.

Nobody is subscribed unless they ticked a box and then pressed the button behind the link in an email (docs/structure.md,
consent). Until then, what was typed is only a request.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

import outbox.services
from accounts.fields import normalize_email
from newsletters import wording
from newsletters.correspondence import addresses_of, at_addresses_of, emails_to, last_issue
from newsletters.models import (
    ConsentAction,
    FormerToken,
    OpeningNotice,
    ReminderDays,
    Subscriber,
    SubscriptionRequest,
    new_token,
)
from newsletters.queries import active_subscriber, hash_of_token
from newsletters.services import notifications, opening
from newsletters.services.consent import Origin, record
from outbox.suppression import lift_complaint

# What was typed in the form and never confirmed is deleted after this, and the link stops working.
REQUESTS_KEPT_FOR = timedelta(days=7)
# The details of someone who left. The record of consent stays.
LEFT_KEPT_FOR = timedelta(days=90)
# The unsubscribe link of an email must work for 60 days (Canada's anti-spam law, s. 11(2)).
FORMER_TOKENS_KEPT_FOR = timedelta(days=90)
PAUSE_LASTS = timedelta(days=91)


class RequestGoneError(Exception):
    """The request is too old, or what it was about no longer exists."""


class AddressTakenError(Exception):
    """Someone else is subscribed with the new address."""


class HasLeftError(Exception):
    """The person has unsubscribed, so only a new consent can change what they get."""


@dataclass(frozen=True)
class Choices:
    """What someone chooses in a form."""

    topics: Sequence[str]
    language: str
    reminder_days: int = ReminderDays.SEVEN
    name: str = ""
    profession: str = ""
    province: str = ""
    organization: str = ""

    def fields(self) -> dict[str, Any]:
        return asdict(self) | {"topics": list(self.topics)}


@transaction.atomic
def ask(email: str, choices: Choices, *, origin: Origin, now: datetime) -> SubscriptionRequest:
    """Keep what was typed, and email the holder of the address, who decides.

    Nothing else happens before they press the button, also for an address that is subscribed already.
    """
    request = SubscriptionRequest.objects.create(
        email=email,
        wording=wording.as_shown_in(origin.language, choices.topics),
        wording_version=wording.CURRENT,
        page=origin.page[:200],
        ip=origin.ip,
        created_at=now,
        **choices.fields(),
    )
    subscriber = active_subscriber(request.email)
    if subscriber:
        notifications.tell_already_subscribed(subscriber, request=request, now=now)
    else:
        notifications.ask_to_confirm(request, now=now)
    return request


def is_open(request: SubscriptionRequest, now: datetime) -> bool:
    return request.confirmed_at is None and request.created_at > now - REQUESTS_KEPT_FOR


@transaction.atomic
def confirm(request: SubscriptionRequest, *, origin: Origin, now: datetime) -> None:
    """Do what was asked for: subscribe, or change the address. A second press changes nothing.

    Raises RequestGoneError, or AddressTakenError if the new address was subscribed meanwhile.
    """
    locked = SubscriptionRequest.objects.select_for_update().filter(pk=request.pk).first()
    if locked is None:
        raise RequestGoneError
    if locked.confirmed_at is not None:
        return
    if not is_open(locked, now):
        raise RequestGoneError
    if locked.subscriber_id is None:
        _subscribe(locked, origin, now)
    else:
        _change_address(locked, locked.subscriber_id, origin, now)
    locked.confirmed_at = now
    locked.save(update_fields=["confirmed_at"])


def _subscribe(request: SubscriptionRequest, origin: Origin, now: datetime) -> None:
    """Make or change the subscriber. Details that were left empty stay as they are.

    Both steps are recorded now: a request that nobody confirms is no consent, and leaves no trace.
    """
    subscribers = Subscriber.objects.select_for_update()
    subscriber, _is_new = subscribers.get_or_create(email=request.email, defaults={"subscribed_at": now})
    if subscriber.unsubscribed_at is not None:
        subscriber.subscribed_at = now
    subscriber.unsubscribed_at = subscriber.paused_until = None
    for name in ("topics", "language", "reminder_days"):
        setattr(subscriber, name, getattr(request, name))
    for name in ("name", "profession", "province", "organization"):
        setattr(subscriber, name, getattr(request, name) or getattr(subscriber, name))
    subscriber.save()
    lift_complaint(subscriber.email)
    asked = Origin(request.page, request.page[1:3], request.ip)
    for action, at, where in (
        (ConsentAction.ASKED, request.created_at, asked),
        (ConsentAction.CONFIRMED, now, origin),
    ):
        record(
            action,
            request.email,
            now=at,
            origin=where,
            topics=request.topics,
            wording=request.wording,
            wording_version=request.wording_version,
        )


@transaction.atomic
def ask_new_address(subscriber: Subscriber, email: str, *, origin: Origin, now: datetime) -> None:
    """Email the new address, whose holder confirms. If it is subscribed already, they are told so instead."""
    email = normalize_email(email)
    if email == subscriber.email:
        return
    other = active_subscriber(email)
    if other:
        notifications.tell_already_subscribed(other, now=now)
        return
    request = SubscriptionRequest.objects.create(
        email=email,
        subscriber=subscriber,
        language=subscriber.language,
        page=origin.page[:200],
        ip=origin.ip,
        created_at=now,
    )
    notifications.ask_to_confirm_new_address(request, now=now)


def _change_address(request: SubscriptionRequest, subscriber_id: int, origin: Origin, now: datetime) -> None:
    """Move the subscription. Links in earlier emails still unsubscribe, but no longer open the preferences.

    What is queued for the old address goes to the new one. Raises AddressTakenError.
    """
    subscriber = Subscriber.objects.select_for_update().get(pk=subscriber_id)
    old_email, new_email = subscriber.email, request.email
    _make_room(subscriber, new_email, now)
    _retire_token(subscriber, subscriber, now)
    subscriber.email, subscriber.token = new_email, new_token()
    try:
        with transaction.atomic():
            subscriber.save(update_fields=["email", "token"])
    except IntegrityError as error:  # subscribed at this moment, after _make_room looked
        raise AddressTakenError from error
    topics = subscriber.topics if subscriber.unsubscribed_at is None else []
    record(ConsentAction.ADDRESS_CHANGED, old_email, now=now, origin=origin)
    came_from = {"from": old_email}
    record(ConsentAction.ADDRESS_CHANGED, new_email, now=now, origin=origin, topics=topics, detail=came_from)
    outbox.services.readdress_bulk(old_email, new_email)
    notifications.tell_old_address(old_email, subscriber.language, now=now)


def _make_room(subscriber: Subscriber, email: str, now: datetime) -> None:
    """Delete the row of someone who left with this address. Raises AddressTakenError if they have not left."""
    other = Subscriber.objects.select_for_update().filter(email=email).exclude(pk=subscriber.pk).first()
    if other is None:
        return
    if other.unsubscribed_at is None:
        raise AddressTakenError
    other.former_tokens.update(subscriber=subscriber)
    _retire_token(other, subscriber, now)
    other.delete()


def _retire_token(former: Subscriber, subscriber: Subscriber | None, now: datetime) -> None:
    FormerToken.objects.create(token_hash=hash_of_token(former.token), subscriber=subscriber, replaced_at=now)


@transaction.atomic
def change_preferences(subscriber: Subscriber, choices: Choices, *, origin: Origin, now: datetime) -> None:
    """Save what someone chose. A changed list of topics is recorded, with the text they saw. Without topics, they leave.

    Raises HasLeftError for someone who has left: the record would look as if they were subscribed.
    """
    locked = _lock(subscriber)
    if locked.unsubscribed_at is not None:
        raise HasLeftError
    if not choices.topics:
        unsubscribe(locked, origin=origin, now=now)
        choices = Choices(**(vars(choices) | {"topics": locked.topics}))
    elif set(choices.topics) != set(locked.topics):
        record(
            ConsentAction.CHANGED,
            locked.email,
            now=now,
            origin=origin,
            topics=choices.topics,
            wording=wording.as_shown(choices.topics, with_box=False),
            wording_version=wording.CURRENT,
        )
    Subscriber.objects.filter(pk=locked.pk).update(**choices.fields())


@transaction.atomic
def resubscribe(subscriber: Subscriber, choices: Choices, *, origin: Origin, now: datetime) -> None:
    """Subscribe someone again who left. They ticked the box on the page behind the link in their emails."""
    locked = _lock(subscriber)
    if locked.unsubscribed_at is None:
        return
    record(
        ConsentAction.CONFIRMED,
        locked.email,
        now=now,
        origin=origin,
        topics=choices.topics,
        wording=wording.as_shown(choices.topics),
        wording_version=wording.CURRENT,
    )
    Subscriber.objects.filter(pk=locked.pk).update(
        **choices.fields(), subscribed_at=now, unsubscribed_at=None, paused_until=None
    )
    lift_complaint(locked.email)


@transaction.atomic
def pause(subscriber: Subscriber, *, origin: Origin, now: datetime) -> None:
    """Send nothing for PAUSE_LASTS. The topics stay."""
    locked = _lock(subscriber)
    if locked.unsubscribed_at is None:
        locked.paused_until = now + PAUSE_LASTS
        locked.save(update_fields=["paused_until"])
        until = {"until": locked.paused_until.isoformat()}
        record(ConsentAction.PAUSED, locked.email, now=now, origin=origin, topics=locked.topics, detail=until)


@transaction.atomic
def resume(subscriber: Subscriber, *, origin: Origin, now: datetime) -> None:
    locked = _lock(subscriber)
    if locked.paused_until is not None:
        locked.paused_until = None
        locked.save(update_fields=["paused_until"])
        record(ConsentAction.RESUMED, locked.email, now=now, origin=origin, topics=locked.topics)


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

    The topics stay in the row, so that an undo finds them. Service email is not affected. The issue that was left is
    recorded: the one whose link was used (`detail`), or else the last one they got. The figures of that issue count it.
    """
    locked = _lock(subscriber)
    if locked.unsubscribed_at is None:
        Subscriber.objects.filter(pk=locked.pk).update(unsubscribed_at=now, paused_until=None)
        detail = detail or {}
        is_their_wish = action == ConsentAction.UNSUBSCRIBED
        if is_their_wish and "issue" not in detail and (issue := last_issue(locked, now)):
            detail = detail | {"issue": issue}
        record(action, locked.email, now=now, origin=origin, detail=detail)


@transaction.atomic
def forget(subscriber: Subscriber, *, origin: Origin, now: datetime) -> None:
    """Delete what we know about a subscriber, except the record of consent (s. 13; Quebec's Law 25, s. 28.1).

    Also in what went to an address that they had before. Links in earlier emails still answer. A provider's account with the
    same address, and its email, are not affected.
    """
    requests = SubscriptionRequest.objects.filter(
        Q(subscriber=subscriber) | at_addresses_of(subscriber, "email", "created_at")
    )
    list(requests.order_by("pk").select_for_update())  # in this order, like `confirm`: requests, then the subscriber
    locked = _lock(subscriber)
    requests.delete()
    OpeningNotice.objects.filter(at_addresses_of(locked, "email", "created_at")).delete()
    _retire_token(locked, None, now)
    _erase(locked, now, also=[opening.MESSAGE_TYPE])
    record(ConsentAction.FORGOTTEN, locked.email, now=now, origin=origin)


def _erase(subscriber: Subscriber, now: datetime, also: Collection[str] = ()) -> None:
    """Delete a subscriber, and their addresses in the emails we sent them: about the subscription, bulk email, and `also`."""
    outbox.services.forget_bulk(emails_to(subscriber, also), addresses_of(subscriber), now=now)
    subscriber.delete()


@transaction.atomic
def _delete_if_left(pk: int, now: datetime) -> None:
    """Delete a subscriber who left long ago, with the address in the emails we sent them, unless they came back."""
    left = Subscriber.objects.select_for_update().filter(pk=pk, unsubscribed_at__lte=now - LEFT_KEPT_FOR).first()
    if left:
        _erase(left, now)


def _lock(subscriber: Subscriber) -> Subscriber:
    return Subscriber.objects.select_for_update().get(pk=subscriber.pk)


def prune(now: datetime) -> None:
    """Delete old requests, what we know of people who left long ago, and tokens that no longer have to work."""
    SubscriptionRequest.objects.filter(created_at__lte=now - REQUESTS_KEPT_FOR).delete()
    for pk in Subscriber.objects.filter(unsubscribed_at__lte=now - LEFT_KEPT_FOR).values_list("pk", flat=True):
        _delete_if_left(pk, now)
    FormerToken.objects.filter(replaced_at__lte=now - FORMER_TOKENS_KEPT_FOR).delete()
