"""The emails about registrations and sessions. Their texts are in templates/registrations/email/.

Each renderer checks that its message is still true, and raises OutdatedMessage if it isn't.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.languages import LANGUAGES, Text, current_language
from accounts.links import absolute_url
from outbox import message_types
from outbox.message_types import Attachment, OutdatedMessage, RenderedEmail
from outbox.models import Message, State
from outbox.rendering import render_email
from registrations.models import (
    EndReason,
    HubMessage,
    Intention,
    Invitation,
    Recipients,
    Registration,
    RegistrationState,
)
from registrations.queries import waitlist_position_of
from registrations.tokens import make_join_token, make_registration_token
from sessions_app import calendars
from sessions_app.listings import Listing
from sessions_app.models import Delivery, Resource, Series, Session
from sessions_app.queries import for_list, offered
from sessions_app.times import format_clock, format_until


@dataclass(frozen=True)
class RegistrationEmail:
    """A message about a registration: true while it has the `state`, and ended for `reason` if there is one."""

    state: RegistrationState
    reason: EndReason | None = None
    calendar: Callable[..., bytes] | None = None  # makes the calendar attachment of each upcoming session
    offers: bool = False  # whether it lists the next series for the same audience


CONFIRMED, WAITLISTED = RegistrationState.CONFIRMED, RegistrationState.WAITLISTED
RECORDING, CANCELLED = RegistrationState.RECORDING, RegistrationState.CANCELLED
# The subjects, by message type.
SUBJECTS = {
    "registered": gettext_lazy("You are registered: %(title)s"),
    "seat-found": gettext_lazy("You have a seat: %(title)s"),
    "waitlisted": gettext_lazy("You are on the waitlist: %(title)s"),
    "invited": gettext_lazy("Please confirm your seat: %(title)s"),
    "recording-only": gettext_lazy("You asked for the recording: %(title)s"),
    "cancelled": gettext_lazy("Your registration is cancelled: %(title)s"),
    "declined": gettext_lazy("You declined the seat: %(title)s"),
    "left-waitlist": gettext_lazy("You left the waitlist: %(title)s"),
    "cancelled-by-us": gettext_lazy("Your registration was cancelled: %(title)s"),
    "series-cancelled": gettext_lazy("Cancelled: %(title)s"),
    "series-withdrawn": gettext_lazy("Will not take place: %(title)s"),
    "waitlist-closed": gettext_lazy("No seat opened up: %(title)s"),
    "invitation-lapsed": gettext_lazy("Your reserved seat was released: %(title)s"),
}
MESSAGE_TYPES = {
    "registered": RegistrationEmail(CONFIRMED, calendar=calendars.invitation),
    "seat-found": RegistrationEmail(CONFIRMED, calendar=calendars.invitation),
    "waitlisted": RegistrationEmail(WAITLISTED, offers=True),
    "invited": RegistrationEmail(CONFIRMED),
    "recording-only": RegistrationEmail(RECORDING, calendar=calendars.withdrawal),
    "cancelled": RegistrationEmail(CANCELLED, calendar=calendars.withdrawal),
    "declined": RegistrationEmail(CANCELLED),
    "left-waitlist": RegistrationEmail(CANCELLED),
    "cancelled-by-us": RegistrationEmail(CANCELLED, EndReason.STAFF, calendars.withdrawal, offers=True),
    "series-cancelled": RegistrationEmail(CANCELLED, EndReason.SERIES_CANCELLED, calendars.withdrawal, offers=True),
    "series-withdrawn": RegistrationEmail(CANCELLED, EndReason.WITHDRAWN, calendars.withdrawal, offers=True),
    "waitlist-closed": RegistrationEmail(CANCELLED, EndReason.WAITLIST_CLOSED, offers=True),
    "invitation-lapsed": RegistrationEmail(CANCELLED, EndReason.LAPSED),
}
# Templates that are not named after their message type.
TEMPLATES = {"series-withdrawn": "series_cancelled"}
OFFERS = 3
OLD_TIMES = ("old_starts_at", "old_ends_at")
IS_OFF = (Delivery.CANCELLED, Delivery.POSTPONED)
# An absence in one of these states has not reached the team, so the team needs no message when it is withdrawn.
UNTOLD = (State.QUEUED, State.EXPIRED, State.FAILED, State.SUPPRESSED)

# A hub's message to people in certain states is only sent to those who are still in one of them.
ACTIVE = (CONFIRMED, WAITLISTED, RECORDING)
STATES_OF_RECIPIENTS = {
    Recipients.EVERYONE: ACTIVE,
    Recipients.SELECTED: ACTIVE,
    Recipients.CONFIRMED: (CONFIRMED,),
    Recipients.WAITLISTED: (WAITLISTED,),
}


def register_message_types() -> None:
    renderers: dict[str, Callable[[Any, datetime], RenderedEmail]] = {
        name: partial(_render, name) for name in MESSAGE_TYPES
    } | {
        "moved": render_moved,
        "session-changed": render_session_changed,
        "recording-available": render_recording_available,
        "reminder-24h": partial(render_reminder, "reminder_24h"),
        "reminder-1h": partial(render_reminder, "reminder"),
    }
    for name, renderer in renderers.items():
        message_types.register(name, renderer, load_registrations)
    message_types.register("hub-message", render_hub_message, load_hub_messages)
    message_types.register("colleague-not-coming", render_colleague_not_coming)
    message_types.register("absence", render_absence)
    message_types.register("absence-withdrawn", render_absence_withdrawn)


def load_registrations(datas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the data of each message with its registration in place of the id, or None if it was deleted.

    The registrations come with everything that the renderers and templates read of them, in three queries for all.
    """
    registrations = Registration.objects.select_related("series__hub", "user__profile", "invitation__inviter")
    registrations = registrations.prefetch_related("series__sessions", "intentions")
    found = registrations.in_bulk({data["registration"] for data in datas})
    return [data | {"registration": found.get(data["registration"])} for data in datas]


def _render(name: str, data: dict[str, Any], now: datetime) -> RenderedEmail:
    message_type = MESSAGE_TYPES[name]
    registration = _registration(data, message_type.state)
    if message_type.reason and registration.end_reason != message_type.reason:
        raise OutdatedMessage("The registration has changed since.")
    context = _context(registration) | {"note": _note(data), "had": data.get("had", "")}
    context |= {"registration_link": registration_link(registration), "waitlist": waitlist_position_of(registration)}
    if message_type.offers:
        context["offers"] = data["offers"] if "offers" in data else offers(registration, now)
    attachments = []
    if message_type.calendar and registration.confirmed_at and registration.held_until is None:
        attachments = _calendar_parts(registration, message_type.calendar, now)
    template = TEMPLATES.get(name, name.replace("-", "_"))
    return _from_template(template, registration.series, str(SUBJECTS[name]), context, attachments)


def _note(data: dict[str, Any]) -> Text:
    """Return the team's message: in the reader's language if it is written in both."""
    note, reader = data.get("note") or "", current_language()
    if isinstance(note, str):  # to one person, or written before an upgrade
        return Text(note, reader)
    language = next((code for code in (reader, *LANGUAGES) if note.get(code)), reader)
    return Text(note.get(language, ""), language)


def render_reminder(template: str, data: dict[str, Any], now: datetime) -> RenderedEmail:
    registration = _registration(data, CONFIRMED)
    session = _session(registration, data)
    if session.delivery != Delivery.SCHEDULED or session.starts_at.isoformat() != data["starts_at"]:
        raise OutdatedMessage("The session is not at that time any more.")
    intentions = registration.intentions.all()
    intention = next((intention for intention in intentions if intention.session_id == session.pk), None)
    if intention and not intention.is_coming:
        raise OutdatedMessage("The person said that they cannot come to this one.")
    zone = registration.series.zone
    # counted from now, not from the hours that were set: a reminder that waited must not say "in one hour" too late
    when = {"when": format_until(session.starts_at, now, zone), "time": format_clock(session.starts_at, zone)}
    context = {
        "session": session,
        "until": when["when"],
        "join_link": join_link(registration, session),
        "registration_link": registration_link(registration, session),
        "has_said": intention is not None,
    }
    subject = _("%(when)s, %(time)s: %(title)s")
    return _from_template(template, registration.series, subject, _context(registration) | context, words=when)


def render_session_changed(data: dict[str, Any], now: datetime) -> RenderedEmail:
    """Render the old time, struck through, and the new one.

    A person with a seat also gets an update or a cancellation for their calendar. A person on the waitlist, or with an
    unanswered invitation, gets neither that nor a link to join.
    """
    registration = _registration(data, CONFIRMED, WAITLISTED)
    session = _session(registration, data)
    series, is_off = registration.series, session.delivery in IS_OFF
    has_seat = registration.state == CONFIRMED and not registration.is_held
    old_starts_at, old_ends_at = (data[name] and datetime.fromisoformat(data[name]) for name in OLD_TIMES)
    context = {
        "session": session,
        "is_off": is_off,
        "note": _note(data) if is_off else "",
        "has_seat": has_seat,
        "is_waiting": registration.state == WAITLISTED,
        "is_back": not is_off and data["old_delivery"] in IS_OFF,
        "is_one_of_many": any(other.pk != session.pk for other in _meetings(series)),
        "old_starts_at": old_starts_at,
        "old_ends_at": old_ends_at,
        "has_moved": (old_starts_at, old_ends_at) != (session.starts_at, session.ends_at),
        "registration_link": registration_link(registration, session if has_seat else None),
    }
    calendar, method = (calendars.cancellation, "CANCEL") if is_off else (calendars.invitation, "REQUEST")
    parts = [_calendar_part("session.ics", calendar, method, registration, session)] if has_seat else []
    if session.delivery == Delivery.CANCELLED:
        subject = _("A session is cancelled: %(title)s")
    elif session.delivery == Delivery.POSTPONED:
        subject = _("A session is postponed: %(title)s")
    else:
        subject = _("A session has changed: %(title)s")
    return _from_template("session_changed", series, subject, _context(registration) | context, parts)


def render_recording_available(data: dict[str, Any], now: datetime) -> RenderedEmail:
    registration = _registration(data, CONFIRMED, RECORDING)
    resource = Resource.objects.filter(pk=data["resource"]).first()
    if resource is None:
        raise OutdatedMessage("The recording was deleted.")
    context = _context(registration) | {"resource": resource}
    return _from_template(
        "recording_available", registration.series, _("The recording is available: %(title)s"), context
    )


def render_moved(data: dict[str, Any], now: datetime) -> RenderedEmail:
    """Render one message about both series: the one that the person left and the one that they were moved to."""
    left = _registration(data, CANCELLED)
    arrived = Registration.objects.select_related("series__hub", "user__profile").get(pk=data["to"])
    if arrived.state == CANCELLED:
        raise OutdatedMessage("The new place has ended since.")
    attachments = _calendar_parts(left, calendars.withdrawal, now) if left.confirmed_at else []
    if arrived.state == CONFIRMED:
        first = len(attachments) + 1
        attachments += _calendar_parts(arrived, calendars.invitation, now, first=first)
    context = _context(arrived) | {
        "left": left.series,
        "is_waiting": arrived.state == WAITLISTED,
        "updates_calendar": bool(attachments),
        "registration_link": registration_link(arrived),
    }
    return _from_template("moved", arrived.series, _("Your registration was moved: %(title)s"), context, attachments)


def load_hub_messages(datas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each message's registration and the text of the hub, or None for what was deleted, in two queries for all."""
    registrations = Registration.objects.select_related("series__hub", "user")
    found = registrations.in_bulk({data["registration"] for data in datas})
    texts = HubMessage.objects.in_bulk({data["hub_message"] for data in datas})
    return [{"registration": found.get(data["registration"]), "text": texts.get(data["hub_message"])} for data in datas]


def render_hub_message(data: dict[str, Any], now: datetime) -> RenderedEmail:
    """Render what a hub wrote, in the person's language if the hub wrote in it, and otherwise in the other one."""
    registration, text = data["registration"], data["text"]
    if registration is None or text is None:
        raise OutdatedMessage("The registration or the message was deleted.")
    states = STATES_OF_RECIPIENTS.get(text.recipients)
    if states and registration.state not in states:
        raise OutdatedMessage("The registration has changed since.")
    series = registration.series
    context = {"series": series, "text": text}
    return render_email("registrations/email/hub_message", text.subject, context, reply_to=series.contact_email)


def render_colleague_not_coming(data: dict[str, Any], now: datetime) -> RenderedEmail:
    found = Invitation.objects.select_related("series__hub", "inviter", "registration").filter(pk=data["invitation"])
    invitation = found.first()
    if invitation is None:
        raise OutdatedMessage("The invitation and the name in it were deleted.")
    series, ended = invitation.series, invitation.registration
    has_lapsed = bool(ended and ended.end_reason == EndReason.LAPSED)
    context = {
        "invitation": invitation,
        "series": series,
        "series_link": absolute_url(series),
        "has_lapsed": has_lapsed,
    }
    return _from_template("colleague_not_coming", series, _("A colleague isn’t coming: %(title)s"), context)


def render_absence(data: dict[str, Any], now: datetime) -> RenderedEmail:
    """Tell the team that someone with a seat in the series cannot come to one session."""
    intention = _intention(data, is_coming=False)
    return _to_team("absence", intention, _("Absence from one session: %(title)s"))


def render_absence_withdrawn(data: dict[str, Any], now: datetime) -> RenderedEmail:
    """Tell the team that someone who could not come to one session can come after all."""
    intention = _intention(data, is_coming=True)
    if Message.objects.filter(key=data["absence"], state__in=UNTOLD).exists():
        raise OutdatedMessage("The team was not told of the absence.")
    return _to_team("absence_withdrawn", intention, _("Absence withdrawn: %(title)s"))


def _intention(data: dict[str, Any], *, is_coming: bool) -> Intention:
    """Return the person's intention if it is still the one that the message is about."""
    intentions = Intention.objects.select_related("registration__series__hub", "registration__user", "session")
    intention = intentions.get(pk=data["intention"])
    # messages written before an upgrade do not have the time
    is_latest = "answered_at" not in data or datetime.fromisoformat(data["answered_at"]) == intention.answered_at
    if intention.is_coming != is_coming or not is_latest:
        raise OutdatedMessage("The person has said something else since.")
    if intention.registration.state != CONFIRMED:
        raise OutdatedMessage("The person has given the seat up.")
    return intention


def _to_team(template: str, intention: Intention, subject: str) -> RenderedEmail:
    series = intention.registration.series
    context: dict[str, Any] = {"person": intention.registration.user, "session": intention.session, "series": series}
    return _from_template(template, series, subject, context)


def join_link(registration: Registration, session: Session) -> str:
    return absolute_url(reverse("registrations:join", args=[make_join_token(registration.pk, session.pk)]))


def registration_link(registration: Registration, session: Session | None = None) -> str:
    """Return the address of the page where a person answers or cancels their registration without signing in."""
    token = make_registration_token(registration.pk, session.pk if session else None)
    return absolute_url(reverse("registrations:registration_link", args=[token]))


def _registration(data: dict[str, Any], *states: RegistrationState) -> Registration:
    """Return the registration that was loaded. Raises OutdatedMessage unless it is in one of the `states`."""
    registration: Registration | None = data["registration"]
    if registration is None or registration.state not in states:
        raise OutdatedMessage("The registration has changed since.")
    if registration.series.is_cancelled and registration.state != CANCELLED:
        raise OutdatedMessage("The series was cancelled.")
    return registration


def _session(registration: Registration, data: dict[str, Any]) -> Session:
    """Return the session of the series that the message is about. Raises OutdatedMessage if it was deleted."""
    for session in registration.series.sessions.all():
        if session.pk == data["session"]:
            return session
    raise OutdatedMessage("The session was deleted.")


def _context(registration: Registration) -> dict[str, Any]:
    series = registration.series
    return {
        "registration": registration,
        "invitation": getattr(registration, "invitation", None) if registration.held_until else None,
        "series": series,
        "person": registration.user,
        "reader": registration.user.zone_if_known,
        "sessions": _meetings(series),
        "series_link": absolute_url(series),
        "mine_link": absolute_url(reverse("registrations:mine")),
    }


def offers(registration: Registration, now: datetime) -> list[Listing]:
    """Return the next open series for the same audience that the person is not registered for."""
    user = registration.user
    own = Registration.objects.active().filter(user=user.pk).values("series")
    others = for_list(offered(registration.series, now).exclude(pk__in=own))[:OFFERS]
    return [Listing(other, now, user.zone_if_known) for other in others]


def _from_template(
    template: str,
    series: Series,
    subject: str,
    context: dict[str, Any],
    attachments: list[Attachment] | None = None,
    *,
    words: dict[str, str] | None = None,
) -> RenderedEmail:
    line = subject % {"title": series.title, **(words or {})}
    return render_email(f"registrations/email/{template}", line, context, attachments, reply_to=series.contact_email)


def _calendar_parts(
    registration: Registration, calendar: Callable[..., bytes], now: datetime, *, first: int = 1
) -> list[Attachment]:
    method = "CANCEL" if calendar is calendars.withdrawal else "REQUEST"
    ahead = [session for session in _meetings(registration.series) if session.ends_at > now]
    return [
        _calendar_part(f"session-{number}.ics", calendar, method, registration, session)
        for number, session in enumerate(ahead, start=first)
    ]


def _calendar_part(
    filename: str, calendar: Callable[..., bytes], method: str, registration: Registration, session: Session
) -> Attachment:
    user = registration.user
    attendee = calendars.Attendee(user.name, user.email, str(registration.pk), join_link(registration, session))
    return Attachment(filename, calendar(session, registration.series, attendee), f"text/calendar; method={method}")


def _meetings(series: Series) -> list[Session]:
    """Return the sessions that take place, in order. They are read once for each series."""
    prefetch_related_objects([series], "sessions")
    return [session for session in series.sessions.all() if session.delivery not in IS_OFF]
