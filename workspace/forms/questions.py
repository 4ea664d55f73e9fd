"""The questions that a series asks of those who register."""

from typing import Any

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app.models import Question, QuestionKind
from workspace.forms.fields import Pair, text_pair
from workspace.forms.rows import RowForm, Rows, Typed


class QuestionForm(RowForm):
    use_for_blank = ("label_en", "label_fr", "options_en", "options_fr")

    kind = forms.ChoiceField(label=gettext_lazy("Type of answer"), choices=QuestionKind.choices)
    is_required = forms.BooleanField(label=gettext_lazy("People must answer this question"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= text_pair(Question, "label") | text_pair(Question, "options", rows=3)

    def clean(self) -> None:
        """Raises ValidationError as the model does, for choices that are missing or differ between the languages."""
        data = self.cleaned_data
        if not data.get("label_en") and not data.get("label_fr"):
            self.add_error("label_en", _("Enter the question in English, in French or in both."))
        texts = {name: data.get(name, "") for name in ("options_en", "options_fr")}
        try:
            Question(kind=data.get("kind", ""), **texts).clean()
        except forms.ValidationError as error:
            self.add_error("options_en", error)

    @property
    def pairs(self) -> list[Pair]:
        choices_help = _("Only for choices: one per line, in the same order in both languages.")
        return [
            Pair(_("Question"), "", self["label_en"], self["label_fr"], is_required=True),
            Pair(_("Choices"), choices_help, self["options_en"], self["options_fr"]),
        ]


class QuestionRows(Rows):
    row_name = gettext_lazy("Question %(n)s")


QuestionFormSet = formset_factory(
    QuestionForm,
    formset=QuestionRows,
    extra=0,
    max_num=Question.MOST,
    absolute_max=Question.MOST + 1,
    validate_max=True,
)


def question_initial(question: Any) -> Typed:
    """Return the values of the fields for a question (QuestionData)."""
    names = ("pk", "kind", "label_en", "label_fr", "options_en", "options_fr", "is_required")
    return {name: getattr(question, name) for name in names}
