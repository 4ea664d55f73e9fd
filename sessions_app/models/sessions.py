"""The dated live meetings of a series."""

from collections.abc import Iterable, Mapping
from typing import Any

import pghistory
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.languages import Bilingual
from sessions_app.models.series import Series
from sessions_app.times import format_when


class Delivery(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    POSTPONED = "postponed", _("Postponed")
    CANCELLED = "cancelled", _("Cancelled")
    HELD = "held", _("Held")


class SessionQuerySet(models.QuerySet["Session"]):
    def meeting(self) -> "SessionQuerySet":
        """Return the sessions that take place: neither cancelled nor postponed."""
        return self.exclude(delivery__in=[Delivery.CANCELLED, Delivery.POSTPONED])


@pghistory.track(exclude=["sequence", "updated_at"])
class Session(models.Model):
    """A dated live meeting of a series. Times are in UTC and shown in the series' zone."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="sessions", verbose_name=_("series"))
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    title_fr = models.CharField(_("title (French)"), max_length=200, blank=True)
    speakers_en = models.TextField(_("speakers (English)"), blank=True, help_text=_("One per line: name, role."))
    speakers_fr = models.TextField(_("speakers (French)"), blank=True, help_text=_("One per line: name, role."))
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    delivery = models.CharField(_("delivery"), max_length=10, choices=Delivery.choices, default="scheduled")
    join_url = models.URLField(
        _("join link"),
        max_length=500,
        blank=True,
        help_text=_("Sent only to people who are registered. Never shown on a public page."),
    )
    sequence = models.PositiveIntegerField(default=0, editable=False)
    # A message to the people in the series, by language, for the email that follows from the next save. Not stored here.
    note_to_people: Mapping[str, str] = {}
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SessionQuerySet.as_manager()

    title = Bilingual()
    speakers = Bilingual()

    # What a calendar shows of a session: a change of any of these raises SEQUENCE (RFC 5545 §3.8.7.4).
    CALENDAR_FIELDS = ("title_en", "title_fr", "starts_at", "ends_at", "delivery")

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="session_ends_after_start",
                violation_error_message=_("A session must end after it starts."),
            )
        ]
        indexes = [
            models.Index(fields=["starts_at"], name="session_by_start"),
            models.Index(fields=["ends_at"], name="session_by_end"),
        ]

    def __str__(self) -> str:
        """Return the title with the date in the series' zone, because the sessions of a series often have the same title."""
        when = format_when(self.starts_at, self.ends_at, self.series.zone)
        return f"{self.title or self.series} ({when})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the session and what follows from it (signals) in one transaction."""
        if self.pk and not kwargs.get("update_fields"):
            before = Session.objects.filter(pk=self.pk).values(*self.CALENDAR_FIELDS).first()
            if before and any(before[name] != getattr(self, name) for name in self.CALENDAR_FIELDS):
                self.sequence += 1
        with transaction.atomic():
            super().save(*args, **kwargs)

    @property
    def is_off(self) -> bool:
        """Whether the session does not take place on its date: it is cancelled or postponed."""
        return self.delivery in (Delivery.CANCELLED, Delivery.POSTPONED)

    @property
    def speaker_lines(self) -> list[str]:
        return self.speakers.splitlines()


def dates_of(sessions: Iterable[Session]) -> dict[str, Any]:
    """Return what the database keeps of these sessions in their series, for sessions that are not saved.

    The twin of the trigger in migration 0002. tests/sessions_app/test_series_dates.py holds the two equal.
    """
    sessions = list(sessions)
    meetings = [session for session in sessions if not session.is_off]
    return {
        "first_starts_at": min((session.starts_at for session in meetings), default=None),
        "last_starts_at": max((session.starts_at for session in meetings), default=None),
        "last_ends_at": max((session.ends_at for session in meetings), default=None),
        "has_postponed": any(session.delivery == Delivery.POSTPONED for session in sessions),
    }
