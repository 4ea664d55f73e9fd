"""Documents that anyone can download, such as the overview of the project."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.languages import Bilingual

# The languages as they are written inside a sentence.
LANGUAGE_NAMES = {
    "en": pgettext_lazy("inside a sentence", "English"),
    "fr": pgettext_lazy("inside a sentence", "French"),
}
KILOBYTE, MEGABYTE = 1000, 1_000_000


class Publication(models.Model):
    """A document, as a PDF in one or both languages."""

    slug = models.SlugField(_("page address"), max_length=90, unique=True)
    title_en = models.CharField(_("title (English)"), max_length=150)
    title_fr = models.CharField(_("title (French)"), max_length=150)
    is_on_home_page = models.BooleanField(_("on the home page"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    title = Bilingual()

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ["title_en"]

    def __str__(self) -> str:
        return self.title


class PublicationFile(models.Model):
    """The PDF in one language. It is kept in the database, so every web server has it and a backup contains it."""

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="files")
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    content = models.BinaryField()
    size = models.PositiveIntegerField()  # in bytes
    checksum = models.CharField(max_length=32)
    uploaded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [models.UniqueConstraint(fields=["publication", "language"], name="file_one_a_language")]

    def __str__(self) -> str:
        return f"{self.publication} ({self.language_name})"

    def get_absolute_url(self) -> str:
        return reverse("newsletters:publication", args=[self.publication.slug, self.language])

    @property
    def language_name(self) -> str:
        return str(LANGUAGE_NAMES[self.language])

    @property
    def facts(self) -> str:
        """What a reader wants to know before the download: "PDF, English, 1.2 MB"."""
        if self.size < MEGABYTE:
            size = gettext("%(n)s KB") % {"n": max(round(self.size / KILOBYTE), 1)}
        else:
            size = gettext("%(n)s MB") % {"n": number_format(self.size / MEGABYTE, 1)}
        return gettext("PDF, %(language)s, %(size)s") % {"language": self.language_name, "size": size}
