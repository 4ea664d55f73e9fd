"""Organizations that want to become hub partners, and how we follow up."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.choices import Province, province_names
from accounts.fields import NormalizedEmailField
from hubs.models.hubs import Hub


class OrganizationType(models.TextChoices):
    HOSPITAL = "hospital", _("Hospital")
    HOSPICE = "hospice", _("Hospice or palliative care residence")
    HOME_CARE = "home-care", _("Home and community care")
    LONG_TERM_CARE = "long-term-care", _("Long-term care")
    PRIMARY_CARE = "primary-care", _("Primary care")
    HEALTH_AUTHORITY = "health-authority", _("Health authority or regional network")
    UNIVERSITY = "university", _("University or college")
    INDIGENOUS = "indigenous", _("Indigenous health organization")
    ASSOCIATION = "association", _("Association or charity")
    OTHER = "other", _("Something else")


class HeardFrom(models.TextChoices):
    COLLEAGUE = "colleague", _("A colleague")
    SESSION = "session", _("I took part in a session")
    PALLIUM = "pallium", _("Pallium Canada")
    EVENT = "event", _("A conference or an event")
    SEARCH = "search", _("A search on the web")
    SOCIAL = "social", _("Social media")
    OTHER = "other", _("Something else")


class Stage(models.TextChoices):
    NEW = "new", _("New")
    CONTACTED = "contacted", _("Contacted")
    TALKING = "talking", _("In conversation")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")


OPEN_STAGES = (Stage.NEW, Stage.CONTACTED, Stage.TALKING)


class PartnerInterestQuerySet(models.QuerySet["PartnerInterest"]):
    def overdue(self, today: date) -> "PartnerInterestQuerySet":
        """Return the open ones whose next step was due before `today`."""
        return self.filter(stage__in=OPEN_STAGES, next_step_on__lt=today)


class PartnerInterest(models.Model):
    """An organization that told us it would like to become a hub, with the state of our conversation."""

    organization = models.CharField(_("organization"), max_length=200)
    organization_type = models.CharField(_("type of organization"), max_length=20, choices=OrganizationType.choices)
    contact_name = models.CharField(_("name of the contact"), max_length=150)
    contact_role = models.CharField(_("role of the contact"), max_length=150, blank=True)
    email = NormalizedEmailField(_("email address"))
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    provinces = ArrayField(
        models.CharField(max_length=2, choices=Province.choices),
        verbose_name=_("provinces and territories"),
        default=list,
        blank=True,
    )
    serves = models.TextField(_("whom they serve"), max_length=2000, blank=True)
    idea = models.TextField(_("what they have in mind"), max_length=4000, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    heard_from = models.CharField(_("how they heard about us"), max_length=20, choices=HeardFrom.choices, blank=True)
    created_at = models.DateTimeField(_("received"))

    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices, default=Stage.NEW)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"is_staff": True},
        verbose_name=_("owner"),
    )
    next_step = models.CharField(_("next step"), max_length=200, blank=True)
    next_step_on = models.DateField(_("date of the next step"), null=True, blank=True)
    settled_at = models.DateTimeField(_("accepted or declined"), null=True, blank=True, editable=False)
    hub = models.OneToOneField(
        Hub, models.SET_NULL, null=True, blank=True, related_name="interest", verbose_name=_("hub"), editable=False
    )

    objects = PartnerInterestQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner interest")
        verbose_name_plural = _("partner interests")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["stage", "next_step_on"], name="interest_by_stage")]

    def __str__(self) -> str:
        return self.organization

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN_STAGES

    def is_overdue(self, today: date) -> bool:
        return self.is_open and self.next_step_on is not None and self.next_step_on < today

    @property
    def province_names(self) -> list[str]:
        return province_names(self.provinces)


class InterestNote(models.Model):
    """What staff noted about a conversation. Notes are added, never changed."""

    interest = models.ForeignKey(PartnerInterest, models.CASCADE, related_name="notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("date"))
    text = models.TextField(_("note"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        """The date: in the admin it stands above the note."""
        return date_format(timezone.localtime(self.at), "SHORT_DATE_FORMAT")
