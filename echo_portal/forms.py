"""The form for the reader's time zone."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_helper import PortalForm
from accounts.zones import ZONE_CHOICES


class ZoneForm(PortalForm):
    submit_label = _("Show times in this zone too")

    zone = forms.ChoiceField(
        label=_("Your time zone"),
        choices=ZONE_CHOICES,
        help_text=_("We show each time in the series’ own time zone and, where it differs, in yours."),
    )
