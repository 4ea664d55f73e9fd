"""Hubs in the admin, with their teams. Only the services change a team, so staff invite people like coordinators do."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.choices import Profession
from accounts.fields import HTTPS_ASSUMED, AddressField, ProvincesField, choices_field, forbidden
from accounts.limits import within_limits
from hubs.admin.slugs import FreeSlugMixin
from hubs.fields import LOGO_HINT, LogoField
from hubs.models import Hub, Membership, Role, TeamInvitation
from hubs.services import logos, team


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


class HubForm(FreeSlugMixin, forms.ModelForm):
    logo_file = LogoField(label=_("New logo"), required=False, help_text=LOGO_HINT)
    logo_alt_en = forms.CharField(
        label=_("Description of the logo (English)"), required=False, max_length=150, widget=AdminTextInputWidget
    )
    logo_alt_fr = forms.CharField(
        label=_("Description of the logo (French)"), required=False, max_length=150, widget=AdminTextInputWidget
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        logo = self.instance.logo_or_none if self.instance.pk else None
        if logo:
            self.initial.update(logo_alt_en=logo.alt_en, logo_alt_fr=logo.alt_fr)

    def clean(self) -> dict[str, Any]:
        """Ask for both descriptions, unless the hub has no logo afterwards."""
        data = super().clean() or self.cleaned_data
        keeps = bool(self.instance.pk and self.instance.logo_or_none) and not data.get("remove_logo")
        if data.get("logo_file") or keeps:
            for name in ("logo_alt_en", "logo_alt_fr"):
                if not data.get(name):
                    self.add_error(name, _("Describe the logo, for people who can’t see it."))
        return data

    def save_logo(self, hub: Hub) -> None:
        """Do to the logo what was asked for. A new file counts more than a ticked box."""
        data = self.cleaned_data
        alt = {"alt_en": data.get("logo_alt_en", ""), "alt_fr": data.get("logo_alt_fr", "")}
        if data.get("logo_file"):
            logos.save_logo(hub, data["logo_file"], **alt, now=timezone.now())
        elif data.get("remove_logo"):
            logos.remove_logo(hub)
        elif hub.logo_or_none:
            logos.describe_logo(hub, **alt)


@admin.register(Hub)
class HubAdmin(admin.ModelAdmin):
    form = HubForm
    list_display = ["hub_name", "slug", "is_listed", "is_trusted"]
    list_filter = ["is_listed", "is_trusted"]
    search_fields = ["name_en", "name_fr"]
    prepopulated_fields = {"slug": ["name_en"]}
    formfield_overrides = HTTPS_ASSUMED
    readonly_fields = ["current_logo"]
    inlines = [TeamInline]
    fieldsets = [
        (None, {"fields": ["slug", "provinces", "audience", "website", "contact_email", "is_listed", "is_trusted"]}),
        (_("Logo"), {"fields": ["current_logo", "logo_file", "logo_alt_en", "logo_alt_fr", "remove_logo"]}),
        (
            _("English"),
            {
                "fields": ["name_en", "region_en", "summary_en", "description_en"],
                "classes": ["language", "language-en"],
            },
        ),
        (
            _("French"),
            {
                "fields": ["name_fr", "region_fr", "summary_fr", "description_fr"],
                "classes": ["language", "language-fr"],
            },
        ),
    ]

    class Media:
        js = ["admin/language-tabs.js"]
        css = {"all": ["admin/portal-admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hub]:
        return super().get_queryset(request).with_logo()  # type: ignore[attr-defined]

    @admin.display(description=_("name"))
    def hub_name(self, hub: Hub) -> str:
        return hub.name

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "provinces":
            return choices_field(db_field, ProvincesField)
        if db_field.name == "audience":
            return choices_field(db_field, choices=Profession.choices)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Hub, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        form.save_logo(obj)

    @admin.display(description=_("logo"))
    def current_logo(self, hub: Hub) -> SafeString | str:
        logo = hub.logo_or_none if hub.pk else None
        if not logo:
            return "–"
        return format_html('<img src="{}" alt="{}" class="hub-logo">', logo.get_absolute_url(), logo.alt)

    def get_inlines(self, request: HttpRequest, obj: Hub | None = None) -> Any:
        return super().get_inlines(request, obj) if obj else []

    def get_urls(self) -> list[URLPattern]:
        invite = path("<int:pk>/invite/", self.admin_site.admin_view(self.invite), name="hubs_hub_invite")
        return [invite, *super().get_urls()]

    def invite(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Invite someone to the hub's team, for example a coordinator for a hub that has none."""
        if not request.user.has_perm("hubs.add_membership"):
            raise Http404
        hub = get_object_or_404(Hub, pk=pk)
        form = InviteForm(request.POST or None, initial={"role": Role.COORDINATOR})
        if form.is_valid() and self._invite(request, hub, form):
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

    def _invite(self, request: HttpRequest, hub: Hub, form: InviteForm) -> bool:
        """Send the invitation, or add to the form why it can't be sent. Returns whether it was sent."""
        if not within_limits(request, "team-invitation", str(hub.pk)):
            form.add_error("email", gettext("This hub sent many invitations today. Try again tomorrow."))
            return False
        try:
            invitation = team.invite(hub, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except team.TeamError as error:
            form.add_error("email", _sentence(error))
            return False
        self.message_user(request, f"{invitation}: {gettext('We sent the invitation.')}", messages.SUCCESS)
        return True

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        may_invite = request.user.has_perm("hubs.add_membership")
        return super().change_view(request, object_id, form_url, (extra_context or {}) | {"may_invite": may_invite})


def _sentence(error: team.TeamError) -> str:
    match error:
        case team.AlreadyMemberError():
            return gettext("The person with this address is already in the team.")
        case team.AlreadyInvitedError():
            return gettext("This address already has an invitation. A coordinator can send it again.")
    raise error
