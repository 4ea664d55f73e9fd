"""The filters of a list of registrants, and the forms that change a registration."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.choices import Profession
from accounts.fields import AddressField, ProvinceField
from accounts.form_helper import PortalForm
from accounts.forms import validate_name
from registrations.models import RegistrationQuerySet, RegistrationState
from registrations.registrants import HELD, Order, Presence, Wanted
from sessions_app.models import Series, Session
from sessions_app.times import format_date

MOST_WORDS = 6
STATES = [
    ("", _("All except cancelled")),
    (RegistrationState.CONFIRMED.value, _("With a seat")),
    (HELD, _("Invited, not confirmed yet")),
    (RegistrationState.WAITLISTED.value, _("On the waitlist")),
    (RegistrationState.RECORDING.value, _("Recording only")),
    (RegistrationState.CANCELLED.value, _("Cancelled")),
]


class RegistrantFilter(forms.Form):
    """What a list of registrants shows, from the query string. The list, the print view and the exports share it."""

    use_required_attribute = False

    q = forms.CharField(
        label=_("Search"),
        help_text=_("Name, email or organization"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    profession = forms.ChoiceField(
        label=_("Profession"), required=False, choices=[("", _("All professions")), *Profession.choices]
    )
    province = ProvinceField(label=_("Province or territory"), required=False, empty_label=_("All of Canada"))
    presence = forms.ChoiceField(label=_("Sessions"), required=False)
    order = forms.ChoiceField(label=_("Sort by"), required=False, choices=Order.choices)

    def __init__(self, data: QueryDict, *, series: Series, sessions: Sequence[Session], now: datetime) -> None:
        super().__init__(data, auto_id="filter-%s")
        self.sessions = {str(session.pk): session for session in sessions}
        groups = [
            (session_label(n, session, series), _presence_choices(session, now))
            for n, session in enumerate(sessions, 1)
        ]
        field = cast("forms.ChoiceField", self.fields["presence"])
        field.choices = [("", _("All sessions")), *groups]

    def clean_q(self) -> str:
        """Each word costs a search, so only the first MOST_WORDS count."""
        return " ".join(self.cleaned_data["q"].split()[:MOST_WORDS])

    @cached_property
    def wanted(self) -> Wanted:
        """What was asked for. The form must be valid."""
        data = self.cleaned_data
        presence, _dash, pk = data["presence"].partition("-")
        return Wanted(
            words=data["q"],
            state=data["state"],
            profession=data["profession"],
            province=data["province"],
            presence=(Presence(presence), self.sessions[pk]) if presence else None,
            order=data["order"] or (Order.WAITLIST if data["state"] == RegistrationState.WAITLISTED else Order.NAME),
        )

    @property
    def query(self) -> str:
        """The query string of these filters."""
        return urlencode({name: value for name, value in self.cleaned_data.items() if value})

    @property
    def narrows(self) -> bool:
        """Whether the list is narrowed, and not only sorted."""
        return any(value for name, value in self.cleaned_data.items() if name != "order")


def session_label(n: int, session: Session, series: Series) -> str:
    """Return "2. December 3, 2026"."""
    return f"{n}. {format_date(session.starts_at, series.zone, weekday=False)}"


def _presence_choices(session: Session, now: datetime) -> list[tuple[str, Any]]:
    """Return what people can be filtered by for one session: what they said before it, and what they did after it."""
    offered = [Presence.DECLINED, Presence.COMING]
    if session.starts_at <= now:
        offered = [Presence.ATTENDED, Presence.MISSED, Presence.DECLINED]
    return [(f"{presence.value}-{session.pk}", presence.label) for presence in offered]


class AddForm(PortalForm):
    """The email address, name and language of someone whom the team registers."""

    submit_label = _("Register this person")

    email = AddressField(
        label=_("Email address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter the person’s email address."),
            "invalid": _("Enter the address with an @, as in name@example.ca."),
        },
    )
    name = forms.CharField(
        label=_("Name"),
        help_text=_("We use it only if they have no account yet."),
        max_length=150,
        required=False,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=_("Language of our emails to them"),
        help_text=_("If they already have an account, we use the language they chose."),
        choices=settings.LANGUAGES,
    )

    def __init__(self, *args: Any, registered: RegistrationQuerySet, **kwargs: Any) -> None:
        """`registered` are the active registrations of the series."""
        super().__init__(*args, **kwargs)
        self.registered = registered

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if self.registered.exclude(state=RegistrationState.RECORDING).filter(user__email=email).exists():
            raise forms.ValidationError(_("This person is already registered, invited or on the waitlist."))
        return email


class ReasonForm(PortalForm):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Your team and Pallium’s staff can see this. The person can see it in a copy of their data."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Enter a reason.")},
    )


class PromoteForm(ReasonForm):
    submit_label = _("Give them a seat")


class SeriesChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        """Return the title with the date of the first session, because a hub may repeat a series."""
        if not obj.first_starts_at:
            return str(obj.title)
        return f"{obj.title} ({format_date(obj.first_starts_at, obj.zone, weekday=False)})"


class MoveForm(ReasonForm):
    submit_label = _("Move this person")
    field_order = ["to", "reason"]

    to = SeriesChoice(
        Series.objects.none(),
        label=_("New series"),
        empty_label=_("Choose a series"),
        error_messages={
            "required": _("Choose the series to move the person to."),
            "invalid_choice": _("Choose one of your hub’s series."),
        },
    )

    def __init__(self, *args: Any, choices: Any, **kwargs: Any) -> None:
        """`choices` are the series that the person can be moved to."""
        super().__init__(*args, **kwargs)
        cast("SeriesChoice", self.fields["to"]).queryset = choices


class CancelForm(PortalForm):
    submit_label = _("Cancel this registration")

    note = forms.CharField(
        label=_("Message to the person"),
        help_text=_("We include this in our email to them, exactly as you write it."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write a short message, so that the person knows why.")},
    )


def labelled(sessions: Iterable[Session], series: Series) -> list[tuple[Session, str]]:
    """Return each session with its label, such as "2. December 3, 2026"."""
    return [(session, session_label(n, session, series)) for n, session in enumerate(sessions, start=1)]
