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

Reader = tuple[str, str, str]
ANSWERS = ("language", "profession", "province")  # a reader, as fields of a subscriber


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
    """Finds the series for a reader among some, in their order. There are a few hundred readers that differ."""

    def __init__(self, series: Iterable[Series]) -> None:
        self.series = list(series)
        self.found: dict[Reader, list[int]] = {}

    def of(self, reader: Reader) -> list[int]:
        """Return the ids of the series."""
        if reader not in self.found:
            self.found[reader] = [series.pk for series in self.series if suits(series, reader)]
        return self.found[reader]


def registered(emails: Iterable[str], series: Iterable[int]) -> set[tuple[str, int]]:
    """Return the pairs of an address and a series for which its owner has a registration that is not cancelled."""
    own = Registration.objects.active().filter(user__email__in=list(emails), series__in=list(series))
    return set(own.order_by().values_list("user__email", "series"))


def without_email(subscribers: SubscriberQuerySet, matches: Matches, prefix: str) -> SubscriberQuerySet:
    """Return those who have a match, and no email in the ledger yet: its key would be `prefix` and their id.

    The database leaves out the others, so a run costs as much as there is to write, and the next one goes on where it
    stopped. Readers with the same answers follow one another, because one rendering serves them all.
    """
    readers = subscribers.order_by().values_list(*ANSWERS).distinct()
    matching = ["|".join(reader) for reader in readers if matches.of(reader)]
    language, profession, province = ANSWERS
    answers = Concat(language, Value("|"), profession, Value("|"), province)
    key = Concat(Value(prefix), Cast("pk", CharField()))
    found = subscribers.annotate(answers=answers, key=key).filter(answers__in=matching)
    return found.exclude(Exists(Message.objects.filter(key=OuterRef("key")))).order_by(*ANSWERS, "pk")


def in_batches(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    return (pks[start : start + BATCH] for start in range(0, len(pks), BATCH))
