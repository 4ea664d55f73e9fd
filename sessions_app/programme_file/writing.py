"""Write rows to the database, all or nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from sessions_app.models import DeliveryLanguage, Publication, Series, Session
from sessions_app.programme_file.cells import ProgrammeFileError
from sessions_app.programme_file.rows import SeriesRow

# A page that says "full" says that registration was open once; when, it does not say.
OPENED_BEFORE = timedelta(days=60)


@dataclass
class Outcome:
    created: int = 0
    changed: int = 0
    unchanged: int = 0


@transaction.atomic
def write(rows: list[SeriesRow], zone: ZoneInfo) -> Outcome:
    """Bring the program to what the rows say, in one transaction. Seats that people took stay."""
    outcome = Outcome()
    for row in rows:
        series = Series.objects.filter(slug=row.slug).first()
        created = series is None
        series = series or _new_series(row)
        facts = _series_facts(row, zone)
        if row.slug_fr and not series.slug_fr:
            facts["slug_fr"] = _free_slug(row.slug_fr, series)
        changed = _assign(series, facts)
        if series.capacity is not None and series.capacity < series.seats_taken:
            raise ProgrammeFileError([f"line {row.line}: {series.seats_taken} seats are taken; there cannot be fewer."])
        if created or changed:
            series.save()
        changed |= _write_sessions(series, row, zone)
        if created:
            outcome.created += 1
        elif changed:
            outcome.changed += 1
        else:
            outcome.unchanged += 1
    return outcome


def _new_series(row: SeriesRow) -> Series:
    """Raises ProgrammeFileError where another series has the slug in French."""
    other = Series.objects.filter(slug_fr=row.slug).first()
    if other:
        message = (
            f"line {row.line}: the series “{other}” already has the address “{row.slug}” in French. Change the title."
        )
        raise ProgrammeFileError([message])
    return Series(slug=row.slug, publication=Publication.PUBLISHED, **_shown_seats(row))


def _free_slug(wanted: str, series: Series) -> str:
    """Return the wanted French slug, with a number if another series has it in either language."""
    others = Series.objects.filter(Q(slug__startswith=wanted) | Q(slug_fr__startswith=wanted)).exclude(pk=series.pk)
    taken = {slug for pair in others.values_list("slug", "slug_fr") for slug in pair}
    return next(slug for n in count(1) if (slug := wanted if n == 1 else f"{wanted}-{n}") not in taken)


def _shown_seats(row: SeriesRow) -> dict[str, Any]:
    """Return the seats of a new series that is shown as full without a number of seats: none, and no waitlist."""
    return {"capacity": 0, "waitlist_enabled": False} if row.values["shown_as"] == "full and closed" else {}


def _series_facts(row: SeriesRow, zone: ZoneInfo) -> dict[str, Any]:
    """Return what the file says. A text, capacity or waitlist that it leaves out stays as it is."""
    values = row.values
    facts: dict[str, Any] = {}
    for name in ("title", "summary", "description", "objectives", "audience_note"):
        facts |= {f"{name}_en": values[name]} if values[name] else {}
        facts |= {f"{name}_fr": values[f"{name}_fr"]} if values[f"{name}_fr"] else {}
    facts |= {"capacity": row.capacity} if row.capacity is not None else {}
    facts |= {"waitlist_enabled": values["waitlist"] in ("yes", "true")} if values["waitlist"] else {}
    first = min((datetime.combine(s.day, s.start, zone) for s in row.sessions), default=None)
    return facts | {
        "hub": row.hub,
        "audience": row.audience,
        "language": values["language"] or DeliveryLanguage.ENGLISH,
        "time_zone": zone.key,
        "registration_opens_at": row.opens
        or (first - OPENED_BEFORE if first and values["shown_as"] != "opening soon" else None),
        "is_concluded": values["shown_as"] == "past",
    }


def _write_sessions(series: Series, row: SeriesRow, zone: ZoneInfo) -> bool:
    """Match sessions in their order, so that a moved one keeps its identity and everyone's calendar entry."""
    known = list(series.sessions.all())
    changed = len(known) > len(row.sessions)
    for session, fresh in zip_longest(known[: len(row.sessions)], row.sessions):
        texts = {
            "title_en": fresh.label,
            "title_fr": fresh.label_fr,
            "speakers_en": fresh.speakers,
            "speakers_fr": fresh.speakers_fr,
            "join_url": fresh.join_url,
        }
        facts = {name: text for name, text in texts.items() if text} | {
            "starts_at": datetime.combine(fresh.day, fresh.start, zone),
            "ends_at": datetime.combine(fresh.day, fresh.end, zone),
        }
        one = session or Session(series=series)
        if _assign(one, facts) or not one.pk:
            one.save()
            changed = True
    for session in known[len(row.sessions) :]:
        session.delete()
    return changed


def _assign(target: Any, facts: dict[str, Any]) -> bool:
    """Set the facts. Returns whether any of them is new."""
    changed = False
    for name, value in facts.items():
        if getattr(target, name) != value:
            setattr(target, name, value)
            changed = True
    return changed
