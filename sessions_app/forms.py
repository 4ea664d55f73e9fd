"""The filters of the program and of the hubs. They are in the query string, so a filtered list can be cached and sent."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import dateformat
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.choices import Profession, Province, province_choices
from accounts.fields import ProvinceField
from accounts.zones import PROJECT_ZONE
from sessions_app.status import Status

NATIONAL = "national"
MOST_WORDS = 6
MonthCount = tuple[date, int]  # the first of a month, and how many series have a session in it


class Ticks(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple
    default_error_messages = {"invalid_choice": _("“%(value)s” is not one of the choices.")}


class MonthField(forms.Field):
    """`2026-11`: a month in the project's time zone. Cleans to (its first moment, the next month's first moment).

    Any month is accepted. The select offers those that have sessions.
    """

    widget = forms.Select

    def clean(self, value: str | None) -> tuple[datetime, datetime] | None:
        if not value:
            return None
        match = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", value)
        if not match:
            raise forms.ValidationError(_("Enter the month as year and month, such as 2027-03."))
        year, month = int(match[1]), int(match[2])
        zone = ZoneInfo(PROJECT_ZONE)
        return datetime(year, month, 1, tzinfo=zone), datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)


def search_field(help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=_("Search"),
        help_text=help_text,
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class FilterForm(forms.Form):
    """The filters of a list. An invalid one is reported and ignored, and the others still apply."""

    use_required_attribute = False

    def clean_q(self) -> str:
        """Refuse more words than MOST_WORDS, because each one costs a search. A repeated word counts once."""
        words = list(dict.fromkeys(self.cleaned_data["q"].split()))
        if len(words) > MOST_WORDS:
            raise forms.ValidationError(_("Enter at most %(n)s words.") % {"n": MOST_WORDS})
        return " ".join(words)

    @property
    def query(self) -> str:
        """The part of the query string that belongs to the filters."""
        data = cast("QueryDict", self.data)
        return urlencode({name: data.getlist(name) for name in self.fields if name in data}, doseq=True)

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """The filters that were set and are valid."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def complaints(self) -> list[str]:
        """One sentence for each invalid filter."""
        colon = pgettext("between words", ":")
        return [f"{self.fields[name].label}{colon} {error}" for name, errors in self.errors.items() for error in errors]


class HubFilter(FilterForm):
    """The filters of the list of hubs."""

    q = search_field(_("Names, regions and what hubs do"))
    province = ProvinceField(
        label=_("Province or territory"),
        required=False,
        empty_label=_("All of Canada"),
        error_messages={"invalid_choice": _("“%(value)s” is not one of the choices.")},
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id="filter-%s")

    @property
    def province_name(self) -> str:
        """The name of the chosen province or territory, or an empty string."""
        code = self.chosen.get("province")
        return str(Province(code).label) if code else ""


class ProgrammeFilter(FilterForm):
    """The filters of the program."""

    q = search_field(_("Titles, topics and speakers"))
    status = Ticks(
        label=_("Registration"),
        required=False,
        choices=[(s.value, s.label) for s in (Status.OPEN, Status.WAITLIST, Status.SOON)],
    )
    language = Ticks(label=_("Language"), required=False, choices=[("en", _("English")), ("fr", _("French"))])
    month = MonthField(label=_("Month"), required=False)
    profession = Ticks(label=_("Profession"), required=False, choices=Profession.choices)
    province = Ticks(label=_("Province or territory"), required=False, choices=province_choices)
    hub = Ticks(label=_("Hub"), required=False)

    def __init__(self, data: QueryDict, *, hubs: Iterable[tuple[str, str]], months: Iterable[MonthCount] = ()) -> None:
        """`hubs`: (slug, name) of each hub that can be chosen. `months`: those that the select offers, read when it is shown."""
        super().__init__(data, auto_id="filter-%s")
        choices = [(NATIONAL, _("National programming")), *hubs]
        self.fields["hub"].choices = choices  # type: ignore[attr-defined]
        self.fields["month"].widget.choices = lambda: self._month_choices(months)

    def _month_choices(self, months: Iterable[MonthCount]) -> list[tuple[str, Any]]:
        """Return the months on offer, always with the requested one, so that the select shows the filter."""
        counts, asked = dict(months), self._asked_month()
        offered = sorted({*counts, *([asked] if asked else [])})
        named = [(f"{month:%Y-%m}", f"{format_month(month)} ({counts.get(month, 0)})") for month in offered]
        return [("", _("Any month")), *named]

    def _asked_month(self) -> date | None:
        try:
            span = self.fields["month"].clean(self["month"].value())
        except forms.ValidationError:
            return None
        return span[0].date() if span else None

    @property
    def ticks(self) -> list[forms.BoundField]:
        """The short lists of checkboxes, which are always visible."""
        return [self[name] for name in ("status", "language")]

    @property
    def long_ticks(self) -> list[forms.BoundField]:
        """The long lists of checkboxes, which can be unfolded."""
        return [self[name] for name in ("profession", "province", "hub")]


def format_month(month: date) -> str:
    """ "November 2026"; "Novembre 2026", as it stands alone."""
    return capfirst(dateformat.format(month, "F Y"))
