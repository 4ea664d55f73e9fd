"""The ledger of every email that is sent (docs/structure.md). What is not in this table is not sent."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNCERTAIN = "uncertain", _("Uncertain")
    EXPIRED = "expired", _("Expired")
    SUPPRESSED = "suppressed", _("Suppressed")


class Message(models.Model):
    """One email to one person, written in the transaction of the fact that it is about.

    `data` holds what the renderer needs (ids, a one-time code), never rendered text. The text is made, and checked
    again, just before it is sent. `as_sent` is the email as it was sent, with headers, until it is pruned.
    """

    key = models.CharField(_("key"), max_length=200, unique=True)
    message_type = models.CharField(_("type"), max_length=40)
    is_bulk = models.BooleanField(_("bulk"), default=False)
    to = models.EmailField(_("to"))
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    data = models.JSONField(_("data"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    not_before = models.DateTimeField(_("send after"))
    expires_at = models.DateTimeField(_("send before"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claimed_at = models.DateTimeField(_("claimed"), null=True, blank=True)
    handed_over_at = models.DateTimeField(
        _("passed to the email server"), null=True, blank=True, help_text=_("Set just before we contact the server.")
    )
    settled_at = models.DateTimeField(_("completed"), null=True, blank=True)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    as_sent = models.BinaryField(null=True, editable=False)
    created_at = models.DateTimeField(_("email created"), auto_now_add=True)

    class Meta:
        verbose_name = _("email")
        verbose_name_plural = _("emails")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["is_bulk", "not_before", "id"], name="message_due_by_class", condition=Q(state="queued")
            ),
            models.Index(fields=["claimed_at"], name="message_in_flight", condition=Q(state="sending")),
            models.Index(fields=["settled_at"], name="message_kept", condition=Q(as_sent__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.key


class SuppressionReason(models.TextChoices):
    HARD_BOUNCE = "hard-bounce", _("address does not exist")
    SOFT_BOUNCES = "soft-bounces", _("refused for several days")
    COMPLAINT = "complaint", _("reported us as spam")
    STAFF = "staff", _("added by staff")


class Suppression(models.Model):
    """An address that gets no email. It is known by its hash, so it stays suppressed after the address itself is
    erased."""

    address_hash = models.CharField(max_length=64, unique=True, editable=False)
    email = models.EmailField(_("email address"), blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=SuppressionReason.choices)
    detail = models.CharField(_("server’s reply"), max_length=300, blank=True)
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        ordering = ["-since"]

    def __str__(self) -> str:
        return self.email or "–"


class SoftBounce(models.Model):
    """A day on which an address was refused temporarily. Days count, not attempts."""

    address_hash = models.CharField(max_length=64)
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["address_hash", "day"], name="softbounce_one_a_day")]


class Heartbeat(models.Model):
    """When something that runs regularly last ran. An alarm reads it without needing that thing or Redis."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
