"""The form for a provider's details, used when they register and on their profile."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.choices import PracticeSetting, Profession
from accounts.fields import ProvinceField
from accounts.form_helper import PortalForm
from accounts.languages import current_language
from accounts.models import ProviderProfile, User
from accounts.services import Details
from accounts.zones import ZONE_CHOICES

# Names appear in emails, and email apps turn anything that looks like an address into a link, so names must not contain one.
# A dot between two words counts as an address ("bit.ly", "exemple.québec"), including the other dots of IDNA (RFC 3490 §3.1).
# A dot after an initial, or before a space or a single letter, does not ("J. Smith", "M.-C. Roy", "A.B. Lee").
DOTS = ".\u2024\u3002\uff0e\uff61"
validate_name = RegexValidator(
    re.compile(
        rf"[/@<>\\]|www\.|[\x00-\x1f\x7f\u2028\u2029]|[^\s{DOTS}][{DOTS}](?:[^\W\d_][^\s.'’,)-]|\d)", re.IGNORECASE
    ),
    inverse_match=True,
    message=_("Enter the name without @, / or a web address, and with a space after each period, as in “J. Smith”."),
)
CHOOSE = [("", _("Choose…"))]


class DetailsForm(PortalForm):
    """A provider's details. The help text of each field says why we ask for it."""

    name = forms.CharField(
        label=_("Your name"),
        help_text=_("The name you want on your certificate."),
        max_length=150,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name, so the team knows who is coming.")},
    )
    profession = forms.ChoiceField(
        label=_("Your profession"),
        help_text=_("This helps the team choose cases that fit."),
        choices=[*CHOOSE, *Profession.choices],
        error_messages={"required": _("Choose your profession. If it isn’t listed, choose “Other”.")},
    )
    province = ProvinceField(
        label=_("Your province or territory"),
        help_text=_("This helps us see which parts of Canada we reach."),
        empty_label=_("Choose…"),
        error_messages={"required": _("Choose your province or territory.")},
    )
    practice_setting = forms.ChoiceField(
        label=_("Where you work"),
        help_text=_("Cases differ between settings, and our funder asks how many of each we reach."),
        choices=[*CHOOSE, *PracticeSetting.choices],
        required=False,
    )
    organization = forms.CharField(
        label=_("Your organization"),
        help_text=_("This helps the team see who works together."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    language = forms.ChoiceField(
        label=_("Language of our emails"),
        help_text=_("We’ll send confirmations and reminders in this language."),
        choices=settings.LANGUAGES,
        required=False,
    )
    time_zone = forms.ChoiceField(
        label=_("Your time zone"),
        help_text=_("We show session times in this time zone."),
        choices=[("", _("The time zone of my province or territory")), *ZONE_CHOICES],
        required=False,
    )
    accessibility_needs = forms.CharField(
        label=_("What you need to take part"),
        help_text=_("For example captions, an interpreter or slides in advance. Only the team and staff see this."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    MORE = ("practice_setting", "organization", "language", "time_zone", "accessibility_needs")

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or current_language()

    def details(self) -> Details:
        return Details(**{name: self.cleaned_data[name] for name in Details.__dataclass_fields__})


def known_details(user: User, profile: ProviderProfile | None) -> dict[str, Any]:
    """Return the details that we already have, as initial values for the form."""
    known = {"name": user.name, "language": user.language, "time_zone": user.time_zone}
    if profile:
        names = ("profession", "province", "practice_setting", "organization", "accessibility_needs")
        known |= {name: getattr(profile, name) for name in names}
    return known
