"""People in the admin. Only superusers can see and change staff permissions, and only they can change staff accounts.

Several fields could be used to take over an account, and all are protected here: permissions, the password, the email
address (a code sent to it signs in), allauth's own rows, and groups.
"""

from collections.abc import Iterator
from typing import Any

import allauth.account.admin  # noqa: F401 - registers the models that are unregistered below
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from allauth.usersessions.admin import UserSessionAdmin
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.db.models.fields import BLANK_CHOICE_DASH
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.choices import alphabetical
from accounts.fields import ProvinceField, forbidden
from accounts.forms import validate_name
from accounts.models import ProviderProfile, User
from accounts.services import change_email

PERMISSION_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")


def is_protected(request: HttpRequest, user: User | None) -> bool:
    """Whether this is a staff account and the viewer is not a superuser, who may then only view it."""
    return user is not None and (user.is_staff or user.is_superuser) and not request.user.is_superuser


class ProfileInline(admin.StackedInline):
    model = ProviderProfile

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "province":
            return ProvinceField(label=capfirst(db_field.verbose_name), empty_label=BLANK_CHOICE_DASH[0][1])
        return super().formfield_for_choice_field(db_field, request, **kwargs)


class ProvinceFilter(admin.ChoicesFieldListFilter):
    """The usual filter, with the provinces in the order of their names in the reader's language."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        everyone, *provinces = super().choices(changelist)
        yield everyone
        yield from sorted(provinces, key=lambda choice: alphabetical(str(choice["display"])))


class NewPersonForm(forms.ModelForm):
    """A new account has no password. The person signs in with a code."""

    class Meta:
        model = User
        fields = ("email", "name", "language")

    def save(self, commit: bool = True) -> User:
        self.instance.set_unusable_password()
        return super().save(commit)


@admin.register(User)
class PersonAdmin(UserAdmin):
    add_form = NewPersonForm
    add_form_template = None
    inlines = [ProfileInline]
    list_display = ["email", "name", "language", "is_staff", "is_active", "date_joined"]
    list_filter = ["is_staff", "is_active", "language", "profile__profession", ("profile__province", ProvinceFilter)]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        (_("Person"), {"fields": ["name", "language", "time_zone"]}),
        (_("Permissions"), {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["email", "name", "language"]})]

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Only superusers see permissions and password. Django ignores other fields in a POST too."""
        fieldsets: Any = super().get_fieldsets(request, obj)
        if request.user.is_superuser:
            return fieldsets
        hidden = {*PERMISSION_FIELDS, "password"}
        return [
            (name, options | {"fields": [field for field in options["fields"] if field not in hidden]})
            for name, options in fieldsets
        ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Validate names that staff enter too, because names go into email."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name == "name":
            field.validators.append(validate_name)
        return field

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        shown = list(super().get_list_display(request))
        return shown if request.user.is_superuser else [name for name in shown if name != "is_staff"]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        shown = list(super().get_list_filter(request))
        return shown if request.user.is_superuser else [name for name in shown if name != "is_staff"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and not is_protected(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Django calls this for each account selected in the list too."""
        return super().has_delete_permission(request, obj) and not is_protected(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's own name
        """Let only superusers set a password, because that allows signing in as the person."""
        if not request.user.is_superuser:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        """Save. `change_email` changes the address, because sessions, allauth's rows and both addresses are concerned."""
        if not change:
            super().save_model(request, obj, form, change)
            EmailAddress.objects.create(user=obj, email=obj.email, primary=True, verified=False)
            return
        new_email, obj.email = obj.email, User.objects.values_list("email", flat=True).get(pk=obj.pk)
        super().save_model(request, obj, form, change)
        change_email(obj, new_email, now=timezone.now())


class OwnedByPersonAdmin(admin.ModelAdmin):
    """Rows that belong to a person. Only superusers may change or delete those that belong to staff."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not is_protected(request, getattr(obj, "user", None))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not is_protected(request, getattr(obj, "user", None))

    has_add_permission = forbidden  # people create these themselves, by adding an app or a passkey, or by signing in


class SecondFactorAdmin(OwnedByPersonAdmin, AuthenticatorAdmin):
    """Second factors. Staff delete them for someone who lost theirs (docs/operations.md). The keys are not shown."""

    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")


class WebSessionAdmin(OwnedByPersonAdmin, UserSessionAdmin):
    search_fields = ["user__email", "user__name", "ip"]
    fields = readonly_fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")


class SuperusersGroupAdmin(GroupAdmin):
    """A group gives permissions, so only superusers may see or change one."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def _is_superuser(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_superuser)

    has_view_permission = has_change_permission = has_delete_permission = _is_superuser
    has_add_permission = _is_superuser


# An address can be changed only on the person's page (above). Editing allauth's row alone would let a second address sign in.
admin.site.unregister([EmailAddress, Authenticator, UserSession, Group])
admin.site.register(Authenticator, SecondFactorAdmin)
admin.site.register(UserSession, WebSessionAdmin)
admin.site.register(Group, SuperusersGroupAdmin)
