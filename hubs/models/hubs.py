"""Hubs, and the logos on their pages."""

from typing import TYPE_CHECKING, Any

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.choices import Profession, Province, province_names
from accounts.fields import NormalizedEmailField
from accounts.languages import Bilingual, current_language

if TYPE_CHECKING:
    from accounts.models import User
    from hubs.models.team import Role


class HubQuerySet(models.QuerySet["Hub"]):
    def listed(self) -> "HubQuerySet":
        """Return the hubs shown to the public, ordered by name."""
        return self.filter(is_listed=True).order_by("name_en")

    def with_logo(self) -> "HubQuerySet":
        """Read each hub's logo too, but not the picture itself, which has its own address."""
        return self.select_related("logo").defer("logo__content")

    def managed_by(self, user: "User", *roles: "Role") -> "HubQuerySet":
        """Return the hubs whose team `user` belongs to, in one of the `roles`, or in any role if none is given."""
        own = {"memberships__user": user} | ({"memberships__role__in": roles} if roles else {})
        return self.filter(**own).order_by("name_en")

    def choices(self) -> list[tuple[str, str]]:
        """Return (slug, name) of each hub, with the name in the active language."""
        french = current_language() == "fr"
        rows = self.values_list("slug", "name_en", "name_fr")
        return [(slug, (french and name_fr) or name_en) for slug, name_en, name_fr in rows]


@pghistory.track()
class Hub(models.Model):
    """A team of palliative care specialists that runs sessions for local care providers."""

    slug = models.SlugField(_("page address"), unique=True)
    name_en = models.CharField(_("name (English)"), max_length=200)
    name_fr = models.CharField(_("name (French)"), max_length=200, blank=True)
    summary_en = models.TextField(_("summary (English)"), blank=True)
    summary_fr = models.TextField(_("summary (French)"), blank=True)
    description_en = models.TextField(_("about the hub (English)"), blank=True)
    description_fr = models.TextField(_("about the hub (French)"), blank=True)
    region_en = models.CharField(
        _("region (English)"), max_length=120, blank=True, help_text=_("For example “Vancouver Island”.")
    )
    region_fr = models.CharField(
        _("region (French)"), max_length=120, blank=True, help_text=_("For example “Île de Vancouver”.")
    )
    provinces = ArrayField(
        models.CharField(max_length=2, choices=Province.choices),
        verbose_name=_("provinces and territories"),
        default=list,
        blank=True,
    )
    audience = ArrayField(
        models.CharField(max_length=40, choices=Profession.choices),
        verbose_name=_("professions it serves"),
        default=list,
        blank=True,
        help_text=_("If none is selected, the hub is for everyone."),
    )
    website = models.URLField(_("website"), blank=True)
    contact_email = NormalizedEmailField(
        _("team’s email"),
        blank=True,
        help_text=_("We send replies to the hub’s emails here, and tell this address who can’t come."),
    )
    is_listed = models.BooleanField(_("shown to the public"), default=True)
    is_trusted = models.BooleanField(
        _("publishes by itself"),
        default=False,
        help_text=_(
            "The hub’s new listings go live without review. We still review changes to the dates, seats and accreditation of published ones."
        ),
    )

    objects = HubQuerySet.as_manager()

    name = Bilingual()
    summary = Bilingual()
    description = Bilingual()
    region = Bilingual()

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
    def logo_or_none(self) -> "Logo | None":
        return getattr(self, "logo", None)

    @property
    def province_names(self) -> list[str]:
        return province_names(self.provinces)

    @property
    def audience_names(self) -> list[str]:
        return [str(Profession(code).label) for code in self.audience]


class Logo(models.Model):
    """A hub's logo, as the portal drew it again from the uploaded file (services/logos.py).

    It is kept in the database, so every web server has it and a backup contains it. `checksum` is in its URL.
    """

    hub = models.OneToOneField(Hub, models.CASCADE, related_name="logo", verbose_name=_("hub"))
    content = models.BinaryField()  # PNG
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    checksum = models.CharField(max_length=32)
    alt_en = models.CharField(_("description of the logo (English)"), max_length=150)
    alt_fr = models.CharField(_("description of the logo (French)"), max_length=150)
    made_at = models.DateTimeField()

    alt = Bilingual()

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")

    def __str__(self) -> str:
        return self.alt

    def get_absolute_url(self) -> str:
        return reverse("hubs:logo", args=[self.hub.slug, self.checksum])
