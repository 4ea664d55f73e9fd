"""The forms for a hub's public page and its logo."""

from typing import Any

from crispy_forms.layout import Div, Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.choices import Profession
from accounts.fields import AddressField, ProvincesField
from accounts.form_helper import PortalForm
from hubs.fields import LOGO_HINT, LogoField
from hubs.models import Hub
from hubs.services import pages

SUMMARY_HINT = _("Two or three sentences. They are shown in the list of hubs.")
DESCRIPTION_HINT = _("Who you are, whom you serve and how you work. Leave an empty line between paragraphs.")
ALT_REQUIRED = _("Describe the logo, for people who can’t see it.")


def _text(label: Any, hint: Any, language: str, *, rows: int, most: int) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=most,
        required=False,
        widget=forms.Textarea(attrs={"rows": rows, "lang": language}),
    )


def _line(label: Any, hint: Any, language: str, *, most: int, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, max_length=most, widget=forms.TextInput(attrs={"lang": language}), **options
    )


class HubPageForm(PortalForm):
    """What a hub says about itself, English and French side by side."""

    summary_en = _text(_("Summary (English)"), SUMMARY_HINT, "en", rows=4, most=500)
    summary_fr = _text(_("Summary (French)"), SUMMARY_HINT, "fr", rows=4, most=500)
    description_en = _text(_("About the hub (English)"), DESCRIPTION_HINT, "en", rows=9, most=5000)
    description_fr = _text(_("About the hub (French)"), DESCRIPTION_HINT, "fr", rows=9, most=5000)
    region_en = _line(_("Region (English)"), _("For example “Vancouver Island”."), "en", most=120, required=False)
    region_fr = _line(_("Region (French)"), _("For example “Île de Vancouver”."), "fr", most=120, required=False)
    provinces = ProvincesField(
        label=_("Provinces and territories"),
        help_text=_("Where the people you serve work. Your hub appears there on the map."),
        required=False,
    )
    audience = forms.MultipleChoiceField(
        label=_("Professions you serve"),
        help_text=_("If none is selected, the hub is for everyone."),
        choices=Profession.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    website = forms.URLField(label=_("Website"), max_length=200, required=False, assume_scheme="https")
    contact_email = AddressField(
        label=_("Team’s email"),
        help_text=_(
            "We send replies to the hub’s emails here, and tell this address who can’t come. It must be the address of "
            "someone in your team. Pallium Canada can set another one for you, such as a shared mailbox."
        ),
        required=False,
    )

    def __init__(self, data: Any = None, *, hub: Hub) -> None:
        self.hub = hub
        super().__init__(data, initial={name: getattr(hub, name) for name in pages.PUBLIC_FIELDS})

    def clean_contact_email(self) -> str:
        email: str = self.cleaned_data["contact_email"]
        if not pages.may_be_contact(self.hub, email):
            raise forms.ValidationError(
                _("Enter the address of someone in your team. If you need another one, write to Pallium Canada.")
            )
        return email

    def layout(self) -> Layout:
        pairs = [("summary_en", "summary_fr"), ("description_en", "description_fr"), ("region_en", "region_fr")]
        rows = [Div(*pair, css_class="row-of-two") for pair in pairs]
        return Layout(*rows, Div("provinces", "audience", css_class="row-of-two"), "website", "contact_email")


class LogoForm(PortalForm):
    """A new logo, or another description of the one that the hub has."""

    submit_label = _("Save logo")

    file = LogoField(
        label=_("Logo"), help_text=LOGO_HINT, error_messages={"required": _("Choose the file with your logo.")}
    )
    alt_en = _line(
        _("Description (English)"),
        _("What the logo shows and says, for people who can’t see it. For example “A lighthouse, Maritimes hub”."),
        "en",
        most=150,
        error_messages={"required": ALT_REQUIRED},
    )
    alt_fr = _line(
        _("Description (French)"),
        _("For example “Un phare, Pôle des Maritimes”."),
        "fr",
        most=150,
        error_messages={"required": ALT_REQUIRED},
    )

    def __init__(self, data: Any = None, files: Any = None, *, hub: Hub) -> None:
        """Without a new file, the hub keeps the logo it has."""
        logo = hub.logo_or_none
        super().__init__(data, files, initial={"alt_en": logo.alt_en, "alt_fr": logo.alt_fr} if logo else None)
        if logo:
            self.fields["file"].required = False
            self.fields["file"].label = _("New logo")
