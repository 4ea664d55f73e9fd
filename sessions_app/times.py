"""Saying when: dates and times as a person says them, each with its zone, in English and in French as written in Canada.

English: "Friday, May 21, 2021, 12:00–1:00 pm ET". French: "vendredi 21 mai 2021, de 12 h à 13 h (HE)".
All functions take aware datetimes and speak the language that is active.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import dateformat
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.languages import current_language
from accounts.zones import zone_label

NBSP = "\u00a0"
# Django's "jan.", "fév." and "juil." are not the abbreviations used in Canada.
FRENCH_MONTHS_SHORT = [
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juill.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
]
HOUR, HOURS_A_DAY = timedelta(hours=1), 24
# Up to here a session is so many hours away; from here on people think in days.
SAID_IN_HOURS, SAID_AS_SOON = timedelta(hours=12), timedelta(minutes=45)


def format_date(moment: datetime, zone: ZoneInfo, *, year: bool = True, weekday: bool = True) -> str:
    """ "Friday, May 21, 2021"; "vendredi 21 mai 2021" (le 1er du mois: "1er mai")."""
    local = moment.astimezone(zone)
    day_name, month_name = WEEKDAYS[local.weekday()], MONTHS[local.month]
    if current_language() == "fr":
        day = "1er" if local.day == 1 else local.day
        return (f"{day_name} " if weekday else "") + f"{day}{NBSP}{month_name}" + (f" {local.year}" if year else "")
    return (f"{day_name}, " if weekday else "") + f"{month_name}{NBSP}{local.day}" + (f", {local.year}" if year else "")


def format_weekday_short(local: datetime) -> str:
    """ "Thu"; "jeu."."""
    return dateformat.format(local, "D") + ("." if current_language() == "fr" else "")


def format_month_short(local: datetime) -> str:
    """ "Nov"; "nov."."""
    return FRENCH_MONTHS_SHORT[local.month - 1] if current_language() == "fr" else dateformat.format(local, "M")


def format_time(moment: datetime, zone: ZoneInfo) -> str:
    """ "7:30 pm"; "19 h 30" (without the zone: `format_clock` adds it)."""
    local = moment.astimezone(zone)
    if current_language() == "fr":
        return f"{local.hour}{NBSP}h" + (f"{NBSP}{local.minute:02}" if local.minute else "")
    return f"{local.hour % 12 or 12}:{local.minute:02}{NBSP}{_half(local)}"


def format_times(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """ "12:00–1:00 pm ET"; "de 12 h à 13 h (HE)"."""
    return f"{_time_range(start, end, zone)}{_label(zone)}"


def _time_range(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """ "12:00–1:00 pm"; "de 12 h à 13 h"."""
    if current_language() == "fr":
        return f"de{NBSP}{format_time(start, zone)}{NBSP}à{NBSP}{format_time(end, zone)}"
    first, last = start.astimezone(zone), end.astimezone(zone)
    opening = format_time(start, zone)
    if _half(first) == _half(last):
        opening = opening.rpartition(NBSP)[0]
    return f"{opening}–{format_time(end, zone)}"


def format_clock(moment: datetime, zone: ZoneInfo) -> str:
    """One time with its zone: "7:00 pm ET"; "19 h (HE)"."""
    return f"{format_time(moment, zone)}{_label(zone)}"


def format_when(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """A session's date and times: "Friday, May 21, 2021, 12:00–1:00 pm ET"."""
    return f"{format_date(start, zone)}, {format_times(start, end, zone)}"


def format_moment(moment: datetime, zone: ZoneInfo) -> str:
    """One moment: "May 21, 2021, 7:00 pm ET"; "21 mai 2021 à 19 h (HE)"."""
    between = " à " if current_language() == "fr" else ", "
    return f"{format_date(moment, zone, weekday=False)}{between}{format_clock(moment, zone)}"


def readers_times_text(start: datetime, end: datetime, zone: ZoneInfo, reader: ZoneInfo | None) -> str:
    """Return a session's times in the reader's zone: "Your time: 1:30–2:30 pm (NT)", with the day if it differs.

    Empty if the reader's zone is unknown or its clocks show the same time.
    """
    if reader is None or _same_clock(start, zone, reader):
        return ""
    return _for_reader(_time_range(start, end, reader), start, zone, reader)


def readers_moment_text(moment: datetime, zone: ZoneInfo, reader: ZoneInfo | None) -> str:
    """Return one moment in the reader's zone, like `readers_times_text`: "Your time: 10:00 am (Alberta time)"."""
    if reader is None or _same_clock(moment, zone, reader):
        return ""
    return _for_reader(format_time(moment, reader), moment, zone, reader)


def unbroken(text: str) -> SafeString:
    """The text as HTML in which a range of times ("11:30 am–12:30 pm") stays on one line.

    Markup and not a word joiner, which would be part of whatever people copy, search for or put into a calendar.
    """
    return mark_safe(re.sub("[^ ]+–[^ ]+", r'<span class="unbroken">\g<0></span>', conditional_escape(text)))


def _same_clock(moment: datetime, zone: ZoneInfo, reader: ZoneInfo) -> bool:
    return moment.astimezone(reader).utcoffset() == moment.astimezone(zone).utcoffset()


def _for_reader(times: str, start: datetime, zone: ZoneInfo, reader: ZoneInfo) -> str:
    if start.astimezone(reader).date() != start.astimezone(zone).date():
        times = f"{format_date(start, reader, year=False)}, {times}"
    return _("Your time: %(times)s (%(zone)s)") % {"times": times, "zone": _unbroken_label(reader)}


def format_until(start: datetime, now: datetime, zone: ZoneInfo) -> str:
    """How far away a start is at `now`, for a subject or a heading: "In one hour", "Tomorrow", "In 3 days".

    Days are those of the calendar in `zone`: something 13 hours away can be today or tomorrow.
    """
    left = start - now
    if left < SAID_AS_SOON:
        return _("Starting soon")
    if left < SAID_IN_HOURS:
        hours = int(left / HOUR + 0.5)
        return _("In one hour") if hours == 1 else _("In %(n)s hours") % {"n": hours}
    days = (start.astimezone(zone).date() - now.astimezone(zone).date()).days
    if days < 2:  # noqa: PLR2004 - the days that have a name
        return _("Tomorrow") if days == 1 else _("Today")
    return _("In %(n)s days") % {"n": days}


def format_reminders(hours: Iterable[int]) -> str:
    """How long before a session reminders go, the earliest first: "a day and an hour", "3 days, a day and 2 hours".

    Empty for none. `hours` are those of Series.reminder_hours, in any order.
    """
    spans = [_format_span(number) for number in sorted(set(hours), reverse=True)]
    if len(spans) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(spans)
    return _("%(spans)s and %(last)s") % {"spans": ", ".join(spans[:-1]), "last": spans[-1]}


def _format_span(hours: int) -> str:
    days, rest = divmod(hours, HOURS_A_DAY)
    if days and not rest:
        return ngettext("a day", "%(n)s days", days) % {"n": days}
    return ngettext("an hour", "%(n)s hours", hours) % {"n": hours}


def _half(local: datetime) -> str:
    return "am" if local.hour < 12 else "pm"  # noqa: PLR2004 - noon


def _label(zone: ZoneInfo) -> str:
    """What follows a time: " ET", " (HE)". It may go to the next line, but never in two parts."""
    label = _unbroken_label(zone)
    return f" ({label})" if current_language() == "fr" else f" {label}"


def _unbroken_label(zone: ZoneInfo) -> str:
    return zone_label(zone.key).replace(" ", NBSP)
