"""The form that asks when an issue goes out."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.forms.utils import from_current_timezone
from django.utils.translation import gettext_lazy as _

from newsletters.services import schedule

NOW, LATER = "now", "later"
TOO_SOON = _("Choose a time at least %(n)s minutes from now, so that you have time to change your mind.")
TOO_LATE = _("Choose a date within the next year.")
CLOCKS_CHANGE = _("The clocks change at this time. Choose another one.")


class WhenForm(forms.Form):
    """Now, or a date and a time in the project's time zone. `cleaned_data["at"]` is None for now."""

    use_required_attribute = False
    when = forms.ChoiceField(
        label=_("When should it go out?"),
        choices=[(NOW, _("Now")), (LATER, _("At a set time"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose when to send the issue.")},
    )
    date = forms.DateField(
        label=_("Date"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Enter a date as year-month-day, such as 2027-01-31.")},
    )
    time = forms.TimeField(
        label=_("Time"),
        required=False,
        help_text=_("Eastern time (ET)"),  # settings.TIME_ZONE
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _("Enter a time as hours and minutes, such as 14:30.")},
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    @property
    def later_fields(self) -> list[forms.BoundField]:
        return [self["date"], self["time"]]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["at"] = None
        if data.get("when") == LATER:
            if data.get("date") is None and "date" not in self.errors:
                self.add_error("date", _("Enter a date."))
            if data.get("time") is None and "time" not in self.errors:
                self.add_error("time", _("Enter a time."))
            if not self.errors:
                self._read_time(data)
        return data

    def _read_time(self, data: dict[str, Any]) -> None:
        try:
            data["at"] = from_current_timezone(datetime.combine(data["date"], data["time"]))
            schedule.check_time(data["at"], self.now)
        except forms.ValidationError:
            self.add_error("time", CLOCKS_CHANGE)
        except schedule.TooSoonError:
            self.add_error("time", TOO_SOON % {"n": schedule.NOTICE // timedelta(minutes=1)})
        except schedule.TooLateError:
            self.add_error("date", TOO_LATE)
