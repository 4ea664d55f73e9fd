"""The forms for registering: details about the person, the series' own questions, and the names of colleagues."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.fields import AddressField
from accounts.form_helper import Disclosure, PortalForm
from accounts.forms import DetailsForm, validate_name
from registrations.services.colleagues import MOST, Colleague
from sessions_app.models import Question, QuestionKind, Series

EMAIL_WORDS = {
    "required": _("Enter your email address. The link to join goes there."),
    "invalid": _("Enter your email address with an @, as in name@example.ca."),
}
OWN_ADDRESS = _("This is your own address. Enter a colleague’s.")
LONGEST_ANSWER = 300


class QuestionsForm(PortalForm):
    """The questions that a series asks, up to five."""

    def __init__(self, *args: Any, questions: Iterable[Question] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = list(questions)
        for question in self.questions:
            self.fields[f"question_{question.pk}"] = _field(question)

    def answers(self) -> dict[int, list[str]]:
        """Return the answers by the question's key, without empty ones."""
        given = {question.pk: self.cleaned_data[f"question_{question.pk}"] for question in self.questions}
        return {pk: value if isinstance(value, list) else [value] for pk, value in given.items() if value}


def _field(question: Question) -> forms.Field:
    common: dict[str, Any] = {
        "label": question.label,
        "required": question.is_required,
        "error_messages": {"required": _("Answer this question. The team needs your answer.")},
    }
    if question.kind == QuestionKind.TEXT:
        return forms.CharField(max_length=LONGEST_ANSWER, **common)
    if question.kind == QuestionKind.CHOICES:
        return forms.MultipleChoiceField(choices=question.options(), widget=forms.CheckboxSelectMultiple, **common)
    choices = [("yes", _("Yes")), ("no", _("No"))] if question.kind == QuestionKind.YES_NO else question.options()
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common)


class RegisterForm(DetailsForm, QuestionsForm):
    """The registration form, for newcomers and for people who have an account but no profile."""

    email = AddressField(
        label=_("Your email address"),
        help_text=_("We’ll send your confirmation, reminders and link to join here."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages=EMAIL_WORDS,
    )
    field_order = ["name", "email"]

    def __init__(self, *args: Any, series: Series, is_signed_in: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, questions=series.questions.all(), **kwargs)
        self.series = series
        if is_signed_in:
            del self.fields["email"]

    @cached_property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.disable_csrf = True  # the template adds the token, so that it is never in the cached fields
        return helper

    @property
    def is_blank(self) -> bool:
        """Whether the fields are the same for everyone with this language and time zone, so the template may cache them."""
        only_guesses = set(self.initial) == {"language", "time_zone"}
        return not self.is_bound and not self.questions and only_guesses

    def layout(self) -> Layout:
        first = [name for name in self.fields if name not in self.MORE]
        return Layout(*first, Disclosure(_("Optional details"), *self.MORE))

    def clean_profession(self) -> str:
        return _welcome(self.series, self.cleaned_data["profession"])


def _welcome(series: Series, profession: str) -> str:
    """Raise ValidationError if the series is only for other professions."""
    if not series.accepts_profession(profession):
        names = ", ".join(series.audience_names)
        raise forms.ValidationError(gettext("This series is only for: %(names)s.") % {"names": names})
    return profession


class InvitedForm(DetailsForm):
    """What an invited colleague must tell us before they can confirm a seat in a series for certain professions."""

    def __init__(self, *args: Any, series: Series, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.series = series
        self.fields = {name: self.fields[name] for name in ("profession", "province")}
        self.fields["profession"].error_messages["required"] = _("Choose your profession.")

    def clean_profession(self) -> str:
        return _welcome(self.series, self.cleaned_data["profession"])


class ColleagueForm(PortalForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the colleague’s name too.")},
    )
    email = AddressField(
        label=_("Email address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter the colleague’s email address too."),
            "invalid": _("Enter the address with an @, as in name@example.ca."),
        },
    )

    def __init__(self, *args: Any, own: str = "", **kwargs: Any) -> None:
        """`own` is the address of the person who fills in the form. They cannot reserve a seat for themselves."""
        super().__init__(*args, **kwargs)
        self.own = own

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if email == self.own:
            raise forms.ValidationError(OWN_ADDRESS)
        return email


class BaseColleagues(BaseFormSet):
    @cached_property
    def helper(self) -> FormHelper:
        legend = gettext("Colleague %(n)s") % {"n": "{{ forloop.counter }}"}
        helper = FormHelper()
        helper.layout = Layout(Fieldset(legend, "name", "email", css_class="row-of-two", data_row=True))
        return helper

    def clean(self) -> None:
        """Raise ValidationError if no colleague is named, or one is named twice."""
        if any(self.errors):
            return
        addresses = [form.cleaned_data["email"] for form in self.forms if form.has_changed()]
        if not addresses:
            raise forms.ValidationError(gettext("Enter at least one name and email address."))
        twice = sorted({address for address in addresses if addresses.count(address) > 1})
        if twice:
            raise forms.ValidationError(gettext("You entered %(address)s twice.") % {"address": ", ".join(twice)})

    def colleagues(self) -> list[Colleague]:
        return [Colleague(**form.cleaned_data) for form in self.forms if form.has_changed()]


ColleagueFormSet = formset_factory(
    ColleagueForm, formset=BaseColleagues, extra=MOST, max_num=MOST, absolute_max=MOST, validate_max=True
)
