"""The "History" of a hub, a series and a registration in the admin: every change of the database, not only the admin's own."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.models import User
from hubs.admin import HubAdmin
from hubs.models import Hub
from registrations.history import Scope, read_history, scope_of_hub

MOST_DIGITS = 5


class HistoryMixin(admin.ModelAdmin):
    """Replaces Django's history page. `history_scope` returns the scope of an object with the given key."""

    history_scope: Callable[[int], Scope]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        number = request.GET.get("page", "1")
        if not number.isdecimal() or len(number) > MOST_DIGITS or int(number) < 1:
            raise Http404
        person = request.user
        context = self.admin_site.each_context(request) | {
            "title": _("History: %(object)s") % {"object": obj},
            "object": obj,
            "opts": self.opts,
            "history": read_history(type(self).history_scope(obj.pk), int(number)),
            "zone": person.zone if isinstance(person, User) else None,
            "query": "",
        }
        return TemplateResponse(request, "admin/registrations/history.html", context | (extra_context or {}))


admin.site.unregister(Hub)


@admin.register(Hub)
class HubWithHistoryAdmin(HistoryMixin, HubAdmin):
    """The admin page of a hub, with the history of everything that belongs to it."""

    history_scope = staticmethod(scope_of_hub)
