"""The form for the reader's time zone."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_helper import PortalForm
from accounts.zones import ZONE_CHOICES


class ZoneForm(PortalForm):
    submit_label = _("Save time zone")

    zone = forms.ChoiceField(
        label=_("Your time zone"),
        choices=ZONE_CHOICES,
        help_text=_("We show each time in the time zone of the series and, if yours is different, in yours too."),
    )
