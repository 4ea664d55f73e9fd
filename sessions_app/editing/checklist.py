"""What is missing before a listing is submitted or published, and how complete each language is. Nothing here blocks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.languages import LANGUAGES
from hubs.models import Hub
from sessions_app.editing.data import TEXTS, ListingData, QuestionData, SessionData
from sessions_app.editing.repeat import days_to_check
from sessions_app.times import format_date

ALWAYS_WANTED = ("title", "summary")
LABELS = {
    "title": gettext_lazy("Title"),
    "summary": gettext_lazy("Summary"),
    "description": gettext_lazy("Description"),
    "objectives": gettext_lazy("Learning objectives"),
    "audience_note": gettext_lazy("Who it is for"),
    "credits": gettext_lazy("Accreditation"),
}
MISSING_IN = {
    "en": gettext_lazy("%(field)s in English"),
    "fr": gettext_lazy("%(field)s in French"),
}


class Level(StrEnum):
    """How serious it is. Neither blocks: a listing can be right without it."""

    MISSING = "missing"  # readers will miss it
    LOOK = "look"  # right if it is meant so


@dataclass(frozen=True)
class Check:
    """One thing to look at. `field` is what to edit: "summary_fr", "registration_opens_at", "sessions" or "sessions.3"
    (the index in `data.sessions`), "questions" or "questions.0"."""

    code: str
    sentence: str
    level: Level
    field: str


def checklist(data: ListingData, hub: Hub | None, now: datetime) -> list[Check]:
    """Return what is missing or deserves a look, in the order of the page."""
    return [*_texts(data), *_rows(data), *_registration(data), *_links(data, now), *_dates(data, hub, now)]


def check_new_dates(before: ListingData, after: ListingData, hub: Hub | None, now: datetime) -> list[Check]:
    """Return what deserves a look about the sessions that `after` adds or moves: a Saturday, a holiday, a past date."""
    known = {(session.pk, session.starts_at, session.ends_at) for session in before.sessions}
    new = {
        f"sessions.{place}"
        for place, session in enumerate(after.sessions)
        if (session.pk, session.starts_at, session.ends_at) not in known
    }
    return [check for check in _dates(after, hub, now) if check.field in new]


def _texts(data: ListingData) -> Iterator[Check]:
    for name in TEXTS:
        for language in _missing(data.values, name, always=name in ALWAYS_WANTED):
            sentence = str(MISSING_IN[language]) % {"field": LABELS[name]}
            yield Check(f"no-{language}", sentence, Level.MISSING, f"{name}_{language}")


def _missing(values: dict[str, str], name: str, *, always: bool = False) -> list[str]:
    """Return the languages in which a text is missing: none if there is no such text at all, unless it is always wanted."""
    missing = [language for language in LANGUAGES if not values[f"{name}_{language}"].strip()]
    return missing if always or len(missing) < len(LANGUAGES) else []


def _rows(data: ListingData) -> Iterator[Check]:
    """One check for each language in which titles, speakers, questions or answers are missing, at the first of them."""
    parts: list[tuple[str, Iterable[SessionData | QuestionData], str, str]] = [
        ("sessions", data.sessions, "title", _("Titles of the sessions")),
        ("sessions", data.sessions, "speakers", _("Speakers")),
        ("questions", data.questions, "label", _("Questions")),
        ("questions", data.questions, "options", _("Answers to choose from")),
    ]
    for kind, rows, name, label in parts:
        for language in LANGUAGES:
            places = [place for place, row in enumerate(rows) if language in _missing(vars(row), name)]
            if places:
                sentence = str(MISSING_IN[language]) % {"field": label}
                yield Check(f"no-{language}", sentence, Level.MISSING, f"{kind}.{places[0]}")


def _registration(data: ListingData) -> Iterator[Check]:
    opens_at, closes_at = data.values["registration_opens_at"], data.values["registration_closes_at"]
    if opens_at is None:
        sentence = _("There is no opening time, so nobody can register yet.")
        yield Check("no-opening", sentence, Level.MISSING, "registration_opens_at")
    elif closes_at and closes_at <= opens_at:
        sentence = _("Registration closes before it opens.")
        yield Check("closes-before-opening", sentence, Level.MISSING, "registration_closes_at")
    elif data.sessions and opens_at >= max(session.starts_at for session in data.sessions):
        sentence = _("Registration opens after the last session starts.")
        yield Check("opens-too-late", sentence, Level.LOOK, "registration_opens_at")


def _links(data: ListingData, now: datetime) -> Iterator[Check]:
    if not data.sessions:
        sentence = _("There are no sessions yet. The page will show the series without dates.")
        yield Check("no-sessions", sentence, Level.LOOK, "sessions")
    without = [place for place, one in enumerate(data.sessions) if not one.join_url and one.ends_at > now]
    if without:
        sentence = ngettext("%(n)s session has no join link.", "%(n)s sessions have no join link.", len(without))
        yield Check("no-link", sentence % {"n": len(without)}, Level.MISSING, f"sessions.{without[0]}")


def _dates(data: ListingData, hub: Hub | None, now: datetime) -> Iterator[Check]:
    zone, provinces = ZoneInfo(data.values["time_zone"]), hub.provinces or None if hub else None
    for place, session in enumerate(data.sessions):
        field, day = f"sessions.{place}", format_date(session.starts_at, zone, weekday=False)
        if session.ends_at <= session.starts_at:
            sentence = _("The session on %(day)s ends before it starts.") % {"day": day}
            yield Check("ends-before-start", sentence, Level.MISSING, field)
        if session.starts_at <= now:
            yield Check("in-the-past", _("The session on %(day)s is in the past.") % {"day": day}, Level.LOOK, field)
        for note in days_to_check([session.starts_at.astimezone(zone).date()], provinces):
            sentence = _("The session on %(day)s is on %(reason)s.") % {"day": day, "reason": note.reason}
            yield Check(note.code, sentence, Level.LOOK, field)


def completeness(data: ListingData) -> dict[str, tuple[int, int]]:
    """Return {"en": (done, total), "fr": (done, total)}. Counts title, summary, and what is written in either language."""
    texts = [(data.values, name, name in ALWAYS_WANTED) for name in TEXTS]
    texts += [(vars(row), name, False) for row in data.sessions for name in ("title", "speakers")]
    texts += [(vars(row), name, False) for row in data.questions for name in ("label", "options")]
    filled = [
        {language: bool(values[f"{name}_{language}"].strip()) for language in LANGUAGES} for values, name, _ in texts
    ]
    counted = [one for one, (_values, _name, always) in zip(filled, texts, strict=True) if always or any(one.values())]
    return {language: (sum(one[language] for one in counted), len(counted)) for language in LANGUAGES}
