"""Form fields that several rooms share."""

from typing import Any

from django import forms
from django.db import models


def choices_field(db_field: models.Field, choices: list[tuple[str, Any]]) -> forms.MultipleChoiceField:
    """A list of ticks for an ArrayField of choices, instead of a comma-separated line."""
    return forms.MultipleChoiceField(
        choices=choices,
        required=not db_field.blank,
        label=db_field.verbose_name,
        help_text=db_field.help_text,
        widget=forms.CheckboxSelectMultiple,
    )
