"""Model and form fields that several apps share."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext_lazy as _

# An address typed without its scheme is taken as https, as Django 6 will.
HTTPS_ASSUMED: Any = {models.URLField: {"assume_scheme": "https"}}


def normalize_email(email: str) -> str:
    """Return the form in which an address is stored and compared: lower case, without spaces around it."""
    return email.strip().lower()


NOT_ASCII = _("We can’t send email to an address with an accent or a special letter before the @. Use another address.")
LONGEST_ADDRESS = 254  # the most that an envelope takes (RFC 5321 §4.5.3.1.3)


def validate_address(address: str) -> None:
    """Raise ValidationError, with one sentence, if the address is invalid, too long, or has an accent or special letter
    before the @, which many mail servers do not accept. A domain with accents is fine."""
    if len(address) > LONGEST_ADDRESS:
        raise ValidationError(_("This email address is too long. Check it, or use another one."), code="too_long")
    local, at, _domain = address.rpartition("@")
    if at and not local.isascii():
        raise ValidationError(NOT_ASCII, code="not_ascii")
    validate_email(address)


class NormalizedEmailField(models.EmailField):
    """An email address that is normalized wherever it is typed, saved or looked up, so that capitals never create a
    second one."""

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
    """An email address that the portal can send to, normalized."""

    default_validators = [validate_address]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", None)  # validate_address says it in a clearer sentence
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return normalize_email(super().to_python(value) or "")


def is_key(text: str) -> bool:
    """Whether `text` can be the key of a row. Postgres and Django raise an error for anything else."""
    return re.fullmatch(r"[0-9]{1,18}", text) is not None


def choices_field(db_field: models.Field, choices: list[tuple[str, Any]]) -> forms.MultipleChoiceField:
    """Return a form field with checkboxes for an ArrayField of choices."""
    return forms.MultipleChoiceField(
        choices=choices,
        required=not db_field.blank,
        label=db_field.verbose_name,
        help_text=db_field.help_text,
        widget=forms.CheckboxSelectMultiple,
    )
