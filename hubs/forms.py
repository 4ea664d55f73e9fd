"""The forms of the public hub pages: becoming a hub partner, and accepting an invitation to a team."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.bots import BotCheckForm
from accounts.fields import AddressField, ProvincesField
from accounts.form_helper import PortalForm
from accounts.forms import CHOOSE, validate_name
from accounts.languages import current_language
from accounts.models import ProviderProfile, User
from hubs.models import HeardFrom, OrganizationType
from hubs.services.interest import InterestDetails


class PartnerInterestForm(BotCheckForm):
    """What an organization tells us when it would like to become a hub."""

    submit_label = _("Send the form")

    organization = forms.CharField(
        label=_("Your organization"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("Enter the name of your organization.")},
    )
    organization_type = forms.ChoiceField(
        label=_("Type of organization"),
        choices=[*CHOOSE, *OrganizationType.choices],
        error_messages={"required": _("Choose the type of organization.")},
    )
    contact_name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name, so we know who to contact.")},
    )
    contact_role = forms.CharField(
        label=_("Your role in the organization"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    email = AddressField(
        label=_("Your email address"),
        help_text=_("We’ll send a confirmation to this address, and reply to it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter your email address, so we can reply."),
            "invalid": _("Enter your email address with an @, as in name@example.ca."),
        },
    )
    phone = forms.CharField(
        label=_("Your phone number"),
        help_text=_("If you’d rather talk. Add your extension if you have one."),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    provinces = ProvincesField(
        label=_("Provinces and territories you would serve"),
        error_messages={"required": _("Select at least one province or territory.")},
    )
    serves = forms.CharField(
        label=_("Who you serve"),
        help_text=_("For example the care providers, communities or settings you work with."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    idea = forms.CharField(
        label=_("What you have in mind"),
        help_text=_("One sentence is enough to start."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Tell us what you have in mind. One sentence is enough.")},
    )
    language = forms.ChoiceField(
        label=_("Language you’d like us to use"),
        choices=settings.LANGUAGES,
        error_messages={"required": _("Choose English or French.")},
    )
    heard_from = forms.ChoiceField(
        label=_("How you heard about us"), choices=[*CHOOSE, *HeardFrom.choices], required=False
    )

    def details(self) -> InterestDetails:
        return InterestDetails(**{name: self.cleaned_data[name] for name in InterestDetails.__dataclass_fields__})


def known_contact(request: HttpRequest) -> dict[str, Any]:
    """Return what we know about the person who opens the form, as initial values."""
    user = request.user
    if not isinstance(user, User):
        return {"language": current_language()}
    known = {"contact_name": user.name, "email": user.email, "language": user.language}
    profile = ProviderProfile.objects.filter(user=user).first()
    return known | ({"organization": profile.organization, "provinces": [profile.province]} if profile else {})


class JoinTeamForm(PortalForm):
    """Accepting an invitation. Someone whose account has no name yet enters it."""

    submit_label = _("Join the team")

    name = forms.CharField(
        label=_("Your name"),
        help_text=_("Your team will see it."),
        max_length=150,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name, so your team knows who you are.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user.name:
            del self.fields["name"]
