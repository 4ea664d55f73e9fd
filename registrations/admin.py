from django.contrib import admin
from django.http import HttpRequest

from registrations.models import Registration


@admin.register(Registration)
class RegistrationAdmin(admin.ModelAdmin):
    """Who has a place where, to read: seats are taken and given up by the portal's own acts, which keep the count."""

    list_display = ["user", "series", "place", "created_at", "cancelled_at"]
    list_filter = ["place"]
    list_select_related = ["user", "series"]
    search_fields = ["user__email", "user__name", "series__title_en", "series__title_fr"]
    date_hierarchy = "created_at"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Registration | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Registration | None = None) -> bool:
        return False
