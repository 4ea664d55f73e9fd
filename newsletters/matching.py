"""Which series are for which subscriber, for session news and for reminders.

A series is for a subscriber if all of this is true:

- It is held in the subscriber's language, or in both languages.
- It is meant for their profession (a series without a list of professions is meant for everyone), or it is run in their
  province or territory (national programming is run everywhere).
- They may register: where a series is only for certain professions, theirs is among them.
- They are not registered for it, on its waitlist or waiting for its recording, with the same address.
"""

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from newsletters.models import Subscriber, SubscriberQuerySet
from outbox.models import Message
from registrations.models import Registration
from sessions_app.models import DeliveryLanguage, Series

BATCH = 1000

Reader = tuple[str, str, str]  # language, profession, province


def reader_of(subscriber: Subscriber) -> Reader:
    return subscriber.language, subscriber.profession, subscriber.province


def suits(series: Series, reader: Reader) -> bool:
    """Whether a series is for such a reader. Who is registered is a question of its own (`registered`)."""
    language, profession, province = reader
    speaks = series.language in (language, DeliveryLanguage.BOTH)
    is_for_profession = not series.audience or profession in series.audience
    is_near = series.hub is None or province in series.hub.provinces
    return speaks and series.accepts_profession(profession) and (is_for_profession or is_near)


class Matches:
    """Finds the series for a subscriber among some, in their order. Subscribers with the same answers are compared once."""

    def __init__(self, series: Iterable[Series]) -> None:
        self.series = list(series)
        self.found: dict[Reader, list[int]] = {}

    def of(self, subscriber: Subscriber) -> list[int]:
        """Return the ids of the series."""
        reader = reader_of(subscriber)
        if reader not in self.found:
            self.found[reader] = [series.pk for series in self.series if suits(series, reader)]
        return self.found[reader]


def registered(emails: Iterable[str], series: Iterable[int]) -> set[tuple[str, int]]:
    """Return the pairs of an address and a series for which its owner has a registration that is not cancelled."""
    own = Registration.objects.active().filter(user__email__in=list(emails), series__in=list(series))
    return set(own.order_by().values_list("user__email", "series"))


def in_batches(subscribers: SubscriberQuerySet, prefix: str) -> Iterator[Sequence[Subscriber]]:
    """Yield the subscribers, in batches, leaving out those whose email is in the ledger: its key is `prefix` and their id."""
    key = Concat(Value(prefix), Cast("pk", CharField()))
    due = subscribers.annotate(key=key).exclude(Exists(Message.objects.filter(key=OuterRef("key")))).order_by("pk")
    last = 0
    while batch := list(due.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1].pk
