"""Reads of "my sessions"."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from registrations.models import Place, Registration, RegistrationQuerySet
from registrations.tokens import make_join_token
from sessions_app.entry import Entry
from sessions_app.models import Session
from sessions_app.status import Status

DOORS_OPEN = timedelta(minutes=15)


@dataclass
class MyEntry(Entry):
    """A series as the person who has a place in it sees it."""

    registration: Registration | None = None

    @property
    def is_waiting(self) -> bool:
        return bool(self.registration and self.registration.place == Place.WAITLISTED)

    @property
    def can_join(self) -> bool:
        """The doors of the next session are open: from 15 minutes before it until its end."""
        return bool(
            not self.is_waiting and self.lead and self.lead.starts_at - DOORS_OPEN <= self.now < self.lead.ends_at
        )

    @property
    def doors_open_at(self) -> datetime | None:
        return self.lead.starts_at - DOORS_OPEN if self.lead else None

    @property
    def join_token(self) -> str:
        return make_join_token(self.registration.pk, self.lead.pk) if self.registration and self.lead else ""


def mine(user: User, now: datetime, reader: ZoneInfo | None) -> tuple[list[MyEntry], list[MyEntry]]:
    """The person's active registrations: (to come, the next session first; past, the latest first)."""
    registrations = (
        with_line(Registration.objects.active().filter(user=user))
        .select_related("series__hub")
        .prefetch_related(Prefetch("series__sessions", Session.objects.order_by("starts_at", "pk")))
        .order_by("pk")
    )
    entries = [MyEntry(registration.series, now, reader, registration=registration) for registration in registrations]
    coming = [entry for entry in entries if entry.status != Status.PAST]
    over = [entry for entry in entries if entry.status == Status.PAST]
    coming.sort(key=lambda entry: (entry.lead is None, entry.lead and entry.lead.starts_at))
    over.sort(key=lambda entry: (entry.lead is None, entry.lead and entry.lead.starts_at), reverse=True)
    return coming, over


def with_line(registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    """Annotate `line_place` and `line_length`: "3rd of 12"."""
    line = Registration.objects.filter(place=Place.WAITLISTED, series=OuterRef("series")).order_by()
    before = Q(waitlisted_at__lt=OuterRef("waitlisted_at")) | Q(
        waitlisted_at=OuterRef("waitlisted_at"), pk__lte=OuterRef("pk")
    )

    def counted(rows: RegistrationQuerySet) -> Coalesce:
        return Coalesce(Subquery(rows.values("series").annotate(n=Count("pk")).values("n")), 0)

    return registrations.annotate(line_place=counted(line.filter(before)), line_length=counted(line))
