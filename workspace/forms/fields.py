"""Fields that several forms of the workspace share: dates, times, and texts in both languages."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import models
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.text import normalize_newlines
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

DATE_FORMAT, TIME_FORMAT = "%Y-%m-%d", "%H:%M"
LANGUAGE_NAMES = (("en", gettext_lazy("English")), ("fr", gettext_lazy("French")))
LONGEST_TEXT = 10_000
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
LONGEST_NIGHT = timedelta(hours=6)


class DayField(forms.DateField):
    """A date, entered with the browser's date picker or as 2027-03-18."""

    default_error_messages = {"invalid": gettext_lazy("Enter the date as year, month and day, such as 2027-03-18.")}

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format=DATE_FORMAT, attrs={"type": "date"})
        super().__init__(widget=widget, input_formats=[DATE_FORMAT], **kwargs)

    def clean(self, value: Any) -> date | None:
        day = super().clean(value)
        if day and not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
            raise forms.ValidationError(_("Check the year."))
        return day


class ClockField(forms.TimeField):
    """A time of day, entered with the browser's time picker or as 13:30."""

    default_error_messages = {"invalid": gettext_lazy("Enter the time as hours and minutes, such as 13:30.")}

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TimeInput(format=TIME_FORMAT, attrs={"type": "time"})
        super().__init__(widget=widget, input_formats=[TIME_FORMAT, "%H:%M:%S"], **kwargs)


def lasts(start: time, end: time) -> timedelta | None:
    """Return how long a session lasts. One that ends after midnight lasts at most LONGEST_NIGHT. None for any other end
    that is not after the start, because it is a mistake."""
    duration = datetime.combine(date.min, end) - datetime.combine(date.min, start)
    if duration > timedelta(0):
        return duration
    over_midnight = duration + timedelta(days=1)
    return over_midnight if over_midnight <= LONGEST_NIGHT else None


def moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the moment at which the clocks in `zone` show that date and time.

    Raises ValidationError for a time that is skipped when the clocks change.
    """
    local = datetime.combine(day, clock, tzinfo=zone)
    if datetime.fromtimestamp(local.timestamp(), zone).replace(fold=0) != local:
        raise forms.ValidationError(_("The clocks change at this time. Enter a later time."))
    return local


def kept(before: datetime | None, entered: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return the moment as it was before, if the form shows both in the same way. The form shows no seconds."""
    return before if local_parts(before, zone) == local_parts(entered, zone) else entered


def local_parts(at: datetime | None, zone: ZoneInfo) -> tuple[date | None, time | None]:
    """Return a moment as the date and time that the clocks in `zone` show."""
    if at is None:
        return None, None
    local = at.astimezone(zone)
    return local.date(), local.time().replace(second=0, microsecond=0)


class WrittenField(forms.CharField):
    """A text, with line breaks as they are stored. Browsers send two characters for each."""

    def to_python(self, value: Any) -> str:
        return super().to_python(normalize_newlines(value) if value else value) or ""


def text_pair(model: type[models.Model], name: str, *, rows: int = 0) -> dict[str, forms.Field]:
    """Return the two form fields of a bilingual text of a model. `rows` makes them text areas."""
    fields: dict[str, forms.Field] = {}
    for language, label in LANGUAGE_NAMES:
        attrs: dict[str, Any] = {"lang": language, "data-language": language}
        widget = forms.Textarea(attrs=attrs | {"rows": rows}) if rows else forms.TextInput(attrs=attrs)
        length = model._meta.get_field(f"{name}_{language}").max_length  # type: ignore[union-attr]  # noqa: SLF001
        fields[f"{name}_{language}"] = WrittenField(
            label=label, required=False, widget=widget, max_length=length or LONGEST_TEXT
        )
    return fields


@dataclass(frozen=True)
class Pair:
    """The fields of a text in English and in French, as the template shows them side by side."""

    label: str | Promise
    help_text: str | Promise
    english: BoundField
    french: BoundField
    is_required: bool = False
    is_counted: bool = False  # in the language meter, even if it is empty in both languages

    @property
    def fields(self) -> list[BoundField]:
        return [self.english, self.french]

    @property
    def is_written(self) -> bool:
        return any(str(field.value() or "").strip() for field in self.fields)


@dataclass(frozen=True)
class Meter:
    """How much of what should be in both languages is written in one of them."""

    language: str
    done: int
    total: int

    @property
    def name(self) -> str:
        return str(dict(LANGUAGE_NAMES)[self.language])

    @property
    def count(self) -> str:
        """ "1 of 3 texts"."""
        return _count_texts(self.done) % {"done": self.done, "total": self.total}

    @property
    def patterns(self) -> dict[str, str]:
        """The same sentence for one text and for other numbers, with {done} and {total}, for workspace-form.js."""
        return {
            form: _count_texts(n) % {"done": "{done}", "total": "{total}"} for form, n in (("one", 1), ("other", 2))
        }


def _count_texts(done: int) -> str:
    return ngettext("%(done)s of %(total)s texts", "%(done)s of %(total)s texts", done)


def meters(pairs: list[Pair]) -> list[Meter]:
    """Return how complete each language is, by what the form shows (sessions_app.editing.checklist.completeness)."""
    counted = [pair for pair in pairs if pair.is_counted or pair.is_written]
    done = [sum(bool(str(pair.fields[n].value() or "").strip()) for pair in counted) for n in (0, 1)]
    return [Meter(language, done[n], len(counted)) for n, (language, _name) in enumerate(LANGUAGE_NAMES)]
