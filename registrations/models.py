"""A person's place in a series: a seat or a place in line."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sessions_app.models import Series


class Place(models.TextChoices):
    CONFIRMED = "confirmed", _("Registered")
    WAITLISTED = "waitlisted", _("On the waitlist")
    CANCELLED = "cancelled", _("Cancelled")


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def active(self) -> "RegistrationQuerySet":
        return self.exclude(place=Place.CANCELLED)

    def confirmed(self) -> "RegistrationQuerySet":
        return self.filter(place=Place.CONFIRMED)

    def waiting(self) -> "RegistrationQuerySet":
        """Those in line, the first to be served first."""
        return self.filter(place=Place.WAITLISTED).order_by("waitlisted_at", "pk")


class Registration(models.Model):
    """One person's place in one series. A cancelled one stays as a fact; coming back makes a new one."""

    series = models.ForeignKey(Series, models.PROTECT, related_name="registrations", verbose_name=_("series"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="registrations", verbose_name=_("person")
    )
    place = models.CharField(_("place"), max_length=10, choices=Place.choices)
    created_at = models.DateTimeField(_("since"))
    confirmed_at = models.DateTimeField(_("seat taken"), null=True, blank=True)
    waitlisted_at = models.DateTimeField(_("in line since"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "user"], condition=~Q(place="cancelled"), name="registration_one_active_a_person"
            )
        ]
        indexes = [
            models.Index(fields=["series", "waitlisted_at"], name="registration_line", condition=Q(place="waitlisted"))
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.series}"
