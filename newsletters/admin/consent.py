"""The record of consent in the admin: found by the exact address, printed as evidence, and never changed."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.fields import forbidden, normalize_email
from newsletters.models import ConsentEvent, Topic
from newsletters.services.consent import evidence


@admin.register(ConsentEvent)
class ConsentEventAdmin(admin.ModelAdmin):
    list_display = ["at", "email", "action", "topic_values", "evidence_link"]
    list_filter = ["action"]
    search_fields = ["email"]
    search_help_text = _("The whole email address")
    ordering = ["-pk"]
    exclude = ["topics"]
    readonly_fields = ["topic_names", "evidence_link"]
    show_full_result_count = False
    has_add_permission = has_change_permission = has_delete_permission = forbidden

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find by the exact address, which has an index. A part of one finds nothing."""
        return (queryset.filter(email=normalize_email(search_term)) if search_term else queryset), False

    @admin.display(description=_("topics"))
    def topic_values(self, event: ConsentEvent) -> str:
        """Return the short names, for a list in which a person has several rows."""
        return ", ".join(event.topics) or "–"

    @admin.display(description=_("topics"))
    def topic_names(self, event: ConsentEvent) -> str:
        return ", ".join(str(topic.label) for topic in Topic if topic in event.topics) or "–"

    @admin.display(description=_("evidence"))
    def evidence_link(self, event: ConsentEvent) -> SafeString:
        url = reverse("admin:newsletters_consentevent_evidence", args=[event.pk])
        return format_html('<a href="{}">{}</a>', url, _("Print"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.evidence)
        return [path("<int:pk>/evidence/", view, name="newsletters_consentevent_evidence"), *super().get_urls()]

    def evidence(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show every step of the event's address on one page to print. The address is not in the URL."""
        if not self.has_view_permission(request):
            raise Http404
        event = get_object_or_404(ConsentEvent, pk=pk)
        steps = evidence(event.email)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Evidence of consent"),
            "email": event.email,
            "steps": [(step, self.topic_names(step)) for step in steps],
            "printed_at": timezone.now(),
            "zone": timezone.get_default_timezone(),
            "list_url": reverse("admin:newsletters_consentevent_changelist"),
        }
        return TemplateResponse(request, "admin/newsletters/evidence.html", context)
