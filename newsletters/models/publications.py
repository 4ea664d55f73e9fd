"""Documents that anyone can download, such as the overview of the project."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.languages import Bilingual


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
