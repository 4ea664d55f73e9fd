"""Forms for the steps of a listing: a comment, a new date, a message to people."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.form_helper import OnceForm, PortalForm
from workspace.forms.fields import DayField

LONGEST_COMMENT, LONGEST_NOTE = 4000, 1000


class CommentForm(PortalForm):
    """A comment in the review, which the other side gets by email."""

    comment = forms.CharField(
        label=_("Your comment"),
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write a comment.")},
    )


class SubmitForm(PortalForm):
    """Sending a draft to staff."""

    comment = forms.CharField(
        label=_("Message to Pallium Canada"),
        max_length=LONGEST_COMMENT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class DuplicateForm(OnceForm):
    """The first date of a copy. Its token keeps a double click from making two (workspace/once.py)."""

    first_date = DayField(
        label=_("Date of the first session"), error_messages={"required": _("Enter the date of the first session.")}
    )


class CancelForm(PortalForm):
    """The message that goes with a cancellation."""

    note_en = forms.CharField(
        label=_("Message in English"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "lang": "en"}),
    )
    note_fr = forms.CharField(
        label=_("Message in French"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "lang": "fr"}),
    )
