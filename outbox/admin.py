from django.contrib import admin
from django.http import HttpRequest

from outbox.models import Message


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    """The ledger, to read: what was told to whom, and what became of it."""

    list_display = ["created_at", "kind", "to", "language", "state", "attempts", "settled_at", "reason"]
    list_filter = ["state", "kind", "language"]
    search_fields = ["to", "key"]
    date_hierarchy = "created_at"
    exclude = ["data"]  # it holds a one-time code until the code is sent
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False
