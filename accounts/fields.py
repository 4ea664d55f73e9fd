"""Model and form fields that several apps share."""

from typing import Any

from django import forms
from django.db import models

# An address typed without its scheme is taken as https, as Django 6 will.
HTTPS_ASSUMED: Any = {models.URLField: {"assume_scheme": "https"}}


def normalize_email(email: str) -> str:
    """The one form in which an email address is kept and compared: without spaces around it, in lower case."""
    return email.strip().lower()


class NormalizedEmailField(models.EmailField):
    """An email address that is normalized wherever it is typed, saved or looked up, so that capitals never make a second one."""

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


def choices_field(db_field: models.Field, choices: list[tuple[str, Any]]) -> forms.MultipleChoiceField:
    """A list of ticks for an ArrayField of choices, instead of a comma-separated line."""
    return forms.MultipleChoiceField(
        choices=choices,
        required=not db_field.blank,
        label=db_field.verbose_name,
        help_text=db_field.help_text,
        widget=forms.CheckboxSelectMultiple,
    )
