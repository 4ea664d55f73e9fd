"""Publications in the admin, with their PDF files."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from newsletters.admin.forms import PublicationForm
from newsletters.models import Publication


@admin.register(Publication)
class PublicationAdmin(admin.ModelAdmin):
    form = PublicationForm
    list_display = ["title_here", "slug", "is_on_home_page"]
    prepopulated_fields = {"slug": ["title_en"]}
    readonly_fields = ["current_en", "current_fr"]
    fieldsets = [
        (None, {"fields": ["title_en", "title_fr", "slug", "is_on_home_page"]}),
        (_("Files"), {"fields": ["current_en", "file_en", "current_fr", "file_fr"]}),
    ]

    @admin.display(description=_("title"))
    def title_here(self, publication: Publication) -> str:
        return publication.title

    @admin.display(description=_("current file (English)"))
    def current_en(self, publication: Publication) -> SafeString | str:
        return _current(publication, "en")

    @admin.display(description=_("current file (French)"))
    def current_fr(self, publication: Publication) -> SafeString | str:
        return _current(publication, "fr")

    def get_fieldsets(self, request: HttpRequest, obj: Publication | None = None) -> Any:
        """A new publication has no current files."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj:
            return fieldsets
        return [fieldsets[0], (_("Files"), {"fields": ["file_en", "file_fr"]})]

    def save_model(self, request: HttpRequest, obj: Publication, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        form.save_files(obj)


def _current(publication: Publication, language: str) -> SafeString | str:
    file = publication.files.defer("content").filter(language=language).first() if publication.pk else None
    return format_html('<a href="{}">{}</a>', file.get_absolute_url(), file.facts) if file else "–"
