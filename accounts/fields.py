"""Model and form fields that several apps share."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.choices import Province, province_choices

# URLs entered without a scheme are taken as https, which is the default from Django 6.0 on.
HTTPS_ASSUMED: Any = {models.URLField: {"assume_scheme": "https"}}


def normalize_email(email: str) -> str:
    """Return the address as it is stored and compared: in lower case, without surrounding spaces."""
    return email.strip().lower()


NOT_ASCII = _("We can’t send email to an address with an accent or a special letter before the @. Use another address.")
MAX_ADDRESS_LENGTH = 254  # in an SMTP envelope (RFC 5321 §4.5.3.1.3)


def validate_address(address: str) -> None:
    """Raise ValidationError if the address is invalid, too long, or has a non-ASCII letter before the @, which many mail
    servers do not accept. A domain may have accents."""
    if len(address) > MAX_ADDRESS_LENGTH:
        raise ValidationError(_("This email address is too long. Check it, or use another one."), code="too_long")
    local, at, _domain = address.rpartition("@")
    if at and not local.isascii():
        raise ValidationError(NOT_ASCII, code="not_ascii")
    validate_email(address)


class NormalizedEmailField(models.EmailField):
    """An email address, normalized wherever it is used, so that capitals never create a second account."""

    default_validators = [validate_address]

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalize_email(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return normalize_email(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.get_prep_value(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


class AddressField(forms.EmailField):
    """Form field for an email address that the portal can send to. The value is normalized."""

    default_validators = [validate_address]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", None)  # validate_address has a clearer message
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return normalize_email(super().to_python(value) or "")


class ProvinceField(forms.ChoiceField):
    """Form field for a province or territory. The list is in the order of the names in the reader's language."""

    def __init__(self, *, empty_label: Any, **kwargs: Any) -> None:
        super().__init__(choices=lambda: [("", empty_label), *province_choices()], **kwargs)


class ProvincesField(forms.MultipleChoiceField):
    """Form field for several provinces and territories. Cleans to the same order of codes in both languages, so that saving
    in the other language changes nothing."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=province_choices, **kwargs)

    def clean(self, value: Any) -> list[str]:
        chosen = super().clean(value)
        return [code for code in Province.values if code in chosen]


def is_key(text: str) -> bool:
    """Whether `text` can be a primary key. Postgres and Django raise an error for anything else."""
    return re.fullmatch(r"[0-9]{1,18}", text) is not None


def forbidden(self: Any, request: Any, obj: Any = None) -> bool:
    """For `has_add_permission` and the like of an admin class that allows this to nobody."""
    return False


def choices_field(
    db_field: models.Field, field: type[forms.MultipleChoiceField] = forms.MultipleChoiceField, **options: Any
) -> forms.MultipleChoiceField:
    """Return a form field that shows an ArrayField of choices as checkboxes. `options` are passed on to it."""
    return field(
        required=not db_field.blank,
        label=capfirst(db_field.verbose_name),
        help_text=db_field.help_text,
        widget=forms.CheckboxSelectMultiple,
        **options,
    )
