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
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed meanwhile")


class BulkSendState(models.TextChoices):
    RUNNING = "running", _("Sending")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")
    FINISHED = "finished", _("Finished")


class PauseReason(models.TextChoices):
    """Why a bulk send is paused, if it was not staff who paused it."""

    SILENCE = "silence", _("The portal was down, or was restored from a backup.")


class BulkSend(models.Model):
    """Many emails that start, pause and stop together, such as an issue of the newsletter. The audience is frozen."""

    key = models.CharField(_("key"), max_length=100, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=BulkSendState.choices, default=BulkSendState.RUNNING)
    pause_reason = models.CharField(
        _("why it is paused"), max_length=10, choices=PauseReason.choices, blank=True, default="", db_default=""
    )
    audience = models.PositiveIntegerField(_("audience"), default=0)
    # Counted once it is finished, so that a list of bulk sends counts no messages.
    sent = models.PositiveIntegerField(_("sent"), null=True, editable=False)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("bulk send")
        verbose_name_plural = _("bulk sends")
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return self.key


class Message(models.Model):
    """One email to one person, written in the transaction of the fact that it is about.

    `data` holds what the renderer needs (ids, a one-time code), never rendered text. The text is made, and checked
    again, just before it is sent. `as_sent` is the email as it was sent, with headers, until it is pruned.
    """

    key = models.CharField(_("key"), max_length=200, unique=True)
    message_type = models.CharField(_("type"), max_length=40)
    is_bulk = models.BooleanField(_("bulk"), default=False)
    bulk_send = models.ForeignKey(
        BulkSend, models.PROTECT, null=True, blank=True, related_name="messages", db_index=False
    )
    to = models.EmailField(_("to"))
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    data = models.JSONField(_("data"), default=dict)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
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
            models.Index(
                fields=["bulk_send", "not_before", "id"],
                name="message_bulk_due",
                condition=Q(state="queued", is_bulk=True),
            ),
            models.Index(fields=["claimed_at"], name="message_in_flight", condition=Q(state="sending")),
            models.Index(
                fields=["bulk_send", "state", "id"], name="message_by_bulk_send", condition=Q(bulk_send__isnull=False)
            ),
            models.Index(fields=["to", "settled_at"], name="message_sent_to", condition=Q(state="sent")),
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
    """An address that gets no email, or only some (`suppression.stops`). Its hash keeps it suppressed after the address itself
    is erased."""

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


class DeliveryReport(models.Model):
    """What the email provider reported about a sent message, once for each kind of report."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Reported as spam")

    message = models.ForeignKey(Message, models.CASCADE, related_name="reports")
    kind = models.CharField(_("report"), max_length=10, choices=Kind.choices)
    detail = models.CharField(_("server’s reply"), max_length=300, blank=True)
    at = models.DateTimeField(_("date"))

    class Meta:
        verbose_name = _("delivery report")
        verbose_name_plural = _("delivery reports")
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["message", "kind"], name="report_once")]


class HandledReport(models.Model):
    """A bounce or complaint that was acted on, so that the same report does not suppress anyone again."""

    fingerprint = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)


class Heartbeat(models.Model):
    """When something that runs regularly last ran. An alarm reads it without needing that thing or Redis."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
