from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.choices import Province
from accounts.fields import HTTPS_ASSUMED, choices_field
from hubs.models import Hub


@admin.register(Hub)
class HubAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "is_listed"]
    list_filter = ["is_listed"]
    search_fields = ["name_en", "name_fr"]
    prepopulated_fields = {"slug": ["name_en"]}
    formfield_overrides = HTTPS_ASSUMED
    fieldsets = [
        (None, {"fields": ["slug", "provinces", "website", "contact_email", "is_listed"]}),
        (_("English"), {"fields": ["name_en", "summary_en"], "classes": ["language", "language-en"]}),
        (_("French"), {"fields": ["name_fr", "summary_fr"], "classes": ["language", "language-fr"]}),
    ]

    class Media:
        js = ["admin/language-tabs.js"]
        css = {"all": ["admin/portal-admin.css"]}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "provinces":
            return choices_field(db_field, Province.choices)
        return super().formfield_for_dbfield(db_field, request, **kwargs)
