"""The one form of registering: asked once, prefilled ever after."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.choices import Profession, Province
from accounts.models import normalize_email
from accounts.services import Details


class RegisterForm(forms.Form):
    use_required_attribute = False

    name = forms.CharField(
        label=_("Your name"),
        help_text=_("As it should stand on a certificate."),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Tell us your name, so that the team knows who is coming.")},
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("The confirmation, the reminders and the link to join go here."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("We need your e-mail address: the link to join goes there."),
            "invalid": _("Write your e-mail address with an @, as in name@example.ca."),
        },
    )
    profession = forms.ChoiceField(
        label=_("Your profession"),
        help_text=_("The team prepares its cases for those who come."),
        choices=[("", _("Choose …")), *Profession.choices],
        error_messages={"required": _("Choose your profession; “Other” is fine too.")},
    )
    province = forms.ChoiceField(
        label=_("Your province or territory"),
        help_text=_("So that we can show where in Canada people take part from."),
        choices=[("", _("Choose …")), *Province.choices],
        error_messages={"required": _("Choose your province or territory.")},
    )

    def __init__(self, *args: Any, is_signed_in: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_signed_in:
            del self.fields["email"]

    def clean_email(self) -> str:
        return normalize_email(self.cleaned_data["email"])

    def details(self, *, language: str, time_zone: str | None) -> Details:
        data = self.cleaned_data
        return Details(data["name"], data["profession"], data["province"], language, time_zone)
