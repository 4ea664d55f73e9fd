"""Changes that hubs ask for, in the admin: before and after, side by side, to approve or to return with a comment."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.fields import forbidden, is_key
from hubs.models import Hub
from sessions_app.admin.review import Steps, staff_user, take_step
from sessions_app.editing import review
from sessions_app.editing.changes import compare
from sessions_app.editing.checklist import check_new_dates
from sessions_app.editing.data import from_json, read
from sessions_app.models import ChangeRequest


@admin.register(ChangeRequest)
class ChangeRequestAdmin(admin.ModelAdmin):
    list_display = ["series", "hub", "state", "by", "created_at"]
    list_filter = ["state"]
    list_select_related = ["series__hub", "by"]
    search_fields = ["series__title_en", "series__title_fr"]
    ordering = [F("settled_at").desc(nulls_first=True), "-created_at", "-pk"]  # those that wait first
    show_full_result_count = False
    has_add_permission = has_delete_permission = forbidden

    @admin.display(description=_("hub"))
    def hub(self, request: ChangeRequest) -> Hub | None:
        return request.series.hub

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.settle_view)
        return [path("<int:pk>/settle/", view, name="sessions_app_changerequest_settle"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show before and after. A request that waits is compared with the listing as it is now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = ChangeRequest.objects.select_related("series__hub", "by", "settled_by")
        asked = get_object_or_404(found, pk=object_id if is_key(object_id) else None)
        context = self.admin_site.each_context(request) | {
            "title": asked.series,
            "opts": self.opts,
            "asked": asked,
            "may_settle": self.has_change_permission(request) and asked.state == ChangeRequest.State.WAITING,
        }
        template = "admin/sessions_app/changerequest/change_form.html"
        return TemplateResponse(request, template, context | compared(asked))

    def settle_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = get_object_or_404(ChangeRequest.objects.select_related("series"), pk=pk)
        if request.method != "POST" or not self.has_change_permission(request):
            raise PermissionDenied
        by, now = staff_user(request), timezone.now()
        steps: Steps = {
            "approve": (
                lambda sent: review.approve(
                    asked,
                    revision=-1 if sent["revision"] is None else sent["revision"],
                    overwrite=sent["overwrite"],
                    comment=sent["comment"],
                    by=by,
                    now=now,
                ),
                gettext("The changes are live. We’re emailing the hub."),
            ),
            "return": (
                lambda sent: review.return_changes(asked, comment=sent["comment"], by=by, now=now),
                gettext("The changes are returned. We’re emailing your comment to the hub."),
            ),
        }
        take_step(self, request, steps)
        return redirect("admin:sessions_app_changerequest_change", asked.pk)


def compared(asked: ChangeRequest) -> dict[str, Any]:
    """Return the changes in words, what was edited after they were sent and would be replaced, and dates to check."""
    zone = asked.series.zone
    if asked.state != ChangeRequest.State.WAITING:
        return {"changes": compare(from_json(asked.before), from_json(asked.changes), zone), "conflicts": []}
    editing = review.read_request(asked)
    current = read(asked.series)
    return {
        "changes": compare(current, editing.data, zone),
        "conflicts": editing.conflicts,
        "dates_to_check": check_new_dates(current, editing.data, asked.series.hub, timezone.now()),
    }
