"""The fields of a series itself, without its sessions and questions."""

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Profession
from accounts.form_helper import PortalForm
from accounts.zones import ZONE_CHOICES
from sessions_app import times
from sessions_app.models import DeliveryLanguage, Series
from workspace.forms.fields import ClockField, DayField, Pair, local_parts, moment, text_pair
from workspace.forms.rows import Typed

USUAL_REMINDERS = (168, 72, 24, 2, 1)
MOST_SEATS = 1_000_000
COUNTED = ("title", "summary")  # in the language meter, even if they are empty
LISTED, UNLISTED = "listed", "unlisted"


class ListingForm(PortalForm):
    """What people see of a series, who can register and when, and who is reminded when."""

    language = forms.ChoiceField(label=gettext_lazy("Language of the sessions"), choices=DeliveryLanguage.choices)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Enter all times on this page in this time zone."),
        choices=ZONE_CHOICES,
    )
    opens_date = DayField(label=gettext_lazy("Date"), required=False)
    opens_time = ClockField(label=gettext_lazy("Time"), required=False)
    closes_date = DayField(label=gettext_lazy("Date"), required=False)
    closes_time = ClockField(label=gettext_lazy("Time"), required=False)
    capacity = forms.IntegerField(
        label=gettext_lazy("Number of seats"),
        help_text=gettext_lazy("Leave empty for no limit."),
        required=False,
        min_value=0,
        max_value=MOST_SEATS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    waitlist_enabled = forms.BooleanField(
        label=gettext_lazy("When all seats are taken, people can join a waitlist"), required=False
    )
    late_joining = forms.BooleanField(
        label=gettext_lazy("People can still register after the first session"), required=False
    )
    audience = forms.MultipleChoiceField(
        label=gettext_lazy("Professions"),
        help_text=gettext_lazy("If none is selected, the series is for everyone."),
        choices=Profession.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    audience_required = forms.BooleanField(
        label=gettext_lazy("Only people in these professions can register"), required=False
    )
    reminder_hours = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Send a reminder"),
        help_text=gettext_lazy("Everyone who is registered gets an email this long before each session."),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )
    visibility = forms.ChoiceField(
        label=gettext_lazy("Who can find this series"),
        choices=[
            (LISTED, gettext_lazy("Everyone. It’s in lists, searches and calendars.")),
            (UNLISTED, gettext_lazy("Only people who have the link, such as a closed group.")),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, reminders: Iterable[int] = (), **kwargs: Any) -> None:
        """`reminders` are the hours that the series has now. They can be kept even if they are not among the usual ones."""
        super().__init__(*args, **kwargs)
        self.fields |= text_pair(Series, "title") | text_pair(Series, "summary", rows=3)
        self.fields |= text_pair(Series, "description", rows=6) | text_pair(Series, "objectives", rows=4)
        self.fields |= text_pair(Series, "audience_note") | text_pair(Series, "credits", rows=3)
        hours = sorted({*USUAL_REMINDERS, *reminders}, reverse=True)
        choices = [(n, _("%(time)s before") % {"time": capfirst(times.format_reminders([n]))}) for n in hours]
        self.fields["reminder_hours"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> None:
        data = self.cleaned_data
        if not data.get("title_en") and not data.get("title_fr"):
            self.add_error("title_en", _("Enter a title in English, in French or in both."))
        zone = self.zone
        opens = data["registration_opens_at"] = self._moment("opens", time(0), zone)
        closes = data["registration_closes_at"] = self._moment("closes", time(23, 59), zone)
        data["is_unlisted"] = data.get("visibility") == UNLISTED
        if opens and closes and closes <= opens:
            self.add_error("closes_date", _("Registration must close after it opens."))

    def _moment(self, name: str, usual: time, zone: ZoneInfo) -> datetime | None:
        """Return the moment of a date and a time that may be left empty."""
        day, clock = self.cleaned_data.get(f"{name}_date"), self.cleaned_data.get(f"{name}_time")
        if day is None:
            if clock is not None and f"{name}_date" not in self.errors:
                self.add_error(f"{name}_date", _("Enter the date too, or clear the time."))
            return None
        try:
            return moment(day, clock or usual, zone)
        except forms.ValidationError as error:
            self.add_error(f"{name}_time", error)
            return None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that was chosen, or the usual one if the choice was wrong."""
        chosen = self["time_zone"].value()
        known = [key for key, _name in ZONE_CHOICES]
        return ZoneInfo(chosen if chosen in known else known[0])

    def shows(self, *names: str) -> bool:
        """Whether one of the fields has a value or an error, so that its part of the page is open."""
        return any(self[name].value() or self[name].errors for name in names)

    @property
    def pairs(self) -> dict[str, Pair]:
        """The texts in both languages."""
        credits_help = _("The exact wording that the accrediting body approved.")
        audience_help = _("For example “Nurses in long-term care”. Shown instead of the list of professions.")
        words = {
            "title": (_("Title"), "", True),
            "summary": (_("Summary"), _("One or two sentences for lists."), False),
            "description": (_("Description"), _("Leave an empty line between paragraphs."), False),
            "objectives": (_("What people will learn"), _("One per line."), False),
            "credits": (_("Accreditation"), credits_help, False),
            "audience_note": (_("Who it is for, in your words"), audience_help, False),
        }
        return {
            name: Pair(label, help_text, self[f"{name}_en"], self[f"{name}_fr"], is_required, name in COUNTED)
            for name, (label, help_text, is_required) in words.items()
        }


def listing_initial(values: dict[str, Any]) -> Typed:
    """Return the values of the fields for a series (ListingData.values)."""
    zone = ZoneInfo(values["time_zone"])
    initial = dict(values)
    initial["opens_date"], initial["opens_time"] = local_parts(values["registration_opens_at"], zone)
    initial["closes_date"], initial["closes_time"] = local_parts(values["registration_closes_at"], zone)
    return initial | {"visibility": UNLISTED if values["is_unlisted"] else LISTED}
