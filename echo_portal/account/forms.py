"""allauth's forms in the portal's words, the profile, and another email address."""

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

WRONG_ADDRESS = _("Enter your email address with an @, as in name@example.ca.")
PROFILE_SALT, A_DAY = "account.profile", 86400
LONGEST_CHOICE = 40
ONE_TIME = {
    "class": "code",
    "autocomplete": "one-time-code",
    "inputmode": "numeric",
    "maxlength": 12,
    "autofocus": True,
}


def _address(field: forms.Field) -> None:
    field.label = _("Your email address")
    field.widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
    field.error_messages["required"] = _("Enter the email address you registered with.")
    field.error_messages["invalid"] = WRONG_ADDRESS
    field.validators = [validate_address, ProhibitNullCharactersValidator()]


def _password(field: forms.Field, label: Any, complete: str) -> None:
    field.label = label
    field.widget = forms.PasswordInput(attrs={"autocomplete": complete})
    field.error_messages["required"] = _("Enter the password.")


class SignInForm(PortalForm, RequestLoginCodeForm):
    submit_label = _("Send me a code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _address(self.fields["email"])

    def clean_email(self) -> str:
        """Apply the email limits, which are the same for addresses without an account."""
        email = super().clean_email()
        if not may_send_email(context.request, email):
            raise forms.ValidationError(EMAIL_REFUSED)
        if self._user:
            restart_unproven_account(self._user, now=timezone.now())
        return email


class PasswordSignInForm(PortalForm, LoginForm):
    submit_label = _("Sign in")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _address(self.fields["login"])
        _password(self.fields["password"], _("Password"), "current-password")
        self.fields["password"].help_text = ""


class CodeForm(PortalForm, ConfirmLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = _("6-digit code")
        field.widget = forms.TextInput(attrs=ONE_TIME)
        field.error_messages["required"] = _("Enter the 6 digits from our email.")


class NewPasswordForm(PortalForm, SetPasswordForm):
    submit_label = _("Set the password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _new_password(self)


class OtherPasswordForm(PortalForm, ChangePasswordForm):
    submit_label = _("Change the password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _password(self.fields["oldpassword"], _("Your current password"), "current-password")
        _new_password(self)


def _new_password(form: forms.Form) -> None:
    _password(form.fields["password1"], _("New password"), "new-password")
    form.fields["password1"].help_text = _("At least 8 characters. Don’t use a common password.")
    _password(form.fields["password2"], _("New password again"), "new-password")


class ConfirmPasswordForm(PortalForm, ReauthenticateForm):
    submit_label = _("Continue")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _password(self.fields["password"], _("Password"), "current-password")


def _factor_code(form: forms.Form, help_text: Any) -> None:
    field = form.fields["code"]
    field.label = _("Code")
    field.widget = forms.TextInput(attrs=ONE_TIME)
    field.help_text = help_text
    field.error_messages["required"] = _("Enter the code.")


class FactorForm(PortalForm, AuthenticateForm):
    submit_label = _("Sign in")
    form_action = "mfa_authenticate"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _factor_code(self, _("From your authenticator app, or one of your recovery codes."))


class ConfirmFactorForm(PortalForm, ReauthenticateByCodeForm):
    submit_label = _("Continue")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _factor_code(self, _("From your authenticator app, or one of your recovery codes."))


class AppForm(PortalForm, ActivateTOTPForm):
    submit_label = _("Set it up")
    form_action = "mfa_activate_totp"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _factor_code(self, _("The 6 digits your app shows now."))


class PasskeyForm(PortalForm, AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _key_name(self)
        self.fields["passwordless"].label = _("Sign in with this passkey only, without an emailed code")
        self.fields["passwordless"].help_text = ""
        self.fields["passwordless"].initial = True


class PasskeyNameForm(PortalForm, EditWebAuthnForm):
    submit_label = _("Save")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _key_name(self)


def _key_name(form: forms.Form) -> None:
    form.fields["name"].label = _("Name")
    form.fields["name"].help_text = _("A name you’ll recognize, such as “my phone”.")


class NewAddressForm(PortalForm):
    """The account's new email address."""

    email = forms.EmailField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        field = self.fields["email"]
        _address(field)
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
        widget=forms.TextInput(attrs=ONE_TIME),
        error_messages={"required": _("Enter the 6 digits from our email.")},
    )


class CloseAccountForm(PortalForm):
    sure = forms.BooleanField(
        label=_("I want to close my account"), error_messages={"required": _("Select the box to confirm.")}
    )


class ProfileForm(DetailsForm):
    """The profile. A signed note says whose it is, so that what was typed returns only to that person if their session
    expires meanwhile."""

    whose = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["whose"] = signing.dumps(user.pk, salt=PROFILE_SALT)

    @staticmethod
    def owner_of(typed: QueryDict) -> User | None:
        """Return the person whose page the form was on, or None unless the portal signed it."""
        try:
            return User.objects.filter(
                pk=signing.loads(typed.get("whose", ""), salt=PROFILE_SALT, max_age=A_DAY)
            ).first()
        except signing.BadSignature:
            return None

    @classmethod
    def cut(cls, typed: QueryDict) -> dict[str, str]:
        """Return the fields that the form knows, cut to their maximum length."""
        return {
            name: str(typed[name])[: getattr(field, "max_length", None) or LONGEST_CHOICE]
            for name, field in cls.base_fields.items()
            if name in typed and name != "whose"
        }
