"""Hubs in the admin, with their teams. Only the services change a team, so staff invite people like coordinators do."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.choices import Province
from accounts.fields import HTTPS_ASSUMED, AddressField, choices_field, forbidden
from hubs.models import Hub, Membership, Role, TeamInvitation
from hubs.services import team


class TeamInline(admin.TabularInline):
    model = Membership
    fields = readonly_fields = ("user", "role", "joined_at")
    extra = 0
    can_delete = False
    verbose_name_plural = _("Team")
    has_add_permission = has_change_permission = forbidden

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")


class InviteForm(forms.Form):
    email = AddressField(label=_("Email address"))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    language = forms.ChoiceField(label=_("Language of the email"), choices=settings.LANGUAGES)


@admin.register(Hub)
class HubAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "is_listed", "is_trusted"]
    list_filter = ["is_listed", "is_trusted"]
    search_fields = ["name_en", "name_fr"]
    prepopulated_fields = {"slug": ["name_en"]}
    formfield_overrides = HTTPS_ASSUMED
    inlines = [TeamInline]
    fieldsets = [
        (None, {"fields": ["slug", "provinces", "website", "contact_email", "is_listed", "is_trusted"]}),
        (_("English"), {"fields": ["name_en", "summary_en"], "classes": ["language", "language-en"]}),
        (_("French"), {"fields": ["name_fr", "summary_fr"], "classes": ["language", "language-fr"]}),
    ]

    class Media:
        js = ["admin/language-tabs.js"]
        css = {"all": ["admin/portal-admin.css"]}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "provinces":
            return choices_field(db_field, Province.choices)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Hub | None = None) -> Any:
        return super().get_inlines(request, obj) if obj else []

    def get_urls(self) -> list[URLPattern]:
        invite = path("<int:pk>/invite/", self.admin_site.admin_view(self.invite), name="hubs_hub_invite")
        return [invite, *super().get_urls()]

    def invite(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Invite someone to the hub's team, for example a coordinator for a hub that has none."""
        if not request.user.has_perm("hubs.change_hub"):
            raise Http404
        hub = get_object_or_404(Hub, pk=pk)
        form = InviteForm(request.POST or None, initial={"role": Role.COORDINATOR})
        if form.is_valid():
            try:
                invitation = team.invite(hub, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except team.TeamError as error:
                form.add_error("email", _sentence(error))
            else:
                self.message_user(request, f"{invitation}: {gettext('We sent the invitation.')}", messages.SUCCESS)
                return redirect("admin:hubs_hub_change", hub.pk)
        pending = TeamInvitation.objects.pending().filter(hub=hub)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Invite someone to the team"),
            "about": hub,
            "list_url": reverse("admin:hubs_hub_changelist"),
            "back_url": reverse("admin:hubs_hub_change", args=[hub.pk]),
            "form": form,
            "invitations": [(one, one.is_open(timezone.now())) for one in pending],
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/hubs/invite.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        may_invite = request.user.has_perm("hubs.change_hub")
        return super().change_view(request, object_id, form_url, (extra_context or {}) | {"may_invite": may_invite})


def _sentence(error: team.TeamError) -> str:
    match error:
        case team.AlreadyMemberError():
            return gettext("The person with this address is already in the team.")
        case team.AlreadyInvitedError():
            return gettext("This address already has an invitation. A coordinator can send it again.")
        case team.TooManyInvitationsError():
            return gettext("This hub sent many invitations today. Try again tomorrow.")
    raise error
