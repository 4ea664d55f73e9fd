"""Series: what people register for. Registration status is in status.py, actions are in services.py."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.choices import Profession
from accounts.languages import Bilingual, current_language
from accounts.zones import PROJECT_ZONE, ZONE_CHOICES
from hubs.models import Hub, Role
from sessions_app.search import searchable

if TYPE_CHECKING:
    from accounts.models import User


class Publication(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


class DeliveryLanguage(models.TextChoices):
    ENGLISH = "en", _("English")
    FRENCH = "fr", _("French")
    BOTH = "both", _("English and French")


CREDITS_HELP = _("The exact wording that the accrediting body approved.")
AUDIENCE_NOTE_HELP = _("Shown instead of the list of professions, unless the series is only for them.")


def default_reminders() -> list[int]:
    return [24, 1]


class SeriesQuerySet(models.QuerySet["Series"]):
    def public(self) -> "SeriesQuerySet":
        """Return published series, with those that only people with the link see. A series' own pages start from here."""
        return self.filter(publication=Publication.PUBLISHED)

    def listed(self) -> "SeriesQuerySet":
        """Return the published series that lists, searches and feeds show. They start from here."""
        return self.public().filter(is_unlisted=False)

    def managed_by(self, user: "User", *roles: Role) -> "SeriesQuerySet":
        """Return the series of the hubs whose team `user` belongs to, in one of the `roles`, or in any if none is given."""
        return self.filter(hub__in=Hub.objects.managed_by(user, *roles).order_by().values("pk"))

    def by_slug(self, slug: str) -> "SeriesQuerySet":
        """Return the series with that slug in either language: one or none (`Series.clean`)."""
        return self.filter(Q(slug=slug) | Q(slug_fr=slug)).order_by("pk")[:1]


KEPT_BY_THE_DATABASE = (
    "seats_taken",
    "first_starts_at",
    "last_starts_at",
    "last_ends_at",
    "has_postponed",
    "sessions_text",
    "searched_text",
)


@pghistory.track(exclude=[*KEPT_BY_THE_DATABASE, "updated_at", "revision"])
class Series(models.Model):
    """One or more sessions that people register for together. A single session is a series of one.

    Database triggers keep `first_starts_at`, `last_starts_at`, `last_ends_at` and `has_postponed` (migration 0002, without
    cancelled and postponed sessions), and `sessions_text` (0010). Nothing else sets them.
    """

    slug = models.SlugField(_("page address"), max_length=90, unique=True)
    slug_fr = models.SlugField(
        _("page address (French)"),
        max_length=90,
        unique=True,
        null=True,
        blank=True,
        help_text=_("If empty, we use the English one."),
    )
    title_en = models.CharField(_("title (English)"), max_length=250, blank=True)
    title_fr = models.CharField(_("title (French)"), max_length=250, blank=True)
    summary_en = models.TextField(_("summary (English)"), blank=True, help_text=_("One or two sentences for lists."))
    summary_fr = models.TextField(_("summary (French)"), blank=True, help_text=_("One or two sentences for lists."))
    description_en = models.TextField(_("description (English)"), blank=True)
    description_fr = models.TextField(_("description (French)"), blank=True)
    objectives_en = models.TextField(_("learning objectives (English)"), blank=True, help_text=_("One per line."))
    objectives_fr = models.TextField(_("learning objectives (French)"), blank=True, help_text=_("One per line."))
    audience_note_en = models.CharField(
        _("who it is for (English)"), max_length=250, blank=True, help_text=AUDIENCE_NOTE_HELP
    )
    audience_note_fr = models.CharField(
        _("who it is for (French)"), max_length=250, blank=True, help_text=AUDIENCE_NOTE_HELP
    )
    credits_en = models.TextField(_("accreditation (English)"), max_length=600, blank=True, help_text=CREDITS_HELP)
    credits_fr = models.TextField(_("accreditation (French)"), max_length=600, blank=True, help_text=CREDITS_HELP)
    hub = models.ForeignKey(
        Hub,
        models.PROTECT,
        verbose_name=_("hub"),
        null=True,
        blank=True,
        help_text=_("Leave empty for national programming."),
    )
    audience = ArrayField(
        models.CharField(max_length=40, choices=Profession.choices),
        verbose_name=_("meant for"),
        default=list,
        blank=True,
        help_text=_("If none is selected, the series is for everyone."),
    )
    audience_required = models.BooleanField(
        _("only for these professions"),
        default=False,
        help_text=_("Nobody else can register. If not selected, everyone is welcome."),
    )
    language = models.CharField(
        _("language of the sessions"), max_length=4, choices=DeliveryLanguage.choices, default="en"
    )
    time_zone = models.CharField(_("time zone"), max_length=40, choices=ZONE_CHOICES, default=PROJECT_ZONE)
    publication = models.CharField(_("publication"), max_length=10, choices=Publication.choices, default="draft")
    is_unlisted = models.BooleanField(
        _("only for people who have the link"),
        default=False,
        help_text=_(
            "Lists, searches and calendars leave the series out. Its address ends in letters that nobody can guess."
        ),
    )

    capacity = models.PositiveIntegerField(_("seats"), null=True, blank=True, help_text=_("Leave empty for no limit."))
    seats_taken = models.PositiveIntegerField(_("seats taken"), default=0, editable=False)
    waitlist_enabled = models.BooleanField(_("waitlist when full"), default=True)
    registration_opens_at = models.DateTimeField(
        _("registration opens"), null=True, blank=True, help_text=_("If empty, the site shows “Opening soon”.")
    )
    registration_closes_at = models.DateTimeField(
        _("registration closes"),
        null=True,
        blank=True,
        help_text=_("If empty, registration closes when the first session starts."),
    )
    late_joining = models.BooleanField(
        _("late joining"), default=False, help_text=_("Registration stays open until the last session starts.")
    )
    reminder_hours = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(14 * 24)]),
        verbose_name=_("reminders"),
        default=default_reminders,
        blank=True,
        help_text=_("Hours before each session, separated by commas, such as 24,1. Leave empty for none."),
    )
    is_closed = models.BooleanField(_("registration closed by staff"), default=False)
    is_cancelled = models.BooleanField(_("cancelled"), default=False)
    is_concluded = models.BooleanField(
        _("finished"), default=False, help_text=_("Shows the series as past, even if it has no dates.")
    )

    # A message to the people in the series, by language, for the emails that follow from the next save. Not stored.
    note_to_people: Mapping[str, str] = {}

    # Raised by each edit in the workspace, so that two people who edit at once do not overwrite each other's work.
    revision = models.PositiveIntegerField(default=0, editable=False)
    first_starts_at = models.DateTimeField(null=True, editable=False)
    last_starts_at = models.DateTimeField(null=True, editable=False)
    last_ends_at = models.DateTimeField(null=True, editable=False)
    has_postponed = models.BooleanField(default=False, editable=False)
    sessions_text = models.TextField(default="", db_default="", editable=False)
    searched_text = models.GeneratedField(
        expression=searchable("title", "summary", "description", "audience_note"),
        output_field=models.TextField(),
        db_persist=True,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SeriesQuerySet.as_manager()

    title = Bilingual()
    summary = Bilingual()
    description = Bilingual()
    objectives = Bilingual()
    audience_note = Bilingual()
    credits = Bilingual()

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = pgettext_lazy("several", "series")
        ordering = [F("first_starts_at").desc(nulls_last=True), "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(capacity=None) | Q(seats_taken__lte=F("capacity")),
                name="series_seats_within_capacity",
                violation_error_message=_("Enter at least as many seats as are already taken."),
            ),
            models.CheckConstraint(
                condition=~Q(title_en="") | ~Q(title_fr=""),
                name="series_has_a_title",
                violation_error_message=_("Enter a title in English, in French or in both."),
            ),
            models.CheckConstraint(
                condition=Q(registration_opens_at=None)
                | Q(registration_closes_at=None)
                | Q(registration_closes_at__gt=F("registration_opens_at")),
                name="series_closes_after_opening",
                violation_error_message=_("Registration must close after it opens."),
            ),
        ]
        indexes = [
            models.Index(fields=["publication", "last_ends_at"], name="series_by_end"),
            models.Index(fields=["publication"], condition=Q(has_postponed=True), name="series_postponed"),
            models.Index(  # the order of the past list, with what it filters by, so that counting reads only the index
                "publication",
                F("first_starts_at").desc(nulls_last=True),
                "slug",
                include=["is_cancelled", "is_concluded", "has_postponed", "last_ends_at"],
                name="series_by_start",
            ),
            GinIndex(fields=["audience"], name="series_by_audience"),
            GinIndex(fields=["searched_text"], opclasses=["gin_trgm_ops"], name="series_by_text"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save what people edit, and in the same transaction what follows from it for those who have a place (signals).

        What the database keeps is never written back from memory, where it may be old.
        """
        if not self._state.adding and kwargs.get("update_fields") is None:
            kept = {*KEPT_BY_THE_DATABASE, "id", "created_at"}
            kwargs["update_fields"] = [field.name for field in self._meta.concrete_fields if field.name not in kept]
        with transaction.atomic():
            super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("sessions:detail", args=[self.slug_here])

    def clean(self) -> None:
        """Raises ValidationError for a slug that another series has in the other language: both languages share one space."""
        others = Series.objects.exclude(pk=self.pk)
        if self.slug and others.filter(slug_fr=self.slug).exists():
            raise ValidationError({"slug": _("Another series already has this address in French.")})
        if self.slug_fr and others.filter(slug=self.slug_fr).exists():
            raise ValidationError({"slug_fr": _("Another series already has this address in English.")})

    @property
    def slug_here(self) -> str:
        """The slug in the reader's language: the French one in French, where there is one."""
        return (self.slug_fr or self.slug) if current_language() == "fr" else self.slug

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def contact_email(self) -> str:
        """The address of the team that runs the series: the hub's, else the project's."""
        return (self.hub.contact_email if self.hub else "") or settings.CONTACT_EMAIL

    def accepts_profession(self, profession: str) -> bool:
        """Whether someone of that profession may register."""
        return not self.audience_required or not self.audience or profession in self.audience

    @property
    def seats_left(self) -> int | None:
        """The number of free seats, or None if there is no limit."""
        return None if self.capacity is None else max(self.capacity - self.seats_taken, 0)

    @property
    def closes_at(self) -> datetime | None:
        """When registration closes (UTC): the time that staff set, else the start of the first session or, with late
        joining, of the last. None if there are no dates."""
        return self.registration_closes_at or (self.last_starts_at if self.late_joining else self.first_starts_at)

    @property
    def language_name(self) -> str:
        return str(DeliveryLanguage(self.language).label)

    @property
    def objective_lines(self) -> list[str]:
        return self.objectives.splitlines()

    @property
    def audience_names(self) -> list[str]:
        return [str(Profession(code).label) for code in self.audience]
