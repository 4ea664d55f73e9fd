"""The forms for a hub's team."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.fields import AddressField
from accounts.form_helper import PortalForm
from hubs.models import Role

# What each role may do is said in the choice, so nobody has to know the words.
ROLE_CHOICES = [
    (Role.COORDINATOR, _("Coordinator: can do everything, and manages the team")),
    (Role.EDITOR, _("Editor: works on series and sessions, and on the people who register")),
    (Role.VIEWER, _("Viewer: can see everything, but can’t change it")),
]


def role_field(label: object) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,  # type: ignore[arg-type]  # a lazy translation
        choices=ROLE_CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a role.")},
    )


class InviteForm(PortalForm):
    submit_label = _("Send the invitation")

    email = AddressField(
        label=_("Email address"),
        help_text=_("The person doesn’t need an account yet. The invitation works only for this address."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter the email address of the person to invite."),
            "invalid": _("Enter the address with an @, as in name@example.ca."),
        },
    )
    role = role_field(_("Role"))
    language = forms.ChoiceField(
        label=_("Language of the email"),
        choices=settings.LANGUAGES,
        error_messages={"required": _("Choose English or French.")},
    )


class RoleForm(PortalForm):
    role = role_field(_("New role"))
