"""The ledger of every e-mail that leaves (DESIGN.md §4). Redis only nudges; what is not in this table is not sent."""

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


class Message(models.Model):
    """One e-mail to one person, written in the same transaction as the fact it tells.

    `data` holds what the kind's renderer needs (ids, a one-time code), never a rendered text: what a message says is worked
    out, and checked once more, just before it goes.
    """

    key = models.CharField(_("key"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=40)
    to = models.EmailField(_("to"))
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    data = models.JSONField(_("data"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    not_before = models.DateTimeField(_("not before"))
    expires_at = models.DateTimeField(_("not after"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claimed_at = models.DateTimeField(_("claimed"), null=True, blank=True)
    handed_over_at = models.DateTimeField(
        _("handed to the mail server"), null=True, blank=True, help_text=_("Set just before the server is spoken to.")
    )
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["not_before", "id"], name="message_due", condition=Q(state="queued")),
            models.Index(fields=["claimed_at"], name="message_in_flight", condition=Q(state="sending")),
        ]

    def __str__(self) -> str:
        return self.key
