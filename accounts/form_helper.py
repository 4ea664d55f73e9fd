"""The base class for the portal's forms, rendered by django-crispy-forms with our template pack in `templates/echo/`."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout, Submit
from django import forms
from django.utils.functional import Promise, cached_property


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


class Disclosure(Fieldset):
    """Fields in a `<details>` element, with the legend as its summary. It is open if one of the fields has an error."""

    template = "%s/layout/disclosure.html"

    def render(self, form: forms.Form, *args: Any, **kwargs: Any) -> str:
        self.is_open = any(name in form.errors for name in self.fields)
        return super().render(form, *args, **kwargs)
