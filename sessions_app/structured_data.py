"""JSON-LD for search engines: a series as schema.org EducationEvent, online, each session a subEvent."""

import json
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from accounts.links import absolute_url
from sessions_app.models import Delivery, Series, Session

SCHEMA = "https://schema.org/"
STATES = {Delivery.CANCELLED: "EventCancelled", Delivery.POSTPONED: "EventPostponed"}
# A JSON text inside <script> must not be able to close it.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def series_json_ld(series: Series) -> SafeString:
    """The series as a JSON text that is safe inside a script element; never a join link."""
    sessions = list(series.sessions.all())
    data = {"@context": SCHEMA.rstrip("/")} | _event(series, series.is_cancelled)
    if sessions:
        data["startDate"] = sessions[0].starts_at.isoformat()
        data["endDate"] = sessions[-1].ends_at.isoformat()
        data["subEvent"] = [_session(session, series) for session in sessions]
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(ESCAPES))


def _session(session: Session, series: Series) -> dict[str, Any]:
    event = _event(series, series.is_cancelled)
    event |= {"name": str(session.title or series.title)}
    event |= {"startDate": session.starts_at.isoformat(), "endDate": session.ends_at.isoformat()}
    if session.delivery in STATES and not series.is_cancelled:
        event["eventStatus"] = SCHEMA + STATES[Delivery(session.delivery)]
    if session.speakers:
        event["performer"] = [{"@type": "Person", "name": line.partition(",")[0]} for line in session.speaker_lines]
    return event


def _event(series: Series, cancelled: bool) -> dict[str, Any]:
    languages = ["en", "fr"] if series.language == "both" else [series.language]
    return {
        "@type": "EducationEvent",
        "name": str(series.title),
        "description": str(series.summary or series.title),
        "inLanguage": [f"{language}-CA" for language in languages],
        "url": absolute_url(series),
        "eventAttendanceMode": SCHEMA + "OnlineEventAttendanceMode",
        "eventStatus": SCHEMA + ("EventCancelled" if cancelled else "EventScheduled"),
        "location": {"@type": "VirtualLocation", "url": absolute_url(series)},
        "organizer": {"@type": "Organization", "name": str(series.hub.name if series.hub else settings.PROJECT_NAME)},
        "isAccessibleForFree": True,
    }
