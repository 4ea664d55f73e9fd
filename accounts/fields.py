"""Form fields that several rooms share."""

from typing import Any

from django import forms
from django.db import models

# An address typed without its scheme is taken as https, as Django 6 will.
HTTPS_ASSUMED: Any = {models.URLField: {"assume_scheme": "https"}}


def choices_field(db_field: models.Field, choices: list[tuple[str, Any]]) -> forms.MultipleChoiceField:
    """A list of ticks for an ArrayField of choices, instead of a comma-separated line."""
    return forms.MultipleChoiceField(
        choices=choices,
        required=not db_field.blank,
        label=db_field.verbose_name,
        help_text=db_field.help_text,
        widget=forms.CheckboxSelectMultiple,
    )
