"""Registrations in the admin, to read and to act on. Only the services take and free seats."""

from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.fields import AddressField, forbidden, is_key
from accounts.forms import validate_name
from accounts.languages import current_language
from registrations import services
from registrations.admin_history import HistoryMixin
from registrations.history import scope_of_registration, scope_of_series
from registrations.models import Answer, Attendance, Registration, RegistrationState, StaffAction
from registrations.refusals import REFUSALS, refusal_text
from registrations.services.series import affected_registrations
from sessions_app.admin import SeriesAdmin
from sessions_app.admin import SeriesForm as PlainSeriesForm
from sessions_app.models import Series, SeriesQuerySet


class SeriesSelect(AutocompleteSelect):
    """A select that ignores a value that is not a number. Django's own fails on it."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if is_key(str(key))], attrs)


SERIES_WIDGET = SeriesSelect(Registration._meta.get_field("series"), admin.site)  # noqa: SLF001 - Django's documented way to a field
ACTIVE_STATES = (RegistrationState.CONFIRMED, RegistrationState.WAITLISTED, RegistrationState.RECORDING)


class RegisterForm(forms.Form):
    series = forms.ModelChoiceField(Series.objects.public(), label=_("Series"), widget=SERIES_WIDGET)
    email = AddressField(label=_("Email address"))
    name = forms.CharField(label=_("Name"), max_length=150, required=False, validators=[validate_name])


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Hubs can’t see this. The person can, in a copy of their data."),
    )


class MoveForm(ReasonForm):
    to = forms.ModelChoiceField(Series.objects.public(), label=_("New series"), widget=SERIES_WIDGET)
    field_order = ["to", "reason"]


class CancelForm(forms.Form):
    note = forms.CharField(
        label=_("Message to the person"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("We include this in our email to them, exactly as you write it."),
    )


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False
    has_add_permission = has_change_permission = forbidden


class AnswerInline(ReadOnlyInline):
    model = Answer
    fields = ["question", "answered"]
    readonly_fields = ["answered"]

    @admin.display(description=_("answer"))
    def answered(self, answer: Answer) -> str:
        return str(answer)


class AttendanceInline(ReadOnlyInline):
    model = Attendance

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("session__series")


class StaffActionInline(ReadOnlyInline):
    model = StaffAction


@admin.register(Registration)
class RegistrationAdmin(HistoryMixin):
    list_display = ["user", "series", "state", "held_until", "created_at", "cancelled_at", "end_reason"]
    list_filter = ["state", "end_reason"]
    list_select_related = ["user", "series"]
    search_fields = ["user__email", "user__name", "series__title_en", "series__title_fr"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    inlines = [AnswerInline, AttendanceInline, StaffActionInline]
    has_change_permission = has_delete_permission = forbidden
    history_scope = staticmethod(scope_of_registration)

    def get_urls(self) -> list[URLPattern]:
        wrap, prefix = self.admin_site.admin_view, "registrations_registration"
        actions = {"promote": self.promote, "move": self.move, "cancel": self.cancel}
        own = [path(f"<int:pk>/{name}/", wrap(view), name=f"{prefix}_{name}") for name, view in actions.items()]
        return [*own, *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Register someone by their email address. Creates an account if there is none. They get the usual emails."""
        if not self.has_add_permission(request):
            raise Http404
        act = partial(services.register_for, language=current_language())
        return self._page(request, RegisterForm, act, {"title": _("Register someone")})

    def promote(self, request: HttpRequest, pk: int) -> HttpResponse:
        registration = self._registration(request, pk, RegistrationState.WAITLISTED)
        context = {
            "title": _("Skip the waitlist"),
            "registration": registration,
            "explain": _("If the series is full, this adds one seat, so nobody loses theirs. We email the person."),
        }
        return self._page(request, ReasonForm, partial(services.promote, registration), context)

    def move(self, request: HttpRequest, pk: int) -> HttpResponse:
        registration = self._registration(request, pk, *ACTIVE_STATES)
        context = {
            "title": _("Move to another series"),
            "registration": registration,
            "explain": _(
                "This cancels their registration for this series. If they have a seat, it goes to the next person on the waitlist. We send one email covering both changes."
            ),
        }
        return self._page(request, MoveForm, partial(services.move, registration), context)

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        registration = self._registration(request, pk, *ACTIVE_STATES)
        context = {
            "title": _("Cancel this registration"),
            "registration": registration,
            "explain": _(
                "If they have a seat, it goes to the next person on the waitlist. You can’t undo this, but they can register again."
            ),
        }
        return self._page(request, CancelForm, partial(services.cancel_for, registration), context)

    def _registration(self, request: HttpRequest, pk: int, *states: RegistrationState) -> Registration:
        if not request.user.has_perm("registrations.change_registration"):
            raise Http404
        return get_object_or_404(Registration.objects.select_related("series", "user"), pk=pk, state__in=states)

    def _page(
        self,
        request: HttpRequest,
        form_class: type[forms.Form],
        act: Callable[..., Registration],
        context: dict[str, Any],
    ) -> HttpResponse:
        """Show the form and, once it is valid, call `act` with its values. A refusal is shown above the form."""
        form = form_class(request.POST or None)
        if form.is_valid():
            try:
                done = act(**form.cleaned_data, by=request.user, now=timezone.now())
            except REFUSALS as refusal:
                form.add_error(None, refusal_text(refusal))
            else:
                self.message_user(request, f"{done}: {done.get_state_display()}.", messages.SUCCESS)
                return redirect("admin:registrations_registration_change", done.pk)
        context |= self.admin_site.each_context(request) | {"opts": self.opts, "form": form}
        context["media"] = self.media + form.media
        return TemplateResponse(request, "admin/registrations/act.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        may_act = request.user.has_perm("registrations.change_registration")
        return super().change_view(request, object_id, form_url, (extra_context or {}) | {"may_act": may_act})


NOTE = forms.Textarea(attrs={"rows": 3})
NOTE_HELP = _("We include this in our email if you cancel the series or take it off the site.")


class SeriesForm(PlainSeriesForm):
    """Asks for confirmation if an edit would end people's registrations, and takes a message to them."""

    note_en = forms.CharField(
        label=_("Message to people who are registered (English)"), required=False, widget=NOTE, help_text=NOTE_HELP
    )
    note_fr = forms.CharField(
        label=_("Message to people who are registered (French)"), required=False, widget=NOTE, help_text=NOTE_HELP
    )
    notify_everyone = forms.BooleanField(
        label=_("Cancel these registrations and email everyone"),
        required=False,
        help_text=_("Only needed if you cancel, withdraw or close a series that people are registered for."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        after = copy(self.instance)
        for name in {field.name for field in Series._meta.concrete_fields} & set(data):  # noqa: SLF001
            setattr(after, name, data[name])
        count = affected_registrations(after, now=timezone.now()).count() if self.instance.pk else 0
        if count and not data.get("notify_everyone"):
            sentence = ngettext(
                "This cancels the registration of %(n)s person, and we’ll email them. To confirm, select “Cancel these registrations and email everyone”.",
                "This cancels the registrations of %(n)s people, and we’ll email them. To confirm, select “Cancel these registrations and email everyone”.",
                count,
            )
            self.add_error("notify_everyone", sentence % {"n": count})
        self.instance.note_to_people = {"en": data.get("note_en", ""), "fr": data.get("note_fr", "")}
        return data


admin.site.unregister(Series)


@admin.register(Series)
class SeriesWithRegistrationsAdmin(HistoryMixin, SeriesAdmin):
    """The admin page of a series, with what an edit means for the people who are registered."""

    form = SeriesForm
    history_scope = staticmethod(scope_of_series)
    fieldsets = [
        *SeriesAdmin.fieldsets[:-1],
        (
            _("End of the series"),
            {"fields": ["is_concluded", "is_cancelled", "note_en", "note_fr", "notify_everyone"]},
        ),
    ]

    def _set(self, request: HttpRequest, queryset: SeriesQuerySet, publication: Any) -> None:
        """Change the publication. Series that people are registered for are withdrawn on their own page."""
        now, held = timezone.now(), []
        for series in queryset:
            series.publication = publication
            if affected_registrations(series, now=now).exists():
                held.append(series)
        if held:
            sentence = ngettext(
                "People are registered for %(titles)s. To take it off the site, open its page, where you can write a message to them.",
                "People are registered for %(titles)s. To take them off the site, open the page of each one, where you can write a message to the people.",
                len(held),
            )
            self.message_user(request, sentence % {"titles": ", ".join(map(str, held))}, messages.ERROR)
        super()._set(request, queryset.exclude(pk__in=[series.pk for series in held]), publication)
