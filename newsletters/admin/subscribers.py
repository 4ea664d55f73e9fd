"""Subscribers in the admin: the list, one subscriber, import and export.

Nobody is subscribed here, except by importing a file with the proof of each consent.
"""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.fields import forbidden
from newsletters.models import ReminderDays, Subscriber, Topic
from newsletters.services.importing import ImportRefusedError, check, import_rows
from newsletters.services.subscriptions import unsubscribe
from newsletters.subscriber_file import COLUMNS, OPTIONAL, Row, SubscriberFileError, read
from newsletters.subscriber_states import SubscriberState, in_state, state_of
from newsletters.subscriber_table import SubscriberTable
from newsletters.views.common import origin_of
from registrations.exports import csv_lines
from sessions_app.admin.review import staff_user

# The file goes with the report in a hidden field, signed, so that what is imported is what was checked.
SALT, CHECKED_FOR_SECONDS = "newsletters.import", 3600
MOST_BYTES, MOST_SIGNED = 4_000_000, 400_000
MOST_SHOWN = 500


class TopicFilter(admin.SimpleListFilter):
    title = gettext_lazy("topic")
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Topic.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset.filter(topics__contains=[value]) if value in Topic.values else queryset


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(SubscriberState.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return in_state(queryset, value, timezone.now()) if value in SubscriberState.values else queryset


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": gettext_lazy("Choose a file.")},
    )

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return file.read()


TOO_LARGE = gettext_lazy("The file is too large for this page. Split it, or ask for it to be imported on the server.")


@admin.register(Subscriber)
class SubscriberAdmin(admin.ModelAdmin):
    list_display = ["email", "state", "language", "profession", "province", "topic_names", "subscribed_at"]
    list_filter = [StateFilter, TopicFilter, "language", "province", "profession"]
    search_fields = ["email__contains"]  # addresses are stored in lower case, and this uses the trigram index
    search_help_text = gettext_lazy("Part of an email address.")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = [
        *("email", "state", "subscribed_at", "unsubscribed_at", "paused_until"),
        *("language", "topic_names", "reminder_days"),
        *("name", "profession", "province", "organization"),
    ]
    readonly_fields = ["state", "topic_names"]
    change_list_template = "admin/newsletters/subscriber/change_list.html"
    change_form_template = "admin/newsletters/subscriber/change_form.html"
    has_add_permission = has_change_permission = has_delete_permission = forbidden

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("newsletters.add_subscriber")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("newsletters.export_subscriber")

    def has_unsubscribe_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("newsletters.change_subscriber")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the filters that the list shows, and no others: `token__startswith` would reveal a token letter by letter."""
        names = [name for name in self.list_filter if isinstance(name, str)]
        own = {StateFilter.parameter_name, TopicFilter.parameter_name}
        return lookup in own | {f"{name}__{ending}" for name in names for ending in ("exact", "isnull")}

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return super().get_search_results(request, queryset, search_term.lower())

    @admin.display(description=gettext_lazy("state"))
    def state(self, subscriber: Subscriber) -> str:
        return str(state_of(subscriber, timezone.now()).label)

    @admin.display(description=gettext_lazy("topics"))
    def topic_names(self, subscriber: Subscriber) -> str:
        return ", ".join(str(Topic(topic).label) for topic in subscriber.topics) or "–"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may = {"may_import": self.has_import_permission(request), "may_export": self.has_export_permission(request)}
        return super().changelist_view(request, (extra_context or {}) | may)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("import/", wrap(self.import_view), name="newsletters_subscriber_import"),
            path("<int:pk>/unsubscribe/", wrap(self.unsubscribe_view), name="newsletters_subscriber_unsubscribe"),
            path("export/", wrap(self.export_view), name="newsletters_subscriber_export"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        may = {"may_unsubscribe": self.has_unsubscribe_permission(request)}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | may)

    def unsubscribe_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then unsubscribe someone who wrote or phoned. Nobody can be subscribed again here."""
        if not self.has_unsubscribe_permission(request):
            raise Http404
        subscriber = get_object_or_404(Subscriber, pk=pk)
        back = redirect("admin:newsletters_subscriber_change", pk)
        if request.method != "POST":
            template = "admin/newsletters/subscriber/unsubscribe.html"
            title = _("Unsubscribe")
            return self._page(request, template, subscriber=subscriber, title=title, back_url=back["Location"])
        origin = replace(origin_of(request), ip=None)  # the subscriber's own would belong there, not that of staff
        if subscriber.unsubscribed_at is None:
            unsubscribe(subscriber, origin=origin, now=timezone.now(), detail={"by": f"user {request.user.pk}"})
            log_action(request, CHANGE, _("Unsubscribed on request"), subscriber)
        self.message_user(request, _("This person is unsubscribed."), messages.SUCCESS)
        return back

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The subscribers that the list's filters and search find, as a CSV file."""
        if not (self.has_view_permission(request) and self.has_export_permission(request)):
            raise Http404
        now = timezone.now()
        found: Any = self.get_changelist_instance(request).get_queryset(request)
        log_action(request, CHANGE, _("Exported subscribers: %(n)s") % {"n": found.count()})
        response = StreamingHttpResponse(csv_lines(SubscriberTable(found, now)), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="subscribers-{timezone.localdate(now)}.csv"'
        return response

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Upload a file, read what is wrong with it, and confirm."""
        if not self.has_import_permission(request):
            raise Http404
        if "checked" in request.POST:
            return self._import(request, request.POST["checked"])
        is_upload = request.method == "POST"
        form = UploadForm(request.POST if is_upload else None, request.FILES if is_upload else None)
        if form.is_valid():
            try:
                return self._report(request, form.cleaned_data["file"])
            except (SubscriberFileError, forms.ValidationError) as error:
                form.add_error("file", error if isinstance(error, forms.ValidationError) else str(error))
        return self._page(request, "admin/newsletters/subscriber/import.html", form=form, columns=_columns())

    def _report(self, request: HttpRequest, content: bytes) -> HttpResponse:
        """Show what is wrong, or the button that imports. Raises SubscriberFileError or ValidationError."""
        rows = read(content, now=timezone.now())
        check(rows)
        checked = signing.dumps(content.decode(), salt=SALT, compress=True)
        if len(checked) > MOST_SIGNED:
            raise forms.ValidationError(TOO_LARGE)
        return self._show(request, rows, checked)

    def _import(self, request: HttpRequest, checked: str) -> HttpResponse:
        now = timezone.now()
        try:
            content = signing.loads(checked, salt=SALT, max_age=CHECKED_FOR_SECONDS).encode()
        except signing.BadSignature:
            self.message_user(request, _("This page has expired. Upload the file again."), messages.ERROR)
            return redirect("admin:newsletters_subscriber_import")
        rows = read(content, now=now)
        try:
            outcome = import_rows(rows, by=f"user {request.user.pk}", now=now)
        except ImportRefusedError:
            return self._show(request, rows, checked)
        log_action(request, ADDITION, _("Imported subscribers: %(n)s") % {"n": outcome.added})
        sentence = ngettext("%(n)s person is subscribed.", "%(n)s people are subscribed.", outcome.added)
        self.message_user(request, sentence % {"n": outcome.added}, messages.SUCCESS)
        return redirect("admin:newsletters_subscriber_changelist")

    def _show(self, request: HttpRequest, rows: list[Row], checked: str) -> HttpResponse:
        wrong, known = [row for row in rows if row.problems], [row for row in rows if row.is_known and not row.problems]
        return self._page(
            request,
            "admin/newsletters/subscriber/report.html",
            wrong=wrong[:MOST_SHOWN],
            wrong_count=len(wrong),
            known_count=len(known),
            fresh_count=len(rows) - len(wrong) - len(known),
            checked=checked,
            import_url=reverse("admin:newsletters_subscriber_import"),
        )

    def _page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        context = {"opts": self.opts, "title": _("Import subscribers")} | context
        context["list_url"] = reverse("admin:newsletters_subscriber_changelist")
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)


def log_action(request: HttpRequest, flag: int, sentence: str, subscriber: Subscriber | None = None) -> None:
    """Add to the admin's history what a member of staff did, without anyone's address: it would outlive "Forget me"."""
    LogEntry.objects.create(
        user=staff_user(request),
        content_type=ContentType.objects.get_for_model(Subscriber),
        object_id=str(subscriber.pk) if subscriber else None,
        object_repr=_("Subscriber %(n)s") % {"n": subscriber.pk} if subscriber else sentence,
        action_flag=flag,
        change_message=sentence,
    )


def _columns() -> list[tuple[str, str, bool]]:
    """Return (name, what belongs in it, is it required) of each column."""
    explained = {
        "language": "en, fr",
        "topics": ", ".join(Topic.values),
        "consent_date": _("The day on which the person agreed, such as 2024-05-31."),
        "consent_source": _("Where they agreed, such as “Form on pallium.ca” or “Paper form, conference of May 2024”."),
        "consent_wording": _("The exact text that they agreed to."),
        "profession": _("A code, such as registered-nurse."),
        "province": _("A code, such as ON."),
        "reminder_days": ", ".join(map(str, ReminderDays.values)),
    }
    return [(name, explained.get(name, ""), name in COLUMNS) for name in (*COLUMNS, *OPTIONAL)]
