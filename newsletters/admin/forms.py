"""Forms of the newsletter's pages in the admin."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminTextInputWidget
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.languages import LANGUAGES
from hubs.fields import LOGO_HINT
from newsletters.cleaning import clean_text, one_line
from newsletters.fields import PDF_HINT, IssuePictureField, PdfField
from newsletters.models import Issue, Picture, Publication
from newsletters.services.pictures import picture_values
from newsletters.services.publications import save_file

TEXTS = {"title": one_line, "preview": one_line, "body": clean_text}
BODY_ROWS = 22
LANGUAGE_TAGS = {"en": "en-CA", "fr": "fr-CA"}


class IssueForm(forms.ModelForm):
    """`seen` is when the issue was last saved before the page was shown, so that nobody overwrites what they have not seen."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = self.instance.updated_at.isoformat()
        for name in TEXTS:
            for language in LANGUAGES:
                field = self.fields.get(f"{name}_{language}")
                if field:
                    field.widget.attrs["lang"] = LANGUAGE_TAGS[language]
                    field.widget.attrs.update({"rows": BODY_ROWS} if name == "body" else {})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name, clean in TEXTS.items():
            for language in LANGUAGES:
                if data.get(f"{name}_{language}"):
                    data[f"{name}_{language}"] = clean(data[f"{name}_{language}"])
        if self.instance.pk:
            self._check_unchanged(data.get("seen", ""))
        return data

    def _check_unchanged(self, seen: str) -> None:
        """Refuse to save over a sending or someone else's edit. The row stays locked until the admin has saved."""
        saved = Issue.objects.select_for_update().get(pk=self.instance.pk)
        if not saved.is_editable:
            raise forms.ValidationError(_("This issue is being sent, so its text can no longer change."))
        if seen and seen != saved.updated_at.isoformat():
            raise forms.ValidationError(
                _("Someone else saved this issue while you were editing. Open it again to see what changed.")
            )


class PictureForm(forms.ModelForm):
    file = IssuePictureField(label=_("File"), required=False, help_text=LOGO_HINT)

    class Meta:
        model = Picture
        fields = ["alt_en", "alt_fr"]
        widgets = {"alt_en": AdminTextInputWidget, "alt_fr": AdminTextInputWidget}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.instance.pk and not data.get("file") and "file" not in self.errors:
            self.add_error("file", _("Choose a file."))
        for name in ("alt_en", "alt_fr"):
            data[name] = one_line(data.get(name, ""))
        return data

    def save(self, commit: bool = True) -> Picture:
        if self.cleaned_data.get("file"):
            for name, value in picture_values(self.cleaned_data["file"]).items():
                setattr(self.instance, name, value)
            self.instance.made_at = timezone.now()
        return super().save(commit)


class PublicationForm(forms.ModelForm):
    """A publication has a PDF in each language. A new file replaces the one there was."""

    file_en = PdfField(label=_("New file (English)"), required=False, help_text=PDF_HINT)
    file_fr = PdfField(label=_("New file (French)"), required=False, help_text=PDF_HINT)

    class Meta:
        model = Publication
        fields = ["title_en", "title_fr", "slug", "is_on_home_page"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in ("title_en", "title_fr"):
            data[name] = one_line(data.get(name, ""))
        existing = set(self.instance.files.values_list("language", flat=True)) if self.instance.pk else set()
        for language, _name in settings.LANGUAGES:
            name = f"file_{language}"
            if language not in existing and not data.get(name) and name not in self.errors:
                self.add_error(name, _("Choose a file. A publication has one in each language."))
        return data

    def save_files(self, publication: Publication) -> None:
        for language, _name in settings.LANGUAGES:
            content = self.cleaned_data.get(f"file_{language}")
            if content:
                save_file(publication, language, content, now=timezone.now())
