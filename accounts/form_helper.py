"""The base classes for the portal's forms, rendered by django-crispy-forms with our template pack in `templates/echo/`."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout, Submit
from django import forms
from django.core.cache import cache
from django.utils.crypto import get_random_string
from django.utils.functional import Promise, cached_property

# Within this time, a form that is sent a second time is recognized.
ONCE_FOR = timedelta(days=1)


class PortalForm(forms.Form):
    """A form with a crispy helper.

    If the form has a `submit_label`, `{% crispy form %}` renders the error summary, the form element, the fields and the
    button. Otherwise it renders only the fields, and the template adds the rest.
    """

    use_required_attribute = False
    submit_label: str | Promise = ""
    form_action = ""  # the URL name that the form posts to; empty for the current page

    @cached_property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.layout = self.layout()
        helper.form_class, helper.form_action, helper.attrs = "form", self.form_action, {"novalidate": True}
        helper.form_tag = helper.form_show_errors = bool(self.submit_label)
        if self.submit_label:
            helper.add_input(Submit("", self.submit_label))
        return helper

    def layout(self) -> Layout:
        """Return all fields in order."""
        return Layout(*self.fields)


class OnceForm(PortalForm):
    """A form whose view saves what was sent inside `once()`, so that a form sent twice is saved once."""

    token = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["token"] = get_random_string(22)

    @contextmanager
    def once(self) -> Iterator[bool]:
        """Yield whether this is the first time that this form arrives. If the block raises, it can be sent again."""
        if not self.cleaned_data["token"]:
            yield True
            return
        key = f"form-sent:{hashlib.sha256(self.sent().encode()).hexdigest()[:32]}"
        is_first = bool(cache.add(key, 1, timeout=int(ONCE_FOR.total_seconds())))
        try:
            yield is_first
        except BaseException:
            if is_first:
                cache.delete(key)
            raise

    def sent(self) -> str:
        """Return what is the same if the form is sent twice. With a correction, it is sent for the first time."""
        return repr(sorted(self.cleaned_data.items()))


class Disclosure(Fieldset):
    """Fields in a `<details>` element, with the legend as its summary. It is open if one of the fields has an error."""

    template = "%s/layout/disclosure.html"

    def render(self, form: forms.Form, *args: Any, **kwargs: Any) -> str:
        self.is_open = any(name in form.errors for name in self.fields)
        return super().render(form, *args, **kwargs)
