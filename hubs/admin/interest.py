"""Partner interests in the admin: a pipeline from the form that an organization sent to a hub with a coordinator."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, Count, F, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.fields import ProvincesField, forbidden
from hubs.admin.slugs import TAKEN, FreeSlugMixin
from hubs.models import OPEN_STAGES, Hub, InterestNote, PartnerInterest, Stage
from hubs.services.interest import AlreadyAcceptedError, SlugTakenError, accept_interest, move_to_stage


class OverdueFilter(admin.SimpleListFilter):
    title = _("next step")
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Overdue"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.overdue(timezone.localdate()) if self.value() == "yes" else queryset


class NoteInline(admin.TabularInline):
    """Notes are added, never changed."""

    model = InterestNote
    fields = ["text", "by", "at"]
    readonly_fields = ["by", "at"]
    extra = 1
    can_delete = False
    has_change_permission = has_delete_permission = forbidden

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("by")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name == "text":
            field.widget.attrs["rows"] = 3
        return field


class AcceptForm(FreeSlugMixin, forms.ModelForm):
    """The hub that is created. The service checks the page address under its lock."""

    provinces = ProvincesField(label=_("Provinces and territories"), required=False)

    class Meta:
        model = Hub
        fields = ["name_en", "name_fr", "slug", "provinces"]
        help_texts = {
            "name_fr": _("If empty, French pages show the English name."),
            "slug": _("The end of the hub’s web address, in lowercase letters with hyphens."),
        }

    def validate_unique(self) -> None:
        """Leave this to the service, so that pressing the button twice is not an error."""


@admin.register(PartnerInterest)
class PartnerInterestAdmin(admin.ModelAdmin):
    list_display = ["organization", "stage", "due", "next_step", "owner", "created_at", "where"]
    list_filter = ["stage", OverdueFilter, "owner", "language"]
    list_select_related = ["owner"]
    search_fields = ["organization", "contact_name", "email"]
    inlines = [NoteInline]
    fieldsets = [
        (_("Follow-up"), {"fields": ["stage", "owner", "next_step", "next_step_on", "settled_at", "hub"]}),
        (
            _("What they sent"),
            {
                "fields": [
                    "organization",
                    "organization_type",
                    "contact_name",
                    "contact_role",
                    "email",
                    "phone",
                    "where",
                    "serves",
                    "idea",
                    "language",
                    "heard_from",
                    "created_at",
                ]
            },
        ),
    ]
    change_list_template = "admin/hubs/interest_list.html"
    change_form_template = "admin/hubs/interest_form.html"
    has_add_permission = forbidden  # the public form records what an organization sends

    class Media:
        css = {"all": ["admin/portal-admin.css"]}

    def get_readonly_fields(self, request: HttpRequest, obj: PartnerInterest | None = None) -> list[str]:
        """What was received stays as it is. The stage of an accepted one is settled."""
        fields = ["settled_at", "hub", *self.fieldsets[1][1]["fields"]]
        return fields + (["stage"] if obj and obj.stage == Stage.ACCEPTED else [])

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Open ones first, those with the earliest next step on top."""
        is_settled = Case(When(stage__in=OPEN_STAGES, then=Value(0)), default=Value(1))
        return [is_settled, F("next_step_on").asc(nulls_last=True), "-created_at", "-pk"]

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only the Accept button accepts, because a hub and an invitation belong to it."""
        if db_field.name == "stage":
            kwargs["choices"] = [choice for choice in Stage.choices if choice[0] != Stage.ACCEPTED]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show the owner without Django's buttons that edit the person."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name == "owner":
            for action in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{action}_related", False)
        return field

    @admin.display(description=_("provinces and territories"))
    def where(self, interest: PartnerInterest) -> str:
        return ", ".join(interest.province_names) or "–"

    @admin.display(description=_("date of the next step"), ordering="next_step_on")
    def due(self, interest: PartnerInterest) -> SafeString | str:
        if interest.next_step_on is None:
            return "–"
        if not interest.is_overdue(timezone.localdate()):
            return interest.next_step_on.isoformat()
        overdue = '{} <span class="status status--cancelled">{}</span>'
        return format_html(overdue, interest.next_step_on.isoformat(), gettext("Overdue"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, (extra_context or {}) | {"stages": _stages()})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        may_accept = request.user.has_perm("hubs.change_partnerinterest")
        return super().change_view(request, object_id, form_url, (extra_context or {}) | {"may_accept": may_accept})

    def save_model(self, request: HttpRequest, obj: PartnerInterest, form: forms.ModelForm, change: bool) -> None:
        """Save what staff may edit, and nothing else, so that an interest accepted meanwhile stays accepted."""
        changed = [name for name in form.changed_data if name != "stage"]
        if "stage" in form.changed_data:
            try:
                move_to_stage(obj, obj.stage, now=timezone.now())
                changed += ["stage", "settled_at"]
            except AlreadyAcceptedError:
                self.message_user(request, gettext("This was accepted, so its stage didn’t change."), messages.ERROR)
        obj.save(update_fields=changed)

    def save_formset(self, request: HttpRequest, form: forms.ModelForm, formset: Any, change: bool) -> None:
        for note in formset.save(commit=False):
            note.by, note.at = request.user, timezone.now()
            note.save()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.accept)
        return [path("<int:pk>/accept/", view, name="hubs_partnerinterest_accept"), *super().get_urls()]

    def accept(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what accepting does, and do it. If it was done before, lead to the hub."""
        if not request.user.has_perm("hubs.change_partnerinterest"):
            raise Http404
        interest = get_object_or_404(PartnerInterest.objects.select_related("hub"), pk=pk)
        form = AcceptForm(request.POST or None, initial=_suggested(interest))
        if interest.stage == Stage.ACCEPTED:
            return self._accepted(request, interest, gettext("This was already accepted."))
        if form.is_valid():
            try:
                accept_interest(interest, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except SlugTakenError:
                form.add_error("slug", str(TAKEN))
            except AlreadyAcceptedError:
                return self._accepted(request, interest, gettext("This was already accepted."))
            else:
                return self._accepted(request, interest, gettext("The hub is created and the contact is invited."))
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Accept as a hub partner"),
            "interest": interest,
            "about": interest,
            "list_url": reverse("admin:hubs_partnerinterest_changelist"),
            "back_url": reverse("admin:hubs_partnerinterest_change", args=[interest.pk]),
            "form": form,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/hubs/accept.html", context)

    def _accepted(self, request: HttpRequest, interest: PartnerInterest, sentence: str) -> HttpResponse:
        self.message_user(request, f"{interest}: {sentence}", messages.SUCCESS)
        return redirect("admin:hubs_partnerinterest_change", interest.pk)


def _suggested(interest: PartnerInterest) -> dict[str, Any]:
    """Return the initial values of the hub: the organization's name in the language it wrote in."""
    name = {f"name_{interest.language}": interest.organization} | {"name_en": interest.organization}
    return name | {"slug": slugify(interest.organization)[:50], "provinces": interest.provinces}


def _stages() -> list[tuple[str, str, int]]:
    """Return (value, label, number of interests) of each stage."""
    rows: QuerySet[Any] = PartnerInterest.objects.order_by().values_list("stage").annotate(Count("pk"))
    counts = dict(rows)
    return [(stage.value, str(stage.label), counts.get(stage.value, 0)) for stage in Stage]
