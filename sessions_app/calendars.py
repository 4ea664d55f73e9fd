"""Calendar files (RFC 5545) and calendar emails (RFC 5546, RFC 6047). The rules are in docs/structure.md.

A session is an instant: DTSTART and DTEND in UTC, local times in words in the description. DTSTAMP and LAST-MODIFIED come
from the database, so the same facts give the same bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, timedelta
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from icalendar import Calendar, Event, vCalAddress, vDuration, vText, vUri

from accounts.links import absolute_url
from sessions_app.models import Delivery, Series, Session
from sessions_app.times import format_when

PRODID = "-//Palliative Care ECHO Project//Portal//EN"


@dataclass(frozen=True)
class Attendee:
    """The person whose calendar a session is emailed to. `uid_part` makes the UID unique to the registration."""

    name: str
    email: str
    uid_part: str
    join_link: str


def published(series: Iterable[Series], *, name: str = "") -> bytes:
    """Return a download or feed: METHOD:PUBLISH, never an ATTENDEE. Cancelled sessions stay in with their status.

    The sessions of each series are read from `series.sessions.all()`: prefetch them.
    """
    calendar = _feed(name or str(settings.PROJECT_NAME))
    for one in series:
        for session in one.sessions.all():
            calendar.add_component(_event(session, one, uid=f"session-{session.pk}@{_host()}"))
    return calendar.to_ical()


@dataclass(frozen=True)
class PersonalEntry:
    """A session in a personal feed, with the UID of the person's invitation."""

    session: Session
    series: Series
    uid_part: str
    join_link: str


def personal(entries: Iterable[PersonalEntry]) -> bytes:
    """Return a personal feed: METHOD:PUBLISH, no ATTENDEE, with the links to join."""
    calendar = _feed(_("%(project)s: my sessions") % {"project": settings.PROJECT_NAME})
    for entry in entries:
        uid = f"session-{entry.session.pk}-{entry.uid_part}@{_host()}"
        calendar.add_component(_event(entry.session, entry.series, uid=uid, join_link=entry.join_link))
    return calendar.to_ical()


def invitation(session: Session, series: Series, attendee: Attendee) -> bytes:
    """Return the calendar part of a confirmation: METHOD:REQUEST, already accepted, no reply wanted."""
    return _mailed("REQUEST", session, series, attendee, sequence=session.sequence)


def cancellation(session: Session, series: Series, attendee: Attendee) -> bytes:
    """Return METHOD:CANCEL for a session that does not take place. Saving it has raised its SEQUENCE."""
    return _mailed("CANCEL", session, series, attendee, sequence=session.sequence)


def withdrawal(session: Session, series: Series, attendee: Attendee) -> bytes:
    """Return METHOD:CANCEL with a higher SEQUENCE (RFC 5546 §3.2.5), to remove a session from a calendar."""
    return _mailed("CANCEL", session, series, attendee, sequence=session.sequence + 1)


def _mailed(method: str, session: Session, series: Series, attendee: Attendee, *, sequence: int) -> bytes:
    calendar = _calendar(method)
    event = _event(
        session, series, uid=f"session-{session.pk}-{attendee.uid_part}@{_host()}", join_link=attendee.join_link
    )
    event["SEQUENCE"] = sequence
    if method == "CANCEL":
        event["STATUS"] = vText("CANCELLED")
    organizer = vCalAddress(f"mailto:{settings.ORGANIZER_EMAIL}")
    organizer.params["CN"] = vText(str(settings.PROJECT_NAME))
    event.add("ORGANIZER", organizer)
    guest = vCalAddress(f"mailto:{attendee.email}")
    guest.params.update(
        {
            "CN": vText(attendee.name or attendee.email),
            "ROLE": "REQ-PARTICIPANT",
            "PARTSTAT": "ACCEPTED",
            "RSVP": "FALSE",
        }
    )
    event.add("ATTENDEE", guest)
    calendar.add_component(event)
    return calendar.to_ical()


def _feed(name: str) -> Calendar:
    """Return an empty feed to be polled every hour (RFC 7986 §5.7, and the older name that Outlook reads)."""
    calendar = _calendar("PUBLISH")
    calendar.add("X-WR-CALNAME", name)
    calendar.add("REFRESH-INTERVAL", vDuration(timedelta(hours=1)), parameters={"VALUE": "DURATION"})
    calendar["X-PUBLISHED-TTL"] = vText("PT1H")
    return calendar


def add_links(session: Session, series: Series) -> list[tuple[str, str]]:
    """Return (name, URL) of the web calendars that a session can be added to by a link."""
    start, end = session.starts_at.astimezone(UTC), session.ends_at.astimezone(UTC)
    title, details = _summary(session, series), absolute_url(series)
    google = {
        "action": "TEMPLATE",
        "text": title,
        "dates": f"{start:%Y%m%dT%H%M%SZ}/{end:%Y%m%dT%H%M%SZ}",
        "details": details,
    }
    outlook = {"path": "/calendar/action/compose", "rru": "addevent", "subject": title, "body": details}
    outlook |= {"startdt": f"{start:%Y-%m-%dT%H:%M:%SZ}", "enddt": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    return [
        ("Google", f"https://calendar.google.com/calendar/render?{urlencode(google)}"),
        ("Outlook.com", f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(outlook)}"),
        ("Office 365", f"https://outlook.office.com/calendar/0/deeplink/compose?{urlencode(outlook)}"),
    ]


def webcal(address: str) -> str:
    """Return a feed's URL with `webcal:` instead of `https:`, as calendar apps register for it."""
    return f"webcal:{address.partition(':')[2]}"


def subscribe_links(address: str, name: str) -> list[tuple[str, str]]:
    """Return (name, URL) of the web calendars that can subscribe to the feed at `address` by a link.

    Google accepts a feed only in its webcal form.
    """
    outlook = urlencode({"url": address, "name": name}, quote_via=quote)
    return [
        ("Google Calendar", f"https://calendar.google.com/calendar/r?{urlencode({'cid': webcal(address)})}"),
        ("Outlook.com", f"https://outlook.live.com/calendar/0/addfromweb?{outlook}"),
        ("Office 365", f"https://outlook.office.com/calendar/0/addfromweb?{outlook}"),
    ]


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("PRODID", PRODID)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method)
    return calendar


def _event(session: Session, series: Series, *, uid: str, join_link: str = "") -> Event:
    event = Event()
    event.add("UID", uid)
    event.add("SEQUENCE", session.sequence)
    event.add("DTSTAMP", session.updated_at.astimezone(UTC).replace(microsecond=0))
    event.add("LAST-MODIFIED", session.updated_at.astimezone(UTC).replace(microsecond=0))
    event.add("DTSTART", session.starts_at.astimezone(UTC))
    event.add("DTEND", session.ends_at.astimezone(UTC))
    event.add("SUMMARY", _summary(session, series))
    event.add("DESCRIPTION", _description(session, series, join_link))
    event.add("LOCATION", _("Online"))
    event.add("URL", vUri(join_link or absolute_url(series)))
    event.add("STATUS", _state(session, series))
    event.add("TRANSP", "OPAQUE")
    return event


def _state(session: Session, series: Series) -> str:
    if series.is_cancelled or session.delivery == Delivery.CANCELLED:
        return "CANCELLED"
    return "TENTATIVE" if session.delivery == Delivery.POSTPONED else "CONFIRMED"


def _summary(session: Session, series: Series) -> str:
    """Return the series' title with the session's own title or, if it has none, its number: "(1 of 3)".

    Postponed and cancelled sessions count too, or "(3 of 3)" in a calendar would become "(2 of 2)".
    """
    if session.title:
        return f"{series.title}{pgettext('between words', ':')} {session.title}"
    prefetch_related_objects([series], "sessions")  # read once a series, however many of its sessions are written
    keys = [one.pk for one in series.sessions.all()]
    if len(keys) < 2 or session.pk not in keys:  # noqa: PLR2004 - one is no number
        return series.title
    numbers = {"title": series.title, "number": keys.index(session.pk) + 1, "count": len(keys)}
    return _("%(title)s (%(number)s of %(count)s)") % numbers


def _description(session: Session, series: Series, join_link: str) -> str:
    lines = [format_when(session.starts_at, session.ends_at, series.zone), series.summary]
    if join_link:
        lines.append(_("To join: %(link)s") % {"link": join_link})
    lines.append(absolute_url(series))
    return "\n\n".join(str(line) for line in lines if line)


def _host() -> str:
    return settings.ORGANIZER_EMAIL.rpartition("@")[2]
