"""The form in which a hub's team writes to people of a series."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from crispy_forms.layout import Div, Layout
from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_helper import PortalForm
from registrations.models import HubMessage, Recipients, Registration
from registrations.registrants import ORDERS, Order, is_known, shown_name, with_sort_name
from registrations.services import Audience, Texts, audience_of, audience_sizes, count_languages
from registrations.services.messages import ABOUT_A_SESSION, reachable
from sessions_app.models import Series, Session
from workspace.forms.registrants import session_label

NOBODY = gettext_lazy("Nobody is in this group right now, so there is nobody to write to.")
INCOMPLETE = {
    "subject_en": gettext_lazy("Enter a subject in English, or delete the English message."),
    "body_en": gettext_lazy("Enter the message in English, or delete the English subject."),
    "subject_fr": gettext_lazy("Enter a subject in French, or delete the French message."),
    "body_fr": gettext_lazy("Enter the message in French, or delete the French subject."),
}


class SessionChoice(forms.ModelChoiceField):
    labels: dict[int, str] = {}

    def label_from_instance(self, obj: Any) -> str:
        return self.labels[obj.pk]


def _subject(label: Any, language: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"lang": language})
    return forms.CharField(label=label, max_length=150, required=False, widget=widget)


def _body(label: Any, language: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 9, "lang": language})
    return forms.CharField(label=label, max_length=5000, required=False, widget=widget)


class HubMessageForm(PortalForm):
    """A message, whom it goes to, and the token that makes it go only once."""

    recipients = forms.ChoiceField(
        label=gettext_lazy("Who gets it?"),
        help_text=gettext_lazy("Invited colleagues who haven’t confirmed their seat don’t get messages."),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who gets the message.")},
    )
    session = SessionChoice(
        Session.objects.none(),
        label=gettext_lazy("Which session?"),
        help_text=gettext_lazy("Only needed if you write to people who attended a session, or did not."),
        empty_label=gettext_lazy("Choose a session"),
        required=False,
    )
    subject_en = _subject(gettext_lazy("Subject in English"), "en")
    body_en = _body(gettext_lazy("Message in English"), "en")
    subject_fr = _subject(gettext_lazy("Subject in French"), "fr")
    body_fr = _body(gettext_lazy("Message in French"), "fr")
    person = forms.ModelMultipleChoiceField(
        Registration.objects.none(), required=False, widget=forms.MultipleHiddenInput
    )
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, series: Series, now: datetime, selected: Sequence[str] = ()) -> None:
        """`selected` are keys of registrations, as they come from the checkboxes of the list."""
        super().__init__(data, initial={"token": uuid4(), "person": selected})
        self.series = series
        people = reachable(series).active().select_related("user").annotate(is_known=is_known())
        cast("Any", self.fields["person"]).queryset = with_sort_name(people).order_by(*ORDERS[Order.NAME])
        self._offer_sessions(now)
        self._offer_recipients(has_selected=bool(selected))

    def _offer_sessions(self, now: datetime) -> None:
        """Offer the sessions that have started, the latest first."""
        numbered = list(enumerate(self.series.sessions.order_by("starts_at", "pk"), start=1))
        started = [(n, session) for n, session in numbered if session.starts_at <= now and not session.is_off]
        field = cast("SessionChoice", self.fields["session"])
        field.labels = {session.pk: session_label(n, session, self.series) for n, session in started}
        field.queryset = Session.objects.filter(pk__in=field.labels).order_by("-starts_at", "-pk")
        if not started:
            del self.fields["session"]

    def _offer_recipients(self, *, has_selected: bool) -> None:
        sizes = audience_sizes(self.series)
        choices = [(one.value, f"{one.label} ({sizes[one]})") for one in Recipients if one in sizes]
        if "session" in self.fields:
            choices += [(one.value, str(one.label)) for one in ABOUT_A_SESSION]
        if has_selected:
            choices.insert(0, (Recipients.SELECTED.value, str(Recipients.SELECTED.label)))
            self.initial.setdefault("recipients", Recipients.SELECTED.value)
        cast("forms.ChoiceField", self.fields["recipients"]).choices = choices

    def layout(self) -> Layout:
        to = [name for name in ("recipients", "session", "person", "token") if name in self.fields]
        english, french = Div("subject_en", "body_en"), Div("subject_fr", "body_fr")
        return Layout(*to, Div(english, french, css_class="two-languages"))

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for language in ("en", "fr"):
            names = {name: f"{name}_{language}" for name in ("subject", "body")}
            written = [name for name in names if data.get(names[name])]
            if len(written) == 1:
                missing = names["body" if written == ["subject"] else "subject"]
                self.add_error(missing, str(INCOMPLETE[missing]))
        if not any(data.get(name) for name in ("subject_en", "body_en", "subject_fr", "body_fr")):
            self.add_error("subject_en", _("Write a subject and a message in English, in French or in both."))
        if data.get("recipients") in ABOUT_A_SESSION and not data.get("session") and "session" not in self.errors:
            self.add_error("session", _("Choose the session."))
        if not self.errors and not audience_of(self.series, self.audience).exists():
            self.add_error("recipients", NOBODY)
        return data

    @property
    def audience(self) -> Audience:
        data = self.cleaned_data
        recipients = Recipients(data["recipients"])
        session = data.get("session") if recipients in ABOUT_A_SESSION else None
        selected = [one.pk for one in data["person"]] if recipients == Recipients.SELECTED else []
        return Audience(recipients, session, selected)

    @property
    def texts(self) -> Texts:
        return Texts(**{name: self.cleaned_data[name] for name in ("subject_en", "body_en", "subject_fr", "body_fr")})

    @cached_property
    def people(self) -> list[str]:
        """What the page calls the selected people. Empty if one of them may not be written to."""
        try:
            return [shown_name(one) for one in self.fields["person"].clean(self["person"].value() or [])]
        except forms.ValidationError:
            return []

    def preview(self) -> list[dict[str, Any]]:
        """Return each language that someone gets the message in: how many people, and what they see."""
        counts, texts = count_languages(self.series, self.audience), self.texts
        draft = HubMessage(series=self.series, **vars(texts))
        previews = []
        for language in ("en", "fr"):
            subject, body = (getattr(HubMessage, name).read(draft, language) for name in ("subject", "body"))
            is_missing = language not in texts.languages
            if counts[language] or not is_missing:
                previews.append(
                    {
                        "language": language,
                        "n": counts[language],
                        "subject": subject,
                        "body": body,
                        "is_missing": is_missing,
                    }
                )
        return previews
