"""Subscribers, what they asked for, and the append-only record of their consent."""

import secrets
from datetime import datetime

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.choices import Profession, Province
from accounts.fields import NormalizedEmailField


class Topic(models.TextChoices):
    """What someone can subscribe to. Each is a purpose of its own in the record of consent."""

    NEWSLETTER = "newsletter", _("The newsletter")
    SESSION_NEWS = "session-news", _("New sessions for my profession or in my province")
    REMINDERS = "reminders", _("Reminders before these sessions")


class ReminderDays(models.IntegerChoices):
    TWO = 2, _("2 days before")
    SEVEN = 7, _("7 days before")


def new_token() -> str:
    """Return a secret for the URLs in a person's emails: 32 characters, so that each email has the same length."""
    return secrets.token_urlsafe(24)


def topics_field() -> ArrayField:
    return ArrayField(
        models.CharField(max_length=20, choices=Topic.choices), verbose_name=_("topics"), default=list, blank=True
    )


class Preferences(models.Model):
    """What someone tells us about themselves, and what they would like to receive."""

    name = models.CharField(_("name"), max_length=150, blank=True)
    profession = models.CharField(_("profession"), max_length=40, choices=Profession.choices, blank=True)
    province = models.CharField(_("province or territory"), max_length=2, choices=Province.choices, blank=True)
    organization = models.CharField(_("organization"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    topics = topics_field()
    reminder_days = models.PositiveSmallIntegerField(
        _("when to remind"), choices=ReminderDays.choices, default=ReminderDays.SEVEN
    )

    class Meta:
        abstract = True

    @property
    def topic_labels(self) -> list[str]:
        return [str(topic.label) for topic in Topic if topic in self.topics]


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def receiving(self, topic: str, now: datetime) -> "SubscriberQuerySet":
        """Return those who get emails about `topic` at `now`: subscribed to it, not paused, and not unsubscribed."""
        return self.filter(unsubscribed_at=None, topics__contains=[topic]).filter(
            Q(paused_until=None) | Q(paused_until__lte=now)
        )


class Subscriber(Preferences):
    """An address that pressed the button in a confirmation email.

    It has nothing to do with a provider's account, even if both have the same address.
    """

    email = NormalizedEmailField(_("email address"), unique=True)
    # In the links of every bulk email. Whoever has it can change these preferences, so a new address gets a new one.
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    subscribed_at = models.DateTimeField(_("subscribed"))
    unsubscribed_at = models.DateTimeField(_("unsubscribed"), null=True, blank=True)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        ordering = ["-subscribed_at", "-pk"]
        permissions = [("export_subscriber", "Can export subscribers")]
        indexes = [
            models.Index(
                fields=["unsubscribed_at"], name="subscriber_left", condition=Q(unsubscribed_at__isnull=False)
            ),
            GinIndex(fields=["topics"], name="subscriber_by_topic"),
            models.Index(fields=["-subscribed_at", "-id"], name="subscriber_by_date"),
            GinIndex(fields=["email"], opclasses=["gin_trgm_ops"], name="subscriber_by_email"),
        ]

    def __str__(self) -> str:
        return self.email

    def receives(self, topic: str, now: datetime) -> bool:
        """The twin of `SubscriberQuerySet.receiving`."""
        is_paused = self.paused_until is not None and self.paused_until > now
        return self.unsubscribed_at is None and not is_paused and topic in self.topics


class FormerToken(models.Model):
    """A token that is in emails already sent, but no longer opens the preferences.

    Its unsubscribe link has to keep working for 60 days (Canada's anti-spam law, s. 11(2)), also after the address was
    changed (then it leads to the subscriber) or forgotten (then to nobody). Only a hash is kept.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    subscriber = models.ForeignKey(Subscriber, models.SET_NULL, null=True, related_name="former_tokens")
    replaced_at = models.DateTimeField(db_index=True)


class SubscriptionRequest(Preferences):
    """What someone typed, until the button behind the link in the confirmation email is pressed.

    Nothing that a stranger types changes a subscriber before that. With a `subscriber`, it is that person's new address.
    """

    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    email = NormalizedEmailField(_("email address"))
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, null=True, related_name="requests")
    wording = models.TextField(blank=True)  # as it was shown; empty for a new address
    wording_version = models.CharField(max_length=20)
    page = models.CharField(max_length=200)  # the path of the form
    ip = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("subscription request")
        verbose_name_plural = _("subscription requests")
        indexes = [
            models.Index(fields=["created_at"], name="request_by_date"),
            models.Index(fields=["email"], name="request_by_email"),
        ]


class ConsentAction(models.TextChoices):
    ASKED = "asked", _("Filled in the form")
    CONFIRMED = "confirmed", _("Confirmed by the link in the email")
    IMPORTED = "imported", _("Imported with its proof")
    CHANGED = "changed", _("Changed the topics")
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Ended the pause")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    ADDRESS_CHANGED = "address-changed", _("Changed the address")
    COMPLAINED = "complained", _("Reported an email as spam")
    FORGOTTEN = "forgotten", _("Asked to be forgotten")


class ConsentEvent(models.Model):
    """One step in the consent of an address. Rows are added, never changed: the database refuses it.

    The sender has to prove consent (Canada's anti-spam law, s. 13), so rows stay after someone leaves. They refer to no
    other row, so that nothing can take them away.
    """

    at = models.DateTimeField(_("date"))
    email = NormalizedEmailField(_("email address"))
    action = models.CharField(_("what happened"), max_length=20, choices=ConsentAction.choices)
    topics = topics_field()  # what the address is subscribed to after this step, or asked for
    wording = models.TextField(_("exact wording"), blank=True)
    wording_version = models.CharField(_("version of the wording"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    page = models.CharField(_("page"), max_length=200, blank=True)  # a path of the portal, or the source of an import
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)  # the issue that was left, the old address, …

    class Meta:
        verbose_name = _("consent event")
        verbose_name_plural = _("consent events")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["email", "at"], name="consent_by_email")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="never_emptied",
                when=pgtrigger.Before,
                level=pgtrigger.Statement,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'Cannot truncate table %, which is append-only.', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_action_display()}"
