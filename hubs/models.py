"""The hub partners: specialist teams that run their own sessions."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.choices import Province
from accounts.fields import NormalizedEmailField
from accounts.languages import Bilingual, current_language


class HubQuerySet(models.QuerySet["Hub"]):
    def listed(self) -> "HubQuerySet":
        """Return the hubs shown to the public, ordered by name."""
        return self.filter(is_listed=True).order_by("name_en")

    def choices(self) -> list[tuple[str, str]]:
        """Return (slug, name) of each hub, with the name in the active language."""
        french = current_language() == "fr"
        rows = self.values_list("slug", "name_en", "name_fr")
        return [(slug, (french and name_fr) or name_en) for slug, name_en, name_fr in rows]


class Hub(models.Model):
    """A team of palliative care specialists that runs sessions for local care providers."""

    slug = models.SlugField(_("page address"), unique=True)
    name_en = models.CharField(_("name (English)"), max_length=200)
    name_fr = models.CharField(_("name (French)"), max_length=200, blank=True)
    summary_en = models.TextField(_("summary (English)"), blank=True)
    summary_fr = models.TextField(_("summary (French)"), blank=True)
    provinces = ArrayField(
        models.CharField(max_length=2, choices=Province.choices),
        verbose_name=_("provinces and territories"),
        default=list,
        blank=True,
    )
    website = models.URLField(_("website"), blank=True)
    contact_email = NormalizedEmailField(
        _("team’s email"),
        blank=True,
        help_text=_("We send replies to the hub’s emails here, and tell this address who can’t come."),
    )
    is_listed = models.BooleanField(_("shown to the public"), default=True)

    objects = HubQuerySet.as_manager()

    name = Bilingual()
    summary = Bilingual()

    class Meta:
        verbose_name = _("hub")
        verbose_name_plural = _("hubs")
        ordering = ["name_en"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the hub and run its signal handlers in one transaction."""
        with transaction.atomic():
            super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("hubs:detail", args=[self.slug])

    @property
    def province_names(self) -> list[str]:
        return [str(Province(code).label) for code in self.provinces]
