"""The sessions of a series in the form, and the helper that fills in their dates."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.form_helper import PortalForm
from sessions_app.models import Delivery, Session
from workspace.forms.fields import ClockField, DayField, Pair, lasts, local_parts, moment, text_pair
from workspace.forms.rows import RowForm, Rows, Typed

MOST_SESSIONS = 60
TEXTS = ("title_en", "title_fr", "speakers_en", "speakers_fr")


class SessionForm(RowForm):
    """One session. Times are entered in the time zone of the series."""

    use_for_blank = ("date", *TEXTS, "join_url")

    date = DayField(label=gettext_lazy("Date"), error_messages={"required": gettext_lazy("Enter the date.")})
    start = ClockField(label=gettext_lazy("Starts"), error_messages={"required": gettext_lazy("Enter the start time.")})
    end = ClockField(label=gettext_lazy("Ends"), error_messages={"required": gettext_lazy("Enter the end time.")})
    join_url = forms.URLField(
        label=gettext_lazy("Join link"),
        help_text=gettext_lazy("From Zoom, Teams or another service. Only people who are registered get it."),
        required=False,
        max_length=500,
        assume_scheme="https",
        error_messages={"invalid": gettext_lazy("Enter the whole link, such as https://example.zoom.us/j/123.")},
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= text_pair(Session, "title") | text_pair(Session, "speakers", rows=2)

    def clean(self) -> None:
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        if start and end and not lasts(start, end):
            self.add_error("end", _("A session must end after it starts."))

    def day_of(self, name: str) -> dt.date:
        """Return the date of "start" or "end", of valid data. A session that ends before it starts ends on the next day."""
        data = self.cleaned_data
        is_next_day = name == "end" and data["end"] <= data["start"]
        return data["date"] + dt.timedelta(days=1) if is_next_day else data["date"]

    @property
    def pairs(self) -> list[Pair]:
        return [
            Pair(_("Title of this session"), "", self["title_en"], self["title_fr"]),
            Pair(_("Speakers"), _("One per line: name, role."), self["speakers_en"], self["speakers_fr"]),
        ]

    @property
    def shows_texts(self) -> bool:
        """Whether titles and speakers are shown at once."""
        return any(pair.is_written for pair in self.pairs) or any(self.errors.get(name) for name in TEXTS)

    @property
    def delivery(self) -> str:
        return self.saved.delivery if self.saved else Delivery.SCHEDULED.value


class SessionRows(Rows):
    row_name = gettext_lazy("Session %(n)s")

    def check_times(self, zone: ZoneInfo) -> bool:
        """Add an error to each session whose time is skipped when the clocks in `zone` change. Whether there were none."""
        for form in self.filled:
            data = form.cleaned_data
            for name in ("start", "end"):
                if data.get("date") and data.get("start") and data.get("end"):
                    try:
                        moment(form.day_of(name), data[name], zone)
                    except forms.ValidationError as error:
                        form.add_error(name, error)
        return not any(form.errors for form in self.forms)


SessionFormSet = formset_factory(
    SessionForm,
    formset=SessionRows,
    extra=0,
    max_num=MOST_SESSIONS,
    absolute_max=MOST_SESSIONS + 1,
    validate_max=True,
)


def session_initial(session: Any, zone: ZoneInfo) -> Typed:
    """Return the values of the fields for a session (SessionData)."""
    date, start = local_parts(session.starts_at, zone)
    names = ("pk", *TEXTS, "join_url")
    return {"date": date, "start": start, "end": local_parts(session.ends_at, zone)[1]} | {
        name: getattr(session, name) for name in names
    }


class RepeatForm(PortalForm):
    """The helper that fills in the dates of several sessions: "every second Thursday, six times"."""

    MONTHLY = "month"
    RHYTHMS = (
        ("1", gettext_lazy("Every week")),
        ("2", gettext_lazy("Every 2 weeks")),
        ("3", gettext_lazy("Every 3 weeks")),
        ("4", gettext_lazy("Every 4 weeks")),
        (MONTHLY, gettext_lazy("Every month on the same weekday")),
    )

    first = DayField(
        label=gettext_lazy("First session"),
        error_messages={"required": gettext_lazy("Enter the date of the first session.")},
    )
    start = ClockField(label=gettext_lazy("Starts"), error_messages={"required": gettext_lazy("Enter the start time.")})
    end = ClockField(label=gettext_lazy("Ends"), error_messages={"required": gettext_lazy("Enter the end time.")})
    every = forms.ChoiceField(label=gettext_lazy("How often"), choices=RHYTHMS)
    count = forms.IntegerField(
        label=gettext_lazy("How many"),
        min_value=1,
        max_value=MOST_SESSIONS,
        error_messages={"required": gettext_lazy("Enter the number of sessions.")},
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def clean(self) -> None:
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        if start and end and not lasts(start, end):
            self.add_error("end", _("A session must end after it starts."))
