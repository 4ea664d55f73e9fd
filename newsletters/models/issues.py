"""Newsletter issues: what staff write, to whom it goes, and what was sent."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.choices import Profession, Province
from accounts.languages import Bilingual, current_language
from hubs.models import Hub
from newsletters.models.subscribers import Topic
from outbox.models import BulkSend


class IssueState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    OVERDUE = "overdue", _("Waiting for your go-ahead")  # its time had long passed when the server came back
    SENDING = "sending", _("Sending")  # or paused: the bulk send says which
    SENT = "sent", _("Sent")
    STOPPED = "stopped", _("Stopped")


# From its first email on, an issue has a public page, and its text is settled.
PUBLIC_STATES = (IssueState.SENDING, IssueState.SENT, IssueState.STOPPED)


class IssueQuerySet(models.QuerySet["Issue"]):
    def public(self) -> "IssueQuerySet":
        """Return the issues that anyone can read, the newest first."""
        return self.filter(state__in=PUBLIC_STATES).order_by("-published_at", "-pk")

    def by_slug(self, slug: str) -> "IssueQuerySet":
        """Return the issue with that slug in either language: one or none."""
        return self.filter(models.Q(slug=slug) | models.Q(slug_fr=slug))[:1]


class Issue(models.Model):
    """One issue of the newsletter. The title is the subject of the email, and the body is Markdown with blocks."""

    slug = models.SlugField(_("page address"), max_length=90, unique=True)
    slug_fr = models.SlugField(_("page address (French)"), max_length=90, unique=True, null=True, blank=True)
    title_en = models.CharField(_("subject (English)"), max_length=150)
    title_fr = models.CharField(_("subject (French)"), max_length=150, blank=True)
    preview_en = models.CharField(
        _("preview line (English)"),
        max_length=150,
        blank=True,
        help_text=_("Email apps show it next to the subject."),
    )
    preview_fr = models.CharField(_("preview line (French)"), max_length=150, blank=True)
    body_en = models.TextField(_("text (English)"), blank=True)
    body_fr = models.TextField(_("text (French)"), blank=True)

    # Whom it goes to: people who chose the newsletter, and this topic too. An empty list means everyone.
    audience_topic = models.CharField(_("topic"), max_length=20, choices=Topic.choices, default=Topic.NEWSLETTER)
    audience_languages = ArrayField(
        models.CharField(max_length=2, choices=settings.LANGUAGES),
        verbose_name=_("languages"),
        default=list,
        blank=True,
    )
    audience_professions = ArrayField(
        models.CharField(max_length=40, choices=Profession.choices),
        verbose_name=_("professions"),
        default=list,
        blank=True,
    )
    audience_provinces = ArrayField(
        models.CharField(max_length=2, choices=Province.choices),
        verbose_name=_("provinces and territories"),
        default=list,
        blank=True,
    )
    audience_hubs = models.ManyToManyField(
        Hub,
        verbose_name=_("hubs"),
        blank=True,
        help_text=_("People who registered for a series of one of these hubs."),
    )

    state = models.CharField(_("state"), max_length=10, choices=IssueState.choices, default=IssueState.DRAFT)
    scheduled_at = models.DateTimeField(_("send at"), null=True, blank=True)
    published_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True, editable=False)
    bulk_send = models.OneToOneField(BulkSend, models.PROTECT, null=True, editable=False, related_name="issue")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = IssueQuerySet.as_manager()

    title = Bilingual()
    preview = Bilingual()
    body = Bilingual()

    class Meta:
        verbose_name = _("newsletter issue")
        verbose_name_plural = _("newsletter issues")
        ordering = ["-published_at", "-pk"]
        indexes = [models.Index(fields=["state", "scheduled_at"], name="issue_by_state")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("newsletters:detail", args=[self.slug_here])

    def clean(self) -> None:
        """Raises ValidationError for a slug that another issue has in the other language: both languages share one space."""
        others = Issue.objects.exclude(pk=self.pk)
        if self.slug and others.filter(slug_fr=self.slug).exists():
            raise ValidationError({"slug": _("Another issue already has this address in French.")})
        if self.slug_fr and others.filter(slug=self.slug_fr).exists():
            raise ValidationError({"slug_fr": _("Another issue already has this address in English.")})

    @property
    def slug_here(self) -> str:
        """The slug in the reader's language: the French one in French, where there is one."""
        return (self.slug_fr or self.slug) if current_language() == "fr" else self.slug

    @property
    def topics(self) -> list[str]:
        """The topics that all its readers chose. One of them is always the newsletter, because consent is for a purpose."""
        return list(dict.fromkeys([Topic.NEWSLETTER, self.audience_topic]))

    @property
    def is_editable(self) -> bool:
        return self.state not in PUBLIC_STATES

    @property
    def version(self) -> str:
        """Changes whenever the issue is saved."""
        return self.updated_at.isoformat()

    def is_due(self, now: datetime) -> bool:
        return self.state == IssueState.SCHEDULED and self.scheduled_at is not None and self.scheduled_at <= now


class IssueRendering(models.Model):
    """An issue in one language as it was when the sending began. Every email and the web page are made from it.

    `html` and `text` have placeholders for what differs by recipient (rendering.py). `web` is the body of the web page.
    """

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="renderings")
    language = models.CharField(max_length=2, choices=settings.LANGUAGES)
    subject = models.CharField(max_length=150)
    html = models.TextField()
    text = models.TextField()
    web = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "language"], name="rendering_one_a_language")]


class Picture(models.Model):
    """A picture in an issue, as the portal drew it again from the uploaded file. `checksum` is in its URL.

    It is kept in the database, so every web server has it and a backup contains it.
    """

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="pictures", verbose_name=_("issue"))
    content = models.BinaryField()
    content_type = models.CharField(max_length=20)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    checksum = models.CharField(max_length=32)
    alt_en = models.CharField(_("description (English)"), max_length=300, blank=True)
    alt_fr = models.CharField(_("description (French)"), max_length=300, blank=True)
    made_at = models.DateTimeField()

    alt = Bilingual()

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.alt or f"picture:{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("newsletters:picture", args=[self.checksum])

    @property
    def markdown(self) -> str:
        """What shows the picture in the text of its issue."""
        return f"![](picture:{self.pk})"
