"""Rows of a form that repeat: the sessions and the questions of a series."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import BaseFormSet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.fields import is_key
from accounts.form_helper import PortalForm

Typed = dict[str, Any]


def typed(form: forms.Form) -> Typed:
    """Return what the fields of a form show, as it was typed, so that the form can be shown again without checking it."""
    return {field.name: field.value() for field in form}


class RowForm(PortalForm):
    """One row. A row in which nothing was entered is left out. `pk` is set if the row is already saved."""

    use_for_blank: tuple[str, ...] = ()  # a row is blank if these fields are empty
    pk = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, own: Mapping[int, Any], **kwargs: Any) -> None:
        """`own` are the rows that the series already has, by their keys. Every other key is refused."""
        super().__init__(*args, **kwargs)
        self.own = own
        self.empty_permitted = True

    def has_changed(self) -> bool:
        return not self.is_blank

    @property
    def is_blank(self) -> bool:
        return not any(self[name].value() for name in ("pk", *self.use_for_blank))

    @property
    def saved(self) -> Any:
        """The row as it was when the editor opened the page, or None for a new one."""
        return self.own.get(int(pk)) if is_key(pk := str(self["pk"].value() or "")) else None

    def clean_pk(self) -> int | None:
        pk = self.cleaned_data["pk"]
        if pk is not None and pk not in self.own:
            raise forms.ValidationError(_("This part of the form belongs to another series. Reload the page."))
        return pk


class Rows(BaseFormSet):
    """All rows of one kind."""

    row_name: str | Promise = ""  # such as "Session %(n)s", for the error summary

    def clean(self) -> None:
        """Raises ValidationError if a saved row was sent twice."""
        keys = [form.cleaned_data["pk"] for form in self.filled if form.cleaned_data.get("pk")]
        if len(keys) != len(set(keys)):
            raise forms.ValidationError(_("This part of the form was sent twice. Reload the page."))

    @property
    def filled(self) -> list[Any]:
        return [form for form in self.forms if not form.is_blank]

    @property
    def typed(self) -> list[Typed]:
        return [typed(form) for form in self.forms]

    @property
    def named_errors(self) -> list[tuple[str, str]]:
        """Return (id of the field, error) with the name of the row, such as "Session 2: Enter the date."."""
        found = []
        for number, form in enumerate(self.forms, start=1):
            name = str(self.row_name) % {"n": number}
            found += [(self._target(form, field), f"{name}: {error}") for field, error in _errors(form)]
        return found + [("", str(error)) for error in self.non_form_errors()]

    @staticmethod
    def _target(form: forms.Form, field: str) -> str:
        return form[field].id_for_label if field and not form[field].is_hidden else ""


def _errors(form: forms.Form) -> list[tuple[str, str]]:
    return [
        ("" if name == NON_FIELD_ERRORS else name, str(error))
        for name, errors in form.errors.items()
        for error in errors
    ]
