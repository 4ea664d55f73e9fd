"""What a series asks of those who register, and what it offers them."""

from itertools import zip_longest

import pghistory
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.languages import Bilingual, Text, current_language
from sessions_app.models.series import Series


class QuestionKind(models.TextChoices):
    TEXT = "text", _("Short text")
    CHOICE = "choice", _("One choice")
    CHOICES = "choices", _("Several choices")
    YES_NO = "yes-no", _("Yes or no")


@pghistory.track()
class Question(models.Model):
    """One of up to five questions that a series asks of those who register."""

    MOST = 5

    series = models.ForeignKey(Series, models.CASCADE, related_name="questions", verbose_name=_("series"))
    position = models.PositiveSmallIntegerField(
        _("number"), choices=[(n, str(n)) for n in range(1, MOST + 1)], default=1
    )
    kind = models.CharField(_("type"), max_length=10, choices=QuestionKind.choices, default=QuestionKind.TEXT)
    label_en = models.CharField(_("question (English)"), max_length=250, blank=True)
    label_fr = models.CharField(_("question (French)"), max_length=250, blank=True)
    options_en = models.TextField(_("answers (English)"), blank=True, help_text=_("The choices, one per line."))
    options_fr = models.TextField(
        _("answers (French)"), blank=True, help_text=_("The same choices, in the same order.")
    )
    is_required = models.BooleanField(_("required"), default=False)

    label = Bilingual()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "position"],
                name="question_one_a_number",
                deferrable=models.Deferrable.DEFERRED,  # questions change places in one transaction
                violation_error_message=_("Two questions cannot have the same number."),
            ),
            models.CheckConstraint(condition=Q(position__gte=1, position__lte=5), name="question_at_most_five"),
            models.CheckConstraint(
                condition=~Q(label_en="") | ~Q(label_fr=""),
                name="question_has_words",
                violation_error_message=_("Enter the question in English, in French or in both."),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def options(self) -> list[tuple[str, Text]]:
        """Return (value, label) of each answer. The value is the English text, or the French if there is no English, so
        that an answer means the same in both languages."""
        english, french = self.options_en.splitlines(), self.options_fr.splitlines()
        pairs = [(en.strip(), fr.strip()) for en, fr in zip_longest(english, french, fillvalue="")]
        if current_language() == "fr":
            return [(en or fr, Text(fr or en, "fr" if fr else "en")) for en, fr in pairs if en or fr]
        return [(en or fr, Text(en or fr, "en" if en else "fr")) for en, fr in pairs if en or fr]

    def clean(self) -> None:
        """Raises ValidationError where there is nothing to choose from, or the languages disagree on how much."""
        if self.kind not in (QuestionKind.CHOICE, QuestionKind.CHOICES):
            return
        english, french = self.options_en.split("\n"), self.options_fr.split("\n")
        if len(self.options()) < 2:  # noqa: PLR2004 - one is no choice
            raise ValidationError(_("Enter at least two choices, one per line."))
        if self.options_en.strip() and self.options_fr.strip() and len(english) != len(french):
            raise ValidationError(_("Enter the same number of choices in English and in French."))


class ResourceKind(models.TextChoices):
    RECORDING = "recording", _("Recording")
    SLIDES = "slides", _("Slides")
    READING = "reading", _("Reading")


class Resource(models.Model):
    """What a series offers to people who registered: a recording, slides, something to read. Never on a public page."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="resources", verbose_name=_("series"))
    kind = models.CharField(_("type"), max_length=10, choices=ResourceKind.choices, default=ResourceKind.RECORDING)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    title_fr = models.CharField(_("title (French)"), max_length=200, blank=True)
    url = models.URLField(_("link"), max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)

    title = Bilingual()

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title or self.get_kind_display()
