"""allauth's forms with our labels and messages, and the forms for the profile and a new email address."""

from collections.abc import Callable
from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    ConfirmLoginCodeForm,
    LoginForm,
    ReauthenticateForm,
    RequestLoginCodeForm,
    SetPasswordForm,
)
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.core import signing
from django.core.validators import ProhibitNullCharactersValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import normalize_email, validate_address
from accounts.form_helper import PortalForm
from accounts.forms import DetailsForm
from accounts.limits import EMAIL_REFUSED, may_send_email
from accounts.models import User
from accounts.services import restart_unproven_account

Wording = Callable[[forms.Field], None]
CODE_MISSING = _("Enter the 6 digits from our email.")
INVALID_ADDRESS = _("Enter your email address with an @, as in name@example.ca.")
PROFILE_SALT, A_DAY = "account.profile", 86400
MAX_CHOICE_LENGTH = 40
CODE_BOX = {
    "class": "code",
    "autocomplete": "one-time-code",
    "inputmode": "numeric",
    "maxlength": 12,
    "autofocus": True,
}


def _set_email_field(field: forms.Field) -> None:
    field.label = _("Your email address")
    field.widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
    field.error_messages["required"] = _("Enter the email address you registered with.")
    field.error_messages["invalid"] = INVALID_ADDRESS
    field.validators = [validate_address, ProhibitNullCharactersValidator()]


def _password(label: Any, complete: str, help_text: Any = "") -> Wording:
    def word(field: forms.Field) -> None:
        field.label, field.help_text = label, help_text
        field.widget = forms.PasswordInput(attrs={"autocomplete": complete})
        field.error_messages["required"] = _("Enter the password.")

    return word


def _code(label: Any, required: Any, help_text: Any = "") -> Wording:
    def word(field: forms.Field) -> None:
        field.label, field.help_text = label, help_text
        field.widget = forms.TextInput(attrs=CODE_BOX)
        field.error_messages["required"] = required

    return word


def _key_name(field: forms.Field) -> None:
    field.label = _("Name")
    field.help_text = _("A name you’ll recognize, such as “my phone”.")


def _passwordless(field: forms.Field) -> None:
    field.label = _("Sign in with this passkey only, without an emailed code")
    field.help_text, field.initial = "", True


PASSWORD = _password(_("Password"), "current-password")
NEW_PASSWORD = {
    "password1": _password(_("New password"), "new-password", _("At least 8 characters. Don’t use a common password.")),
    "password2": _password(_("New password again"), "new-password"),
}
FACTOR_CODE = _code(_("Code"), _("Enter the code."), _("From your authenticator app, or one of your recovery codes."))


class AllauthForm(PortalForm):
    """A form of allauth's in the portal's words. `wording` says, by the field's name, what is set on the field."""

    wording: dict[str, Wording] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, word in self.wording.items():
            word(self.fields[name])


class SignInForm(AllauthForm, RequestLoginCodeForm):
    submit_label = _("Send me a code")
    wording = {"email": _set_email_field}

    def clean_email(self) -> str:
        """Apply the rate limits for email, which are the same for addresses without an account."""
        email = super().clean_email()
        if not may_send_email(context.request, email):
            raise forms.ValidationError(EMAIL_REFUSED)
        if self._user:
            restart_unproven_account(self._user, now=timezone.now())
        return email


class PasswordSignInForm(AllauthForm, LoginForm):
    submit_label = _("Sign in")
    wording = {"login": _set_email_field, "password": PASSWORD}


class CodeForm(AllauthForm, ConfirmLoginCodeForm):
    wording = {"code": _code(_("6-digit code"), CODE_MISSING)}


class NewPasswordForm(AllauthForm, SetPasswordForm):
    submit_label = _("Set the password")
    wording = NEW_PASSWORD


class OtherPasswordForm(AllauthForm, ChangePasswordForm):
    submit_label = _("Change the password")
    wording = {"oldpassword": _password(_("Your current password"), "current-password")} | NEW_PASSWORD


class ConfirmPasswordForm(AllauthForm, ReauthenticateForm):
    submit_label = _("Continue")
    wording = {"password": PASSWORD}


class FactorForm(AllauthForm, AuthenticateForm):
    submit_label = _("Sign in")
    form_action = "mfa_authenticate"
    wording = {"code": FACTOR_CODE}


class ConfirmFactorForm(AllauthForm, ReauthenticateByCodeForm):
    submit_label = _("Continue")
    wording = {"code": FACTOR_CODE}


class AppForm(AllauthForm, ActivateTOTPForm):
    submit_label = _("Set it up")
    form_action = "mfa_activate_totp"
    wording = {"code": _code(_("Code"), _("Enter the code."), _("The 6 digits your app shows now."))}


class PasskeyForm(AllauthForm, AddWebAuthnForm):
    wording = {"name": _key_name, "passwordless": _passwordless}


class PasskeyNameForm(AllauthForm, EditWebAuthnForm):
    submit_label = _("Save")
    wording = {"name": _key_name}


class NewAddressForm(PortalForm):
    """The account's new email address."""

    email = forms.EmailField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        field = self.fields["email"]
        _set_email_field(field)
        field.label = _("New email address")
        field.help_text = _("We’ll send a 6-digit code to this address.")
        field.error_messages["required"] = _("Enter your new email address.")

    def clean_email(self) -> str:
        email = normalize_email(self.cleaned_data["email"])
        if email == self.user.email:
            raise forms.ValidationError(_("This is already the email address of your account."))
        return email


class NewAddressCodeForm(PortalForm):
    """The code that was sent to the new address."""

    code = forms.CharField(
        label=_("6-digit code"),
        max_length=12,
        widget=forms.TextInput(attrs=CODE_BOX),
        error_messages={"required": CODE_MISSING},
    )


class CloseAccountForm(PortalForm):
    sure = forms.BooleanField(
        label=_("I want to close my account"), error_messages={"required": _("Select the box to confirm.")}
    )


class ProfileForm(DetailsForm):
    """The profile. A signed hidden field names its owner, to whom alone the input returns if the session expired."""

    whose = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["whose"] = signing.dumps(user.pk, salt=PROFILE_SALT)

    @staticmethod
    def owner_of(typed: QueryDict) -> User | None:
        """Return the person whom the signed field identifies, or None if its signature is not valid."""
        try:
            return User.objects.filter(
                pk=signing.loads(typed.get("whose", ""), salt=PROFILE_SALT, max_age=A_DAY)
            ).first()
        except signing.BadSignature:
            return None

    @classmethod
    def truncated(cls, typed: QueryDict) -> dict[str, str]:
        """Return the values of this form's fields, truncated to their maximum lengths."""
        return {
            name: str(typed[name])[: getattr(field, "max_length", None) or MAX_CHOICE_LENGTH]
            for name, field in cls.base_fields.items()
            if name in typed and name != "whose"
        }
