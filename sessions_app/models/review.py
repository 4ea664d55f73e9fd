"""The review of a hub's listings by staff: what was said, and changes that wait for approval."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sessions_app.models.series import Series


class ReviewStep(models.TextChoices):
    SUBMITTED = "submitted", _("Submitted for review")
    RETURNED = "returned", _("Returned to the hub")
    COMMENTED = "commented", _("Comment")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Taken back by the hub")
    CHANGES_SENT = "changes-sent", _("Changes sent for approval")
    CHANGES_APPROVED = "changes-approved", _("Changes approved")
    CHANGES_RETURNED = "changes-returned", _("Changes returned to the hub")


class ReviewEntry(models.Model):
    """One step in the review of a series, in order. Entries are added, never changed.

    A draft whose last step is RETURNED needs the hub's attention.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="review", verbose_name=_("series"))
    step = models.CharField(_("step"), max_length=20, choices=ReviewStep.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("date"))
    comment = models.TextField(_("comment"), max_length=4000, blank=True)

    class Meta:
        verbose_name = _("review step")
        verbose_name_plural = _("review steps")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["series", "-at"], name="reviewentry_latest")]

    def __str__(self) -> str:
        return self.get_step_display()


class ChangeRequest(models.Model):
    """Changes to a published listing that wait for staff (services/review.py). A series has at most one that is open.

    `changes` holds the values that the hub asks for, as JSON, in the form that the editing service takes. `before` holds
    the values at that time, so that staff see both.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned")
        TAKEN_BACK = "taken-back", _("Taken back")

    series = models.ForeignKey(Series, models.CASCADE, related_name="change_requests", verbose_name=_("series"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    before = models.JSONField(_("before"))
    changes = models.JSONField(_("changes"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("sent"))
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("settled by")
    )
    settled_at = models.DateTimeField(_("settled"), null=True)

    class Meta:
        verbose_name = _("change request")
        verbose_name_plural = _("change requests")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["series"], condition=Q(state="waiting"), name="changerequest_one_waiting_a_series"
            )
        ]

    def __str__(self) -> str:
        return str(self.series)
