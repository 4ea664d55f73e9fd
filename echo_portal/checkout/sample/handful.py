"""A small sample program: hubs with series in every status, registrations, recordings, and people to sign in as."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.zones import PROJECT_ZONE
from echo_portal.checkout.sample import dates, hub_pages, newsletters, people, teams
from hubs.models import Hub
from registrations import services
from registrations.models import Announcement, Attendance, EndReason, Registration, RegistrationState
from sessions_app import programme_file
from sessions_app.models import Delivery, Resource, ResourceKind, Series, Session
from sessions_app.version import programme_changed

FILES = Path(programme_file.__file__).parent.parent / "sample"
STAFF_EMAIL, STAFF_PASSWORD = f"staff@{people.DOMAIN}", "palliative-echo"

HUBS = [
    ("northern-ontario", "Northern Ontario hub", "Pôle du Nord de l’Ontario", ["ON"]),
    ("maritimes", "Maritimes hub", "Pôle des Maritimes", ["NB", "NS", "PE", "NL"]),
    ("prairies", "Prairies hub", "Pôle des Prairies", ["AB", "SK", "MB"]),
    ("estrie", "Estrie hub", "Pôle de l’Estrie", ["QC"]),
]
SUMMARIES = {
    "northern-ontario": (
        "Palliative care physicians and nurses who meet in the evening with care teams from Kenora to Moosonee.",
        "Des médecins et des infirmières et infirmiers qui rencontrent le soir les équipes de Kenora à Moosonee.",
    ),
    "maritimes": (
        "Home care and hospice teams of the four Atlantic provinces, who learn together over lunch.",
        "Les équipes de soins à domicile et de maisons de soins palliatifs des quatre provinces de l’Atlantique, sur l’heure du midi.",
    ),
    "prairies": (
        "Grief, teamwork and symptom control, for towns that share one specialist.",
        "Deuil, travail d’équipe et soulagement des symptômes, pour les municipalités qui partagent une ou un spécialiste.",
    ),
    "estrie": (
        "Home support teams of the Eastern Townships. Sessions are in French.",
        "Les équipes de soutien à domicile de l’Estrie, autour de leurs propres cas.",
    ),
}

QI = "qi-collaborative-identify-patients-with-palliative-care-needs"
FIRST_WORDS = "talking-about-serious-illness-first-words"
GOING_HOME = "going-home-to-the-community-listening-to-first-nations-families"
PAIN = "pain-at-home-the-last-weeks"
DELIRIUM = "delirium-at-home"
GRIEF = "grief-in-the-team"
DIFFICULT_CASES = "soins-palliatifs-a-domicile-cas-difficiles"
PROGNOSIS = "parler-du-pronostic-dire-vrai-laisser-place-a-lespoir"
LONG_TERM_CARE = "long-term-care-from-crisis-to-plan"


@dataclass(frozen=True)
class Seats:
    """How many registrations of a series are confirmed, waitlisted and cancelled."""

    taken: int
    waitlisted: int = 0
    cancelled: int = 0


SEATS = {
    QI: Seats(40, cancelled=3),
    FIRST_WORDS: Seats(37, cancelled=2),
    GOING_HOME: Seats(19),
    PAIN: Seats(52, cancelled=4),
    DELIRIUM: Seats(47, cancelled=6),
    GRIEF: Seats(30, waitlisted=3, cancelled=1),
    "paramedics-and-palliative-care-at-home": Seats(41, cancelled=2),
    "palliative-care-in-the-rural-emergency-department": Seats(34, cancelled=5),
    DIFFICULT_CASES: Seats(27, cancelled=1),
    PROGNOSIS: Seats(43, cancelled=5),
    LONG_TERM_CARE: Seats(58, cancelled=9),
    "breathlessness-what-helps-and-when": Seats(46, cancelled=3),
    "i-want-this-to-be-over-listening-when-someone-asks-about-dying": Seats(22),
}
# The original program page says that the series is full, but not how many seats it has.
QI_SEATS = 40
CANCELLED = "eating-and-drinking-near-the-end-of-life"
RECORDED = [LONG_TERM_CARE, DELIRIUM, PROGNOSIS]
# Registrations of the people you can sign in as, in this order. They get the usual emails.
REGISTERED = [
    (people.PROVIDER_EMAIL, DIFFICULT_CASES),
    (people.PROVIDER_EMAIL, GRIEF),
    (f"provider1@{people.DOMAIN}", GRIEF),
    (f"provider1@{people.DOMAIN}", GOING_HOME),
    (f"provider2@{people.DOMAIN}", FIRST_WORDS),
    (f"provider3@{people.DOMAIN}", PAIN),
]


def is_loaded() -> bool:
    return User.objects.filter(email=STAFF_EMAIL).exists()


@transaction.atomic
def load_handful(now: datetime) -> None:
    """Create the sample program in the weeks around `now`, with registrations and people to sign in as.

    Changes nothing that exists already. Only the people you can sign in as are emailed.
    """
    if is_loaded():
        return
    staff = User.objects.create_superuser(STAFF_EMAIL, STAFF_PASSWORD, name="Sample Staff")
    _make_hubs(now)
    created = _write_programme(now)
    named, crowd = people.make_named(), people.make_crowd(now)
    _take_seats(created, named[people.PROVIDER_EMAIL], crowd, now)
    _add_recordings(created)
    teams.make_teams(created, first_words=FIRST_WORDS, going_home=GOING_HOME, staff=staff, now=now)
    for email, slug in REGISTERED:
        if slug in created:
            services.register(created[slug], named[email], now=now)
    newsletters.make_newsletters(crowd, staff, now)
    transaction.on_commit(programme_changed)


def _make_hubs(now: datetime) -> None:
    for slug, name_en, name_fr, provinces in HUBS:
        summary_en, summary_fr = SUMMARIES[slug]
        facts = {
            "name_en": name_en,
            "name_fr": name_fr,
            "provinces": provinces,
            "summary_en": summary_en,
            "summary_fr": summary_fr,
            "contact_email": f"{slug}@{people.DOMAIN}",
        }
        hub, created = Hub.objects.get_or_create(slug=slug, defaults=facts | hub_pages.PAGES[slug])
        if created:
            hub_pages.add_logo(hub, now)


def _write_programme(now: datetime) -> dict[str, Series]:
    """Create the series that do not exist yet. Returns them by slug."""
    today = now.astimezone(ZoneInfo(PROJECT_ZONE)).date()
    existing = set(Series.objects.values_list("slug", flat=True))
    for path in sorted(FILES.glob("*.yaml")):
        rows, zone = programme_file.read(path)
        new = [row for row in rows if row.slug not in existing]
        dates.move(new, today)
        programme_file.write(new, zone)
    created = Series.objects.exclude(slug__in=existing)
    _set_other_states(created)
    return {series.slug: series for series in created.order_by("pk").prefetch_related("sessions")}


def _set_other_states(created: QuerySet[Series]) -> None:
    created.filter(slug=QI).update(capacity=QI_SEATS)
    created.filter(slug=CANCELLED).update(is_cancelled=True)
    for session in Session.objects.filter(series__in=created, series__slug=GOING_HOME).order_by("-starts_at")[:1]:
        Session.objects.filter(pk=session.pk).update(delivery=Delivery.POSTPONED)
        Announcement.objects.filter(session=session).update(delivery=Delivery.POSTPONED)  # so that nobody is emailed


def _take_seats(created: dict[str, Series], provider: User, crowd: list[User], now: datetime) -> None:
    """Create the registrations and attendance in bulk. `provider` was in a past series."""
    rows: dict[str, list[Registration]] = {}
    for number, (slug, seats) in enumerate(SEATS.items()):
        if slug in created:
            candidates = _candidates(created[slug], crowd, skip=number * 23)
            who = [provider, *candidates] if slug == PROGNOSIS else candidates
            rows[slug] = list(_registrations(created[slug], seats, who, now))
    Registration.objects.bulk_create(row for series_rows in rows.values() for row in series_rows)
    for slug, series_rows in rows.items():
        series = created[slug]
        Series.objects.filter(pk=series.pk).update(seats_taken=SEATS[slug].taken)
        Attendance.objects.bulk_create(_attendances(series, series_rows, now))


def _candidates(series: Series, crowd: list[User], *, skip: int) -> list[User]:
    """Return people who speak the language of a series, its audience first. `skip` varies who comes first."""
    able = [person for person in crowd if series.language in (person.language, "both")]
    begin = skip % len(able)
    return sorted(able[begin:] + able[:begin], key=lambda person: person.profile.profession not in series.audience)


def _registrations(series: Series, seats: Seats, who: list[User], now: datetime) -> Iterator[Registration]:
    """Yield registrations for the first of `who`, spread evenly from the opening of registration to its closing or `now`."""
    opened = series.registration_opens_at or now
    until = min(series.closes_at or now, now)
    count = seats.taken + seats.waitlisted + seats.cancelled
    for n in range(count):
        at = opened + (until - opened) * (n + 1) / (count + 1)
        row = Registration(series=series, user=who[n], created_at=at)
        if n < seats.taken:
            row.state, row.confirmed_at = RegistrationState.CONFIRMED, at
        elif n < seats.taken + seats.waitlisted:
            row.state, row.waitlisted_at = RegistrationState.WAITLISTED, at
        else:
            row.state, row.confirmed_at, row.created_at = RegistrationState.CANCELLED, opened, opened
            row.cancelled_at, row.end_reason = at, EndReason.SELF
        yield row


def _attendances(series: Series, rows: list[Registration], now: datetime) -> Iterator[Attendance]:
    """Yield attendance for two out of three confirmed registrations at each session that has ended."""
    ended = [session for session in series.sessions.all() if session.ends_at <= now]
    seated = [row for row in rows if row.state == RegistrationState.CONFIRMED]
    for number, session in enumerate(ended):
        for n, row in enumerate(seated):
            if (n + number) % 3 != 2:  # noqa: PLR2004 - one in three was absent
                joined_at = session.starts_at + timedelta(minutes=n % 9 - 5)
                yield Attendance(registration=row, session=session, joined_at=joined_at)


def _add_recordings(created: dict[str, Series]) -> None:
    """Add recordings and slides in bulk, so that nobody is emailed about old recordings."""
    for series in (created[slug] for slug in RECORDED if slug in created):
        slides = Resource(series=series, kind=ResourceKind.SLIDES, url=f"https://files.example.ca/{series.slug}.pdf")
        Resource.objects.bulk_create([*_recordings(series), slides])


def _recordings(series: Series) -> Iterator[Resource]:
    for n, session in enumerate(series.sessions.all(), 1):
        titles = {"title_en": session.title_en, "title_fr": session.title_fr}
        yield Resource(series=series, url=f"https://video.example.ca/{series.slug}-{n}", **titles)
