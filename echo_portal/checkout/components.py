"""A page that shows every form component in every state. Development only, like the email gallery."""

from datetime import date
from typing import cast

from crispy_forms.layout import Layout
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.form_helper import Disclosure, PortalForm
from accounts.zones import ZONE_CHOICES
from registrations.forms import BaseColleagues, ColleagueFormSet

HINT = _("This is a hint.")
OPTIONS = [("yes", _("Yes")), ("no", _("No"))]
FILLED = {
    "text": "Amélie Tremblay",
    "email": "amelie@example.ca",
    "password": "",
    "day": date(2026, 11, 24),
    "choice": "America/Toronto",
    "radios": "yes",
    "checkboxes": ["yes", "no"],
    "checkbox": True,
    "textarea": "Première ligne\nSecond line",
}
ROWS = {"rows-TOTAL_FORMS": "2", "rows-INITIAL_FORMS": "0", "rows-0-name": "bit.ly", "rows-1-email": "x"}


class ComponentsForm(PortalForm):
    submit_label = _("Save")

    text = forms.CharField(label=_("Text"), help_text=HINT)
    email = forms.EmailField(label=_("Email address"))
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput)
    day = forms.DateField(label=_("Date"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    choice = forms.ChoiceField(label=_("List"), help_text=HINT, choices=[("", _("Choose…")), *ZONE_CHOICES])
    radios = forms.ChoiceField(label=_("One answer"), help_text=HINT, choices=OPTIONS, widget=forms.RadioSelect)
    checkboxes = forms.MultipleChoiceField(
        label=_("Several answers"), choices=OPTIONS, widget=forms.CheckboxSelectMultiple
    )
    checkbox = forms.BooleanField(label=_("I want to close my account"))
    textarea = forms.CharField(label=_("Long text"), max_length=20, required=False, widget=forms.Textarea)
    hidden = forms.CharField(required=False, widget=forms.HiddenInput)

    def layout(self) -> Layout:
        first = [name for name in self.fields if name != "textarea"]
        return Layout(*first, Disclosure(_("Optional details"), "textarea"))


@require_http_methods(["GET", "HEAD", "POST"])
def components(request: HttpRequest) -> HttpResponse:
    if not settings.MAILBOX_OPEN:
        raise Http404
    disabled = ComponentsForm(initial=FILLED, prefix="disabled")
    for field in disabled.fields.values():
        field.disabled = True
    wrong = ComponentsForm({"wrong-email": "x", "wrong-textarea": "x" * 30}, prefix="wrong")
    wrong.add_error(None, _("There is a problem to correct"))
    states = [
        (_("Empty"), ComponentsForm(request.POST or None, prefix="empty")),
        (_("Filled in"), ComponentsForm(initial=FILLED, prefix="filled")),
        (_("With errors"), wrong),
        (_("Disabled"), disabled),
    ]
    rows = cast("BaseColleagues", ColleagueFormSet(ROWS, prefix="rows"))
    return render(request, "checkout/components.html", {"states": states, "rows": rows})
