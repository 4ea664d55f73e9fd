"""allauth's forms in the portal's words."""

from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    ConfirmLoginCodeForm,
    LoginForm,
    ReauthenticateForm,
    RequestLoginCodeForm,
    SetPasswordForm,
)
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from accounts.fields import ADDRESS_VALIDATORS

WRONG_ADDRESS = _("Write your e-mail address with an @, as in name@example.ca.")
ONE_TIME = {
    "class": "code",
    "autocomplete": "one-time-code",
    "inputmode": "numeric",
    "maxlength": 12,
    "autofocus": True,
}


def _address(field: forms.Field) -> None:
    field.label = _("Your e-mail address")
    field.widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
    field.error_messages["required"] = _("Type the address that you registered with.")
    field.validators = [EmailValidator(message=WRONG_ADDRESS), *ADDRESS_VALIDATORS]


def _password(field: forms.Field, label: Any, complete: str) -> None:
    field.label = label
    field.widget = forms.PasswordInput(attrs={"autocomplete": complete})
    field.error_messages["required"] = _("Type the password.")


class SignInForm(RequestLoginCodeForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _address(self.fields["email"])


class PasswordSignInForm(LoginForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _address(self.fields["login"])
        _password(self.fields["password"], _("Password"), "current-password")
        self.fields["password"].help_text = ""


class CodeForm(ConfirmLoginCodeForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = _("Six-digit code")
        field.widget = forms.TextInput(attrs=ONE_TIME)
        field.error_messages["required"] = _("Type the six digits from the mail.")


class NewPasswordForm(SetPasswordForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _new_password(self)


class OtherPasswordForm(ChangePasswordForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _password(self.fields["oldpassword"], _("The password you have"), "current-password")
        _new_password(self)


def _new_password(form: forms.Form) -> None:
    _password(form.fields["password1"], _("New password"), "new-password")
    form.fields["password1"].help_text = _("At least eight characters, and none of the usual ones.")
    _password(form.fields["password2"], _("The same once more"), "new-password")


class ConfirmPasswordForm(ReauthenticateForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _password(self.fields["password"], _("Password"), "current-password")


def _factor_code(form: forms.Form, help_text: Any) -> None:
    field = form.fields["code"]
    field.label = _("Code")
    field.widget = forms.TextInput(attrs=ONE_TIME)
    field.help_text = help_text
    field.error_messages["required"] = _("Type the code.")


class FactorForm(AuthenticateForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _factor_code(self, _("From your authenticator app, or one of your recovery codes."))


class ConfirmFactorForm(ReauthenticateByCodeForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _factor_code(self, _("From your authenticator app, or one of your recovery codes."))


class AppForm(ActivateTOTPForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _factor_code(self, _("The six digits that the app shows now."))


class PasskeyForm(AddWebAuthnForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _key_name(self)
        self.fields["passwordless"].label = _("Sign in with it alone, without a code by mail")
        self.fields["passwordless"].help_text = ""
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].widget.attrs["class"] = "form-check-input"


class PasskeyNameForm(EditWebAuthnForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _key_name(self)


def _key_name(form: forms.Form) -> None:
    form.fields["name"].label = _("Its name")
    form.fields["name"].help_text = _("So that you know it again: “my phone”, “the key on my ring”.")
