"""Subscribers as a table, for CSV files. Rows are read and written one by one, so memory stays flat."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.choices import Profession, Province
from accounts.zones import PROJECT_ZONE
from newsletters.models import Subscriber, SubscriberQuerySet, Topic
from newsletters.subscriber_states import SubscriberState, state_of
from registrations.exports import Row, neutralized

READ_AT_ONCE = 1000


class SubscriberTable:
    """The table of some subscribers, in the language that is active when it is made."""

    def __init__(self, subscribers: SubscriberQuerySet, now: datetime) -> None:
        self.subscribers, self.now = subscribers, now
        # read once, and in the language of the page: rows are written after the view has returned
        self.professions = {value: str(label) for value, label in Profession.choices}
        self.provinces = {value: str(label) for value, label in Province.choices}
        self.languages = {code: str(label) for code, label in settings.LANGUAGES}
        self.states = {value: str(label) for value, label in SubscriberState.choices}
        self.topics = {value: str(label) for value, label in Topic.choices}
        self.header: Row = [
            _("Email address"),
            _("Name"),
            _("Language"),
            _("Profession"),
            _("Province or territory"),
            _("Organization"),
            _("Topics"),
            _("State"),
            _("Subscribed on"),
            _("Unsubscribed on"),
        ]

    def rows(self) -> Iterator[Row]:
        for subscriber in self.subscribers.iterator(chunk_size=READ_AT_ONCE):
            yield [neutralized(cell) for cell in self._row(subscriber)]

    def _row(self, subscriber: Subscriber) -> Row:
        return [
            subscriber.email,
            subscriber.name,
            self.languages[subscriber.language],
            self.professions.get(subscriber.profession, ""),
            self.provinces.get(subscriber.province, ""),
            subscriber.organization,
            ", ".join(self.topics[topic] for topic in subscriber.topics),
            self.states[state_of(subscriber, self.now)],
            _day(subscriber.subscribed_at),
            _day(subscriber.unsubscribed_at),
        ]


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(ZoneInfo(PROJECT_ZONE)):%Y-%m-%d}" if moment else ""
