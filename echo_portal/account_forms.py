"""allauth's two forms in the portal's words."""

from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from django import forms
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _


class SignInForm(RequestLoginCodeForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["email"]
        field.label = _("Your e-mail address")
        field.widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
        field.error_messages["required"] = _("Type the address that you registered with.")
        invalid = _("Write your e-mail address with an @, as in name@example.ca.")
        field.validators = [EmailValidator(message=invalid)]


class CodeForm(ConfirmLoginCodeForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = _("Six-digit code")
        field.widget = forms.TextInput(
            attrs={
                "class": "code",
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "maxlength": 12,
                "autofocus": True,
            }
        )
        field.error_messages["required"] = _("Type the six digits from the mail.")
