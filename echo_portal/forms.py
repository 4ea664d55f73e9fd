"""How forms look: label, hint, error, field; what is wrong is said at the top and again where it is (STYLE.md)."""

from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from accounts.zones import ZONE_CHOICES


class PortalRenderer(TemplatesSetting):
    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


class ZoneForm(forms.Form):
    zone = forms.ChoiceField(
        label=_("Your time zone"),
        choices=ZONE_CHOICES,
        help_text=_("We show each time in the series’ own time zone and, where it differs, in yours."),
    )
