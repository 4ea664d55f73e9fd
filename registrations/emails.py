"""What each kind of message of this room says: text from one template, HTML in the portal's mail layout.

Each renderer looks once more whether its news still holds, and raises NoLongerTrue where it doesn't.
"""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.links import absolute_url
from outbox import kinds
from outbox.kinds import Attachment, Letter, NoLongerTrue
from outbox.letters import compose_letter
from registrations.models import Place, Registration
from registrations.tokens import make_join_token
from sessions_app import calendars
from sessions_app.models import Delivery, Session
from sessions_app.times import say_clock, say_date


def register_kinds() -> None:
    kinds.register("registered", render_registered)
    kinds.register("seat-found", render_seat_found)
    kinds.register("waitlisted", render_waitlisted)
    kinds.register("cancelled", render_cancelled)
    kinds.register("left-waitlist", render_left_waitlist)
    kinds.register("reminder-24h", render_reminder)
    kinds.register("reminder-1h", render_reminder)


def render_registered(data: dict[str, Any], now: datetime) -> Letter:
    registration = _registration(data, Place.CONFIRMED)
    return _letter(
        "registered", registration, _("You are registered: %(title)s"), now=now, calendar=calendars.invitation
    )


def render_seat_found(data: dict[str, Any], now: datetime) -> Letter:
    registration = _registration(data, Place.CONFIRMED)
    return _letter("seat_found", registration, _("A seat is yours: %(title)s"), now=now, calendar=calendars.invitation)


def render_waitlisted(data: dict[str, Any], now: datetime) -> Letter:
    registration = _registration(data, Place.WAITLISTED)
    return _letter("waitlisted", registration, _("You are on the waitlist: %(title)s"), now=now)


def render_cancelled(data: dict[str, Any], now: datetime) -> Letter:
    registration = _registration(data, Place.CANCELLED)
    return _letter(
        "cancelled", registration, _("Your seat is given up: %(title)s"), now=now, calendar=calendars.withdrawal
    )


def render_left_waitlist(data: dict[str, Any], now: datetime) -> Letter:
    registration = _registration(data, Place.CANCELLED)
    return _letter("left_waitlist", registration, _("You left the waitlist: %(title)s"), now=now)


def render_reminder(data: dict[str, Any], now: datetime) -> Letter:
    registration = _registration(data, Place.CONFIRMED)
    session = Session.objects.get(pk=data["session"])
    if session.delivery != Delivery.SCHEDULED or session.starts_at.isoformat() != data["starts_at"]:
        raise NoLongerTrue("The session is not at that time any more.")
    zone = registration.series.zone
    when = {
        "title": registration.series.title,
        "date": say_date(session.starts_at, zone, year=False),
        "time": say_clock(session.starts_at, zone),
    }
    context = {"session": session, "join_link": join_link(registration, session)}
    subject = _("%(date)s, %(time)s: %(title)s")
    return compose_letter("registrations/mail/reminder", subject % when, _context(registration) | context)


def join_link(registration: Registration, session: Session) -> str:
    return absolute_url(reverse("registrations:join", args=[make_join_token(registration.pk, session.pk)]))


def _registration(data: dict[str, Any], place: Place) -> Registration:
    registration = Registration.objects.select_related("series__hub", "user").filter(pk=data["registration"]).first()
    if registration is None or registration.place != place:
        raise NoLongerTrue("The registration has changed since.")
    if registration.series.is_cancelled and place != Place.CANCELLED:
        raise NoLongerTrue("The series was cancelled.")
    return registration


def _context(registration: Registration) -> dict[str, Any]:
    series = registration.series
    return {
        "registration": registration,
        "series": series,
        "person": registration.user,
        "sessions": list(series.sessions.meeting()),
        "series_link": absolute_url(series),
        "mine_link": absolute_url(reverse("registrations:mine")),
    }


def _letter(template: str, registration: Registration, subject: str, *, now: datetime, calendar: Any = None) -> Letter:
    attachments = []
    if calendar:
        for number, session in enumerate(registration.series.sessions.meeting().filter(ends_at__gt=now), start=1):
            content = calendar(session, registration.series, _attendee(registration, session))
            method = "CANCEL" if calendar is calendars.withdrawal else "REQUEST"
            attachments.append(Attachment(f"session-{number}.ics", content, f"text/calendar; method={method}"))
    title = {"title": registration.series.title}
    return compose_letter(f"registrations/mail/{template}", subject % title, _context(registration), attachments)


def _attendee(registration: Registration, session: Session) -> calendars.Attendee:
    user = registration.user
    return calendars.Attendee(user.name, user.email, str(registration.pk), join_link(registration, session))
