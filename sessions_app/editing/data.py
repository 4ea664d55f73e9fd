"""What an editor edits of a series, as plain values. The form fills them, the services save them, and staff compare them."""

from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sessions_app.models import Delivery, Question, Series, Session

TEXTS = ("title", "summary", "description", "objectives", "audience_note", "credits")
TEXT_FIELDS = tuple(f"{name}_{language}" for name in TEXTS for language in ("en", "fr"))
EDITABLE_FIELDS = (
    *TEXT_FIELDS,
    "audience",
    "audience_required",
    "language",
    "time_zone",
    "capacity",
    "waitlist_enabled",
    "registration_opens_at",
    "registration_closes_at",
    "late_joining",
    "reminder_hours",
    "is_unlisted",
)
MOMENTS = ("registration_opens_at", "registration_closes_at", "starts_at", "ends_at")


@dataclass(frozen=True, kw_only=True)
class SessionData:
    """A session. `pk` is None for a new one. `delivery` is shown, not edited: see cancelling.py."""

    pk: int | None = None
    starts_at: datetime
    ends_at: datetime
    title_en: str = ""
    title_fr: str = ""
    speakers_en: str = ""
    speakers_fr: str = ""
    join_url: str = ""
    delivery: str = Delivery.SCHEDULED.value


@dataclass(frozen=True, kw_only=True)
class QuestionData:
    """A question to those who register. `pk` is None for a new one. Their order in the listing is the order on the page."""

    pk: int | None = None
    kind: str
    label_en: str = ""
    label_fr: str = ""
    options_en: str = ""
    options_fr: str = ""
    is_required: bool = False


@dataclass(frozen=True)
class ListingData:
    """A listing as it is edited. `values` has the EDITABLE_FIELDS. Cancelled sessions are left out: they stay as they are."""

    values: dict[str, Any]
    sessions: list[SessionData] = field(default_factory=list)
    questions: list[QuestionData] = field(default_factory=list)

    def with_values(self, **values: Any) -> "ListingData":
        return replace(self, values=self.values | values)


def read(series: Series) -> ListingData:
    """Return what is saved now, also of a series that was not saved yet. Two queries unless prefetched."""
    sessions, questions = (series.sessions.all(), series.questions.all()) if series.pk else ([], [])
    return ListingData(
        {name: getattr(series, name) for name in EDITABLE_FIELDS},
        [_read(SessionData, session) for session in sessions if session.delivery != Delivery.CANCELLED],
        [_read(QuestionData, question) for question in questions],
    )


def _read(kind: Any, row: Session | Question) -> Any:
    return kind(**{one.name: getattr(row, one.name) for one in fields(kind)})


def to_json(data: ListingData) -> dict[str, Any]:
    """Return the data as JSON (ChangeRequest, or a hidden field of a form). Times are ISO 8601 with their offset."""
    return {
        "values": _with_texts(data.values),
        "sessions": [_with_texts(asdict(session)) for session in data.sessions],
        "questions": [asdict(question) for question in data.questions],
    }


def from_json(json: dict[str, Any]) -> ListingData:
    """Return the data that `to_json` gave. Fields that it does not know, as from another release, are left out.

    Raises KeyError, TypeError or ValueError for anything that `to_json` did not make.
    """
    new = {name: value for name, value in json["values"].items() if name in EDITABLE_FIELDS}
    return ListingData(
        read(Series()).values | _with_moments(new),
        [_build(SessionData, row) for row in json["sessions"]],
        [_build(QuestionData, row) for row in json["questions"]],
    )


def _build(kind: Any, row: dict[str, Any]) -> Any:
    known = {one.name for one in fields(kind)}
    return kind(**{name: value for name, value in _with_moments(row).items() if name in known})


def _with_texts(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _with_moments(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in MOMENTS and value else value for name, value in values.items()
    }
