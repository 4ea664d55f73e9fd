"""What was asked for about one series, which series are new, and which of them a subscriber has heard of."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.fields import NormalizedEmailField
from newsletters.models.subscribers import Subscriber
from sessions_app.models import Series


class OpeningNotice(models.Model):
    """Someone wants one email when registration for a series opens. It is deleted once that email was sent."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="opening_notices")
    email = NormalizedEmailField(_("email address"))
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    created_at = models.DateTimeField()
    # The key of the email in the ledger, once it is written. If it was not sent, because registration closed again, it is empty.
    email_key = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)

    class Meta:
        verbose_name = _("request for an email when registration opens")
        verbose_name_plural = _("requests for an email when registration opens")
        constraints = [models.UniqueConstraint(fields=["series", "email"], name="notice_one_for_an_address")]
        indexes = [models.Index(fields=["email"], name="notice_by_email")]


class OpenedSeries(models.Model):
    """When a series was first found in the program with registration open. From then on it is news, for some weeks.

    Its own dates do not tell: registration may have opened long before the series was published.
    """

    series = models.OneToOneField(Series, models.CASCADE, primary_key=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="opened_by_date")]


class AnnouncedSeries(models.Model):
    """A series that a subscriber was told about, in the weekly news. Nobody is told twice."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="announced")
    series = models.ForeignKey(Series, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "subscriber"], name="announced_once")]
