"""The ledger in the admin: what was sent to whom, the result, and sending failed messages again."""

import email
import email.policy
from datetime import datetime, timedelta
from typing import Any

from csp.decorators import csp
from django.contrib import admin, messages
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from outbox import services, suppression
from outbox.alarms import alarms
from outbox.models import Message, State, Suppression, SuppressionReason
from outbox.redaction import unfolded, without_secret_links

A_DAY, TEN_MINUTES = timedelta(days=1), timedelta(minutes=10)


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    list_display = ["created_at", "message_type", "to", "language", "state", "attempts", "settled_at", "reason"]
    list_filter = ["state", "is_bulk", "message_type", "language"]
    search_fields = ["to", "key"]
    date_hierarchy = "created_at"
    exclude = ["data"]  # it holds a one-time code until the code is sent
    readonly_fields = ["what_went"]
    show_full_result_count = False
    actions = ["send_again"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("as_sent")

    def has_add_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("outbox.change_message")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, (extra_context or {}) | {"figures": figures(timezone.now())})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.html)
        return [path("<int:pk>/html/", view, name="outbox_message_html"), *super().get_urls()]

    @admin.display(description=_("email as sent"))
    def what_went(self, message: Message) -> SafeString | str:
        """Show headers, text and attachments as they were sent, without secret links. The HTML has its own page."""
        if not message.as_sent:
            return gettext(
                "There is no copy. The email was not sent, contains a code, went to many people, or is too old."
            )
        parsed = email.message_from_bytes(bytes(message.as_sent), policy=email.policy.default)
        text = parsed.get_body(("plain",))
        parts = ["\n".join(f"{name}: {value}" for name, value in parsed.items()), text.get_content() if text else ""]
        parts += [f"{part.get_filename()}\n{unfolded(part.get_content())}" for part in parsed.iter_attachments()]
        shown = without_secret_links("\n\n".join(parts))
        return format_html('<p><a href="../html/">{}</a></p><pre>{}</pre>', _("The email as HTML"), shown)

    @staticmethod
    def _html_of(message: Message) -> str:
        parsed = email.message_from_bytes(bytes(message.as_sent or b""), policy=email.policy.default)
        body = parsed.get_body(("html",))
        if body is None:
            raise Http404
        return without_secret_links(body.get_content())

    def html(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Serve the HTML on a page where nothing runs and nothing is loaded."""
        if not self.has_view_permission(request):
            raise Http404
        content = self._html_of(get_object_or_404(Message, pk=pk))
        return csp(DIRECTIVES)(lambda _request: HttpResponse(content))(request)

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Ask, then send again. A person may get a second copy of an uncertain message."""
        chosen = queryset.filter(state__in=[State.FAILED, State.UNCERTAIN, State.SUPPRESSED])
        if "sure" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "title": _("Send again"),
                "opts": self.opts,
                "chosen": chosen,
                "uncertain": chosen.filter(state=State.UNCERTAIN).count(),
            }
            return TemplateResponse(request, "admin/outbox/send_again.html", context)
        count = services.requeue(chosen, now=timezone.now())
        sentence = ngettext("%(n)s email will be sent again.", "%(n)s emails will be sent again.", count)
        self.message_user(request, sentence % {"n": count}, messages.SUCCESS)
        return None


DIRECTIVES = {"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": True}


def figures(now: datetime) -> dict[str, Any]:
    """Return what staff want to see first: the age of the queue, what was sent in a day, and why messages failed."""
    recent = Message.objects.filter(settled_at__gt=now - A_DAY)
    waiting = Message.objects.filter(state=State.QUEUED, not_before__lte=now)
    oldest = waiting.aggregate(oldest=Min("not_before"))["oldest"]
    states = recent.order_by().values("state").annotate(n=Count("pk")).order_by("-n")
    failed = recent.filter(state__in=[State.FAILED, State.UNCERTAIN, State.SUPPRESSED])
    return {
        "waiting": waiting.count(),
        "per_minute": recent.filter(state=State.SENT, settled_at__gt=now - TEN_MINUTES).count() / 10,
        "oldest_seconds": int((now - oldest).total_seconds()) if oldest else 0,
        "states": [(State(row["state"]).label, row["n"]) for row in states],
        "reasons": list(failed.order_by().values("reason").annotate(n=Count("pk")).order_by("-n")[:5]),
        "alarms": alarms(now),
    }


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin):
    """Addresses that get no email, or only some. Deleting a row allows email again."""

    list_display = ["email", "reason", "what_stops", "detail", "since"]
    list_filter = ["reason"]
    search_fields = ["email"]
    fields = ["email", "detail"]

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return False

    @admin.display(description=_("what is not sent"))
    def what_stops(self, obj: Suppression) -> Promise:
        return suppression.STOPPED[SuppressionReason(obj.reason)]

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        made = suppression.suppress(obj.email, SuppressionReason.STAFF, now=timezone.now(), detail=obj.detail)
        obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: Suppression) -> None:
        suppression.lift(obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for one in queryset:
            suppression.lift(one)
