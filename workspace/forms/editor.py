"""The whole form for a series: its own fields, its sessions and questions, and the helper that fills in dates.

The buttons that only change the form ("Fill in dates", "Add a session") work without JavaScript. They send the whole form,
and it is shown again with the change and with everything that was typed, whether it was right or not.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.core import signing
from django.core.exceptions import BadRequest, ValidationError
from django.http import QueryDict

from sessions_app.editing.changes import in_order
from sessions_app.editing.data import EDITABLE_FIELDS, ListingData, QuestionData, SessionData, from_json, read, to_json
from sessions_app.editing.errors import CapacityTooLowError
from sessions_app.editing.saving import ForEditing
from sessions_app.models import Series
from workspace.forms.buttons import Values, fill_in_dates, press
from workspace.forms.fields import Meter, kept, meters, moment
from workspace.forms.listing import ListingForm, listing_initial
from workspace.forms.questions import QuestionFormSet, question_initial
from workspace.forms.rows import typed
from workspace.forms.sessions import RepeatForm, SessionForm, SessionFormSet, session_initial

SALT = "workspace.listing"
USUAL_TIMES = {"start": time(12), "end": time(13)}
HELPER = USUAL_TIMES | {"every": "2", "count": 3}
ROWS = ("sessions", "questions")
OPENING_TIME = time(8)


@dataclass(frozen=True)
class Start:
    """What the editor started from. It travels with the form, so that the work of two people can be merged."""

    data: ListingData
    revision: int = 0

    @classmethod
    def of(cls, saved: ForEditing) -> Self:
        return cls(saved.data, saved.revision)

    def sign(self) -> str:
        return signing.dumps([to_json(self.data), self.revision], salt=SALT, compress=True)

    @classmethod
    def read(cls, signed: str) -> Self:
        """Raises BadRequest for anything that `sign` did not make."""
        try:
            data, revision = signing.loads(signed, salt=SALT)
            return cls(from_json(data), revision)
        except (signing.BadSignature, KeyError, TypeError, ValueError) as error:
            raise BadRequest("The hidden part of the form was changed.") from error


class ListingEditor:
    """The form, filled in from what is saved or was typed (`values`), or from what was sent (`data`)."""

    def __init__(self, start: Start, values: Values | None = None, *, data: QueryDict | None = None) -> None:
        self.start = start
        self.note = self.note_at = ""  # what a button did, and in which section
        values = values or values_of(start.data)
        own = {name: {"own": {row.pk: row for row in getattr(start.data, name) if row.pk}} for name in ROWS}
        self.form = ListingForm(data, initial=values["form"], reminders=start.data.values["reminder_hours"])
        self.repeat = RepeatForm(initial=values["repeat"], prefix="repeat")
        self.sessions: Any = SessionFormSet(
            data, initial=values["sessions"], prefix="sessions", form_kwargs=own["sessions"]
        )
        self.questions: Any = QuestionFormSet(
            data, initial=values["questions"], prefix="questions", form_kwargs=own["questions"]
        )

    @classmethod
    def new(cls, zone: str, language: str, now: datetime) -> Self:
        """Return an empty form with the usual values: registration opens today, reminders a day and an hour before."""
        data = read(Series(time_zone=zone, language=language))
        values = values_of(data)
        values["form"] |= {"opens_date": now.astimezone(ZoneInfo(zone)).date(), "opens_time": OPENING_TIME}
        values["sessions"] = [dict(USUAL_TIMES)]
        return cls(Start(data), values)

    @classmethod
    def sent(cls, data: QueryDict) -> Self:
        """Return the form as it was sent. Raises BadRequest if its hidden part was changed."""
        editor = cls(Start.read(data.get("start", "")), data=data)
        helper = RepeatForm(data, prefix="repeat")
        editor.repeat = RepeatForm(initial=typed(helper), prefix="repeat")
        return editor

    def is_valid(self) -> bool:
        parts = [self.form.is_valid(), self.sessions.is_valid(), self.questions.is_valid()]
        return all(parts) and self.sessions.check_times(self.form.zone)

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Return (id of the field or "", error) of everything that is wrong, in the order of the page."""
        found = [*_errors(self.form), *_errors(self.repeat)]
        return found + self.sessions.named_errors + self.questions.named_errors

    @property
    def meters(self) -> list[Meter]:
        rows = [pair for form in [*self.sessions, *self.questions] for pair in form.pairs]
        return meters([*self.form.pairs.values(), *rows])

    @property
    def shows_more(self) -> bool:
        names = ("description", "objectives", "credits")
        return self.form.shows(*[f"{name}_{language}" for name in names for language in ("en", "fr")])

    @property
    def shows_closing(self) -> bool:
        return self.form.shows("closes_date", "closes_time", "late_joining")

    @property
    def shows_audience(self) -> bool:
        return self.form.shows("audience", "audience_required", "audience_note_en", "audience_note_fr")

    def add_error(self, error: Exception) -> None:
        """Add why a service refused the form, or what was merged into it."""
        field = "capacity" if isinstance(error, CapacityTooLowError) else None
        messages = error.messages if isinstance(error, ValidationError) else [str(error)]
        if not self.form.is_bound:  # it shows merged values, and Django adds errors only to a form that was checked
            self.form.cleaned_data = {}
        for message in messages:
            self.form.add_error(field, message)

    def listing(self) -> ListingData:
        """Return what was entered. Call it on a valid form."""
        before, zone = self.start.data.values, self.form.zone
        values = {name: self.form.cleaned_data[name] for name in EDITABLE_FIELDS}
        for name in ("audience", "reminder_hours"):  # the order has no meaning
            if sorted(values[name]) == sorted(before[name]):
                values[name] = before[name]
        for name in ("registration_opens_at", "registration_closes_at"):
            values[name] = kept(before[name], values[name], zone)
        sessions = [self._session(form) for form in self.sessions.filled]
        questions = [QuestionData(**form.cleaned_data) for form in self.questions.filled]
        return ListingData(values, in_order(sessions), questions)

    def _session(self, form: SessionForm) -> SessionData:
        zone, values = self.form.zone, dict(form.cleaned_data)
        del values["date"]
        for name, field in (("starts_at", "start"), ("ends_at", "end")):
            entered = moment(form.day_of(field), values.pop(field), zone)
            values[name] = kept(getattr(form.saved, name, None), entered, zone)
        return SessionData(**values, delivery=form.delivery)

    def after(self, action: str) -> Self:
        """Return the form after one of its own buttons was pressed: nothing is checked, nothing that was typed is lost.

        Raises BadRequest for a button that the form does not have.
        """
        values = self._typed()
        if action == "repeat":
            return self._with_dates(values)
        if action == "back":  # from a page that asked something
            return type(self)(self.start, values)
        note = press(action, values)
        editor = type(self)(self.start, values)
        editor.note, editor.note_at = note, "questions" if "question" in action else "sessions"
        return editor

    def as_new(self) -> Self:
        """Return the form for a new series with everything that was typed. The series that it was for is deleted."""
        values = self._typed()
        for row in [*values["sessions"], *values["questions"]]:
            row["pk"] = None
        return type(self)(Start(ListingData(self.start.data.values)), values)

    def _typed(self) -> Values:
        return {
            "form": typed(self.form),
            "repeat": typed(self.repeat),
            "sessions": self.sessions.typed,
            "questions": self.questions.typed,
        }

    def _with_dates(self, values: Values) -> Self:
        helper = RepeatForm({f"repeat-{name}": value for name, value in values["repeat"].items()}, prefix="repeat")
        note = fill_in_dates(values["sessions"], helper.cleaned_data, self.form.zone) if helper.is_valid() else ""
        editor = type(self)(self.start, values)
        editor.note, editor.note_at = note, "sessions"
        if helper.errors:
            editor.repeat = helper
        return editor


def values_of(data: ListingData) -> Values:
    """Return what the fields show for a listing."""
    zone = ZoneInfo(data.values["time_zone"])
    return {
        "form": listing_initial(data.values),
        "repeat": dict(HELPER),
        "sessions": [session_initial(session, zone) for session in data.sessions],
        "questions": [question_initial(question) for question in data.questions],
    }


def _errors(form: Any) -> list[tuple[str, str]]:
    return [
        (form[name].id_for_label if name in form.fields else "", str(error))
        for name, errors in form.errors.items()
        for error in errors
    ]
