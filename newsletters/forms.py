from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.bots import BotCheckForm
from accounts.fields import AddressField


class OpeningNoticeForm(BotCheckForm):
    """Where to write when registration for a series opens."""

    submit_label = _("Tell me when it opens")

    email = AddressField(
        label=_("Your email address"),
        help_text=_("We’ll send you one email, and nothing else."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter your email address, so we can write to you."),
            "invalid": _("Enter your email address with an @, as in name@example.ca."),
        },
    )
