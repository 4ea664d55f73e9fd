"""A series on one page of the admin, with its sessions inline and English and French in tabs."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Exists, Model, OuterRef
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.choices import Profession
from accounts.fields import HTTPS_ASSUMED, choices_field, is_key
from accounts.links import absolute_url
from accounts.models import User
from accounts.zones import PROJECT_ZONE, ZONES
from hubs.models import EDITING_ROLES, Membership
from sessions_app.admin.review import ReviewFilter, ReviewMixin, staff_user
from sessions_app.editing.notifications import add_entry
from sessions_app.editing.review import TO_PUBLISH, note_taken_off, publish, take_off_site
from sessions_app.editing.slugs import save_with_slugs
from sessions_app.models import Publication, Question, Resource, ReviewStep, Series, SeriesQuerySet, Session
from sessions_app.status import registration_status


class SeriesForm(forms.ModelForm):
    """`seen_revision` is the revision that the page showed, so that nobody overwrites what they have not seen."""

    seen_revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen_revision"].initial = self.instance.revision

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        seen = data.get("seen_revision")
        if self.instance.pk and seen is not None:
            saved = Series.objects.select_for_update().values_list("revision", flat=True).get(pk=self.instance.pk)
            if seen != saved:
                raise forms.ValidationError(
                    _("Someone else saved this series while you were editing. Open it again to see what changed.")
                )
        return data

    def clean_capacity(self) -> int | None:
        """Refuse a capacity below the seats taken. The row stays locked until the admin has saved."""
        capacity = self.cleaned_data["capacity"]
        if capacity is not None and self.instance.pk:
            taken = Series.objects.select_for_update().values_list("seats_taken", flat=True).get(pk=self.instance.pk)
            if capacity < taken:
                message = ngettext(
                    "%(n)s seat is already taken. Enter at least that many.",
                    "%(n)s seats are already taken. Enter at least that many.",
                    taken,
                )
                raise forms.ValidationError(message % {"n": taken})
        return capacity


class SessionInline(admin.StackedInline):
    model = Session
    extra = 0
    formfield_overrides = HTTPS_ASSUMED
    min_num = 0
    fieldsets = [
        (None, {"fields": [("starts_at", "ends_at"), ("delivery", "join_url")]}),
        (_("English"), {"fields": ["title_en", "speakers_en"], "classes": ["language", "language-en"]}),
        (_("French"), {"fields": ["title_fr", "speakers_fr"], "classes": ["language", "language-fr"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("series")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name.startswith("speakers"):
            field.widget.attrs["rows"] = 3
        return field


class QuestionInline(admin.StackedInline):
    model = Question
    extra = 0
    max_num = Question.MOST
    fieldsets = [
        (None, {"fields": [("position", "kind", "is_required")]}),
        (_("English"), {"fields": ["label_en", "options_en"], "classes": ["language", "language-en"]}),
        (_("French"), {"fields": ["label_fr", "options_fr"], "classes": ["language", "language-fr"]}),
    ]


class ResourceInline(admin.TabularInline):
    model = Resource
    extra = 0
    formfield_overrides = HTTPS_ASSUMED


ADDRESS_FIELDS = {"is_unlisted", "slug", "slug_fr"}


@admin.register(Series)
class SeriesAdmin(ReviewMixin):
    form = SeriesForm
    inlines = [SessionInline, QuestionInline, ResourceInline]
    list_display = ["title_here", "publication", "status", "first_session", "hub", "seats"]
    list_filter = [ReviewFilter, "publication", "hub", "language", "is_cancelled", "is_concluded"]
    list_select_related = ["hub"]
    search_fields = ["title_en", "title_fr", "slug", "slug_fr"]
    date_hierarchy = "first_starts_at"
    prepopulated_fields = {"slug": ["title_en"], "slug_fr": ["title_fr"]}
    actions = ["publish", "withdraw"]
    save_on_top = True
    readonly_fields = ["seats"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "publication",
                    "is_unlisted",
                    ("slug", "slug_fr"),
                    "hub",
                    "language",
                    "time_zone",
                    "seen_revision",
                ]
            },
        ),
        (
            _("English"),
            {
                "fields": [
                    "title_en",
                    "summary_en",
                    "description_en",
                    "objectives_en",
                    "audience_note_en",
                    "credits_en",
                ],
                "classes": ["language", "language-en"],
            },
        ),
        (
            _("French"),
            {
                "fields": [
                    "title_fr",
                    "summary_fr",
                    "description_fr",
                    "objectives_fr",
                    "audience_note_fr",
                    "credits_fr",
                ],
                "classes": ["language", "language-fr"],
            },
        ),
        (
            _("Registration"),
            {
                "fields": [
                    ("registration_opens_at", "registration_closes_at"),
                    ("capacity", "seats"),
                    "waitlist_enabled",
                    "late_joining",
                    "is_closed",
                    "reminder_hours",
                ],
                "description": _("Times are in the time zone of the series."),
            },
        ),
        (_("Audience"), {"fields": ["audience", "audience_required"]}),
        (_("End of the series"), {"fields": ["is_concluded", "is_cancelled"]}),
    ]

    class Media:
        js = ["admin/language-tabs.js"]
        css = {"all": ["admin/portal-admin.css"]}

    @admin.display(description=_("title"))
    def title_here(self, series: Series) -> str:
        return series.title

    @admin.display(description=_("first session"), ordering="first_starts_at")
    def first_session(self, series: Series) -> datetime | None:
        return series.first_starts_at

    @admin.display(description=_("registration status"))
    def status(self, series: Series) -> SafeString:
        status = registration_status(series, timezone.now())
        return format_html('<span class="status status--{}">{}</span>', status.value, status.label)

    @admin.display(description=_("seats taken"))
    def seats(self, series: Series) -> str:
        limit = _("no limit") if series.capacity is None else series.capacity
        return f"{series.seats_taken} / {limit}"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "audience":
            return choices_field(db_field, choices=Profession.choices)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_view_on_site_url(self, obj: Model | None = None) -> str | None:
        """Return the public page or, before publication, the preview."""
        if not isinstance(obj, Series) or not obj.pk:
            return None
        return reverse(
            "sessions:detail" if obj.publication == Publication.PUBLISHED else "sessions:preview", args=[obj.slug_here]
        )

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show and read times in the series' time zone: the one being saved, else the current one."""
        with timezone.override(ZoneInfo(self._zone(request.POST, object_id))):
            response = super().changeform_view(request, object_id, form_url, extra_context)
            return response.render() if isinstance(response, TemplateResponse) else response

    def _zone(self, posted: Mapping[str, Any], object_id: str | None) -> str:
        if posted.get("time_zone") in ZONES:
            return posted["time_zone"]
        if object_id is None or not is_key(object_id):
            return PROJECT_ZONE
        return Series.objects.filter(pk=object_id).values_list("time_zone", flat=True).first() or PROJECT_ZONE

    def has_delete_permission(self, request: HttpRequest, obj: Series | None = None) -> bool:
        """A series that people registered for is cancelled or archived, never deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.registrations.exists())

    @admin.action(description=_("Publish the selected series"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: SeriesQuerySet) -> None:
        self._set(request, queryset, Publication.PUBLISHED)

    @admin.action(description=_("Take the selected series off the site (back to draft)"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: SeriesQuerySet) -> None:
        self._set(request, queryset, Publication.DRAFT)

    def _set(self, request: HttpRequest, queryset: SeriesQuerySet, publication: Publication) -> None:
        """Publish the series, or take them off the site, one by one, each with a review entry and an email to the hub."""
        by, now = staff_user(request), timezone.now()
        is_publishing = publication == Publication.PUBLISHED
        step: Callable[..., None] = publish if is_publishing else take_off_site
        chosen = self._may_be_published(request, queryset) if is_publishing else list(queryset)
        with transaction.atomic():
            for series in chosen:
                step(series, by=by, now=now)
        sentence = ngettext("%(n)s series changed to “%(state)s”.", "%(n)s series changed to “%(state)s”.", len(chosen))
        level = messages.SUCCESS if chosen else messages.WARNING
        self.message_user(request, sentence % {"n": len(chosen), "state": publication.label}, level)

    def _may_be_published(self, request: HttpRequest, queryset: SeriesQuerySet) -> list[Series]:
        """Return those that only staff edit. What a hub's team edits may have changed since staff last read it, so it is
        published on its own page, where they see it."""
        teams = Membership.objects.filter(hub=OuterRef("hub"), role__in=EDITING_ROLES)
        found = list(queryset.filter(publication__in=TO_PUBLISH).annotate(has_team=Exists(teams)))
        count = sum(series.has_team for series in found)
        if count:
            sentence = ngettext(
                "%(n)s listing is edited by a hub, so it wasn’t published. Open it to review and publish it.",
                "%(n)s listings are edited by hubs, so they weren’t published. Open each one to review and publish it.",
                count,
            )
            self.message_user(request, sentence % {"n": count}, messages.WARNING)
        return [series for series in found if not series.has_team]

    def save_model(self, request: HttpRequest, obj: Series, form: Any, change: bool) -> None:
        """Save the staff's edit. People who are editing the series in a workspace see it before they save.

        An unlisted series gets an address that nobody can guess, also if staff entered another one.
        """
        obj.revision += 1
        if obj.is_unlisted and ADDRESS_FIELDS.intersection(form.changed_data):
            save_with_slugs(obj)
            sentence = _("Only people with the link find this series. Its address is now %(address)s")
            self.message_user(request, sentence % {"address": absolute_url(obj)}, messages.WARNING)
        else:
            super().save_model(request, obj, form, change)
        if "publication" in form.changed_data:
            self._note_publication(obj, form.initial.get("publication", ""), staff_user(request))

    def _note_publication(self, series: Series, before: str, by: User) -> None:
        now = timezone.now()
        if series.publication == Publication.PUBLISHED:
            add_entry(series, ReviewStep.PUBLISHED, by=by, now=now)
        else:
            note_taken_off(series, before, by=by, now=now)
