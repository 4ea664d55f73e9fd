"""Session news, subscribers' reminders, and the email that registration has opened.

Each renderer checks that its message is still true, and raises OutdatedMessage if it isn't. Subscribers who get the
same news in the same language share one rendering, if their messages were loaded together.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.languages import current_language
from accounts.links import absolute_url
from accounts.zones import PROJECT_ZONE
from newsletters.matching import reader_of, registered, suits
from newsletters.models import Subscriber, Topic
from newsletters.rendering import LINKS
from newsletters.services.opening import TOLD_IN
from outbox import message_types
from outbox.bulk import PLACEHOLDER, BulkTemplate, placeholder
from outbox.message_types import ForgottenMeanwhile, OutdatedMessage, RenderedEmail, UnsubscribedMeanwhile
from outbox.rendering import render_email
from sessions_app.listings import Listing
from sessions_app.models import Delivery, Series, Session
from sessions_app.queries import for_list
from sessions_app.status import Status, registration_status
from sessions_app.times import format_date, format_until


def register_message_types() -> None:
    message_types.register("session-news", render_session_news, load_session_news)
    message_types.register("session-reminder", render_session_reminder, load_session_reminders)
    message_types.register("registration-opened", render_registration_opened)


@dataclass
class Loaded:
    """What an email to a subscriber needs. `own` are the series that they are registered for.

    `written` is the same for all that were loaded together: each email by its language and what it tells of.
    """

    subscriber: Subscriber | None
    series: list[Series] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    day: date | None = None
    more: int = 0  # sessions of the day that the email does not list
    own: Collection[int] = ()
    written: dict[tuple[str, tuple[int, ...]], BulkTemplate] = field(default_factory=dict)


def load_session_news(datas: list[dict[str, Any]]) -> list[Loaded]:
    """Read the subscribers, the series that are still in the program, and who is registered, in four queries for all."""
    wanted = {pk for data in datas for pk in data.get("series", [])}
    series = for_list(Series.objects.listed()).in_bulk(wanted)
    found = _load_subscribers(datas, series)
    for one, data in zip(found, datas, strict=True):
        one.series = [series[pk] for pk in data.get("series", []) if pk in series]
    return found


def load_session_reminders(datas: list[dict[str, Any]]) -> list[Loaded]:
    """Read the subscribers, the sessions whose series are still in the program, and who is registered."""
    wanted = {pk for data in datas for pk in data.get("sessions", [])}
    listed = Session.objects.filter(series__in=Series.objects.listed().order_by())
    sessions = listed.select_related("series__hub").in_bulk(wanted)
    found = _load_subscribers(datas, [session.series_id for session in sessions.values()])
    for one, data in zip(found, datas, strict=True):
        one.sessions = [sessions[pk] for pk in data.get("sessions", []) if pk in sessions]
        one.day = date.fromisoformat(data["day"]) if "day" in data else None
        one.more = data.get("more", 0)
    return found


def _load_subscribers(datas: list[dict[str, Any]], series: Collection[int]) -> list[Loaded]:
    people = Subscriber.objects.in_bulk({data.get("subscriber") for data in datas})
    pairs = registered([person.email for person in people.values()], series)
    subscribers = [people.get(data.get("subscriber")) for data in datas]
    written: dict[tuple[str, tuple[int, ...]], BulkTemplate] = {}
    return [
        Loaded(one, own={pk for email, pk in pairs if one and email == one.email}, written=written)
        for one in subscribers
    ]


def render_session_news(loaded: Loaded, now: datetime) -> RenderedEmail:
    subscriber = _receiving(loaded, Topic.SESSION_NEWS, now)
    series = [one for one in loaded.series if _is_offered(one, subscriber, loaded, now)]
    if not series:
        raise OutdatedMessage("There is nothing new left for this person.")
    return _to_subscriber(subscriber, loaded, [one.pk for one in series], lambda: _write_news(series, now))


def _write_news(series: list[Series], now: datetime) -> RenderedEmail:
    subject = ngettext("New session: %(title)s", "New sessions: %(title)s and %(more)s more", len(series))
    subject %= {"title": series[0].title, "more": len(series) - 1}
    context = {"listings": [Listing(one, now) for one in series], "list_link": _list_link()}
    return _render_bulk("session_news", subject, context)


def render_session_reminder(loaded: Loaded, now: datetime) -> RenderedEmail:
    """Render the sessions of a day that are still on that day. One that moved to another day is in that day's reminder."""
    subscriber = _receiving(loaded, Topic.REMINDERS, now)
    due = [session for session in loaded.sessions if _is_due(session, loaded, now)]
    sessions = [session for session in due if _is_offered(session.series, subscriber, loaded, now)]
    if not sessions:
        raise OutdatedMessage("None of the sessions is on that day any more with a seat for this person.")
    sessions.sort(key=lambda session: (session.starts_at, session.pk))
    told = [loaded.more, *(session.pk for session in sessions)]
    return _to_subscriber(subscriber, loaded, told, lambda: _write_reminder(sessions, loaded.more, now))


def _write_reminder(sessions: list[Session], more: int, now: datetime) -> RenderedEmail:
    """Write the email about these sessions. `more` is how many others of the day it does not list."""
    first, zone = sessions[0], ZoneInfo(PROJECT_ZONE)
    when = format_until(first.starts_at, now, zone)
    context = {
        "rows": [(session, Listing(session.series, now)) for session in sessions],
        "day": format_date(first.starts_at, zone),
        "more": more,
        "list_link": _list_link(),
    }
    n = len(sessions) + more
    if n == 1:
        subject = _("%(when)s: %(title)s") % {"when": when, "title": first.series.title}
    else:
        subject = _("%(when)s: %(n)s sessions with seats left") % {"when": when, "n": n}
    return _render_bulk("session_reminder", subject, context)


def render_registration_opened(data: dict[str, Any], now: datetime) -> RenderedEmail:
    """Render the one email that someone asked for on the page of a series."""
    series = for_list(Series.objects.public()).filter(pk=data.get("series", 0)).first()
    if series is None or registration_status(series, now) not in TOLD_IN:
        raise OutdatedMessage("Nobody can register for the series now.")
    listing = Listing(series, now)
    context = {
        "series": series,
        "listing": listing,
        "register_link": absolute_url(reverse("registrations:register", args=[series.slug_here])),
    }
    is_open = listing.status == Status.OPEN
    sentence = _("You can register now: %(title)s") if is_open else _("You can join the waitlist now: %(title)s")
    subject = sentence % {"title": series.title}
    return render_email("newsletters/email/registration_opened", subject, context, reply_to=series.contact_email)


def _render_bulk(template: str, subject: str, context: dict[str, Any]) -> RenderedEmail:
    """Return a bulk email with placeholders for the links in its footer, by which a subscriber leaves.

    What looks like another placeholder comes from someone's title, and is text.
    """
    links = {name: placeholder(name) for name in LINKS}
    email = render_email(f"newsletters/email/{template}", subject, context | links)
    html, text = (PLACEHOLDER.sub(_text_unless_link, content) for content in (email.html, email.text))
    return replace(email, html=html, text=text)


def _text_unless_link(found: re.Match[str]) -> str:
    return found[0] if found[1] in LINKS else found[1]


def _to_subscriber(
    subscriber: Subscriber, loaded: Loaded, told: Iterable[int], write: Callable[[], RenderedEmail]
) -> RenderedEmail:
    """Return the email about what is `told`, with the subscriber's own links. It is written for the first who gets it."""
    language = current_language()
    key = (language, tuple(told))
    if key not in loaded.written:
        email = write()
        loaded.written[key] = BulkTemplate(email.subject, email.html, email.text, language)
    links = {
        "preferences_url": absolute_url(reverse("newsletters:preferences", args=[subscriber.token])),
        "unsubscribe_url": absolute_url(reverse("newsletters:unsubscribe", args=[subscriber.token])),
    }
    return loaded.written[key].fill(links, only_to=subscriber.email)


def _receiving(loaded: Loaded, topic: Topic, now: datetime) -> Subscriber:
    if loaded.subscriber is None:
        raise ForgottenMeanwhile("The subscriber was deleted.")
    if not loaded.subscriber.receives(topic, now):
        raise UnsubscribedMeanwhile("The person has unsubscribed from this, or paused.")
    return loaded.subscriber


def _is_offered(series: Series, subscriber: Subscriber, loaded: Loaded, now: datetime) -> bool:
    """Whether the series is open and still something for the subscriber, who is not registered for it."""
    is_open = registration_status(series, now) == Status.OPEN
    return is_open and series.pk not in loaded.own and suits(series, reader_of(subscriber))


def _is_due(session: Session, loaded: Loaded, now: datetime) -> bool:
    day = session.starts_at.astimezone(ZoneInfo(PROJECT_ZONE)).date()
    return session.delivery == Delivery.SCHEDULED and session.starts_at > now and day == loaded.day


def _list_link() -> str:
    return absolute_url(f"{reverse('sessions:list')}?status={Status.OPEN}")
