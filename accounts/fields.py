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
    """The one form in which an email address is kept and compared: without spaces around it, in lower case."""
    return email.strip().lower()


NOT_ASCII = _("We can’t send email to an address with an accent or a special letter before the @. Use another address.")
LONGEST_ADDRESS = 254  # the most that an envelope takes (RFC 5321 §4.5.3.1.3)


def validate_address(address: str) -> None:
    """Raises ValidationError, with one sentence, for what is no email address, is too long, or has an accent or another special
    letter before the @, which many mail servers do not take. A domain with accents is fine: it is sent in its ASCII form.
    """
    if len(address) > LONGEST_ADDRESS:
        raise ValidationError(_("This email address is too long. Check it, or use another one."), code="too_long")
    local, at, _domain = address.rpartition("@")
    if at and not local.isascii():
        raise ValidationError(NOT_ASCII, code="not_ascii")
    validate_email(address)


class NormalizedEmailField(models.EmailField):
    """An email address that is normalized wherever it is typed, saved or looked up, so that capitals never make a second one."""

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
    """An email address that the portal can write to, as accounts keep it (normalize_email)."""

    default_validators = [validate_address]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", None)  # validate_address says it in a clearer sentence
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return normalize_email(super().to_python(value) or "")


def is_key(text: str) -> bool:
    """Whether `text` can be the key of a row: Postgres and Django refuse to look for anything else."""
    return re.fullmatch(r"[0-9]{1,18}", text) is not None


def choices_field(db_field: models.Field, choices: list[tuple[str, Any]]) -> forms.MultipleChoiceField:
    """A list of ticks for an ArrayField of choices, instead of a comma-separated line."""
    return forms.MultipleChoiceField(
        choices=choices,
        required=not db_field.blank,
        label=db_field.verbose_name,
        help_text=db_field.help_text,
        widget=forms.CheckboxSelectMultiple,
    )
