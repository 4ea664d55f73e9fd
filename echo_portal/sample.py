"""Sample data: a handful for looking at (scale 1), up to the size that DESIGN.md §1 names (scale 100). Never in production."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.db.models import Count, Q

from accounts.choices import Profession, Province
from accounts.models import ProviderProfile, User
from accounts.services import Details, find_or_begin, keep_details
from accounts.zones import PROJECT_ZONE
from hubs.models import Hub
from registrations import services
from registrations.models import Place, Registration
from sessions_app import programme_file
from sessions_app.models import Publication, Series, Session
from sessions_app.services import programme_changed

FILES = Path(programme_file.__file__).parent.parent / "sample"
STAFF_EMAIL, STAFF_PASSWORD = "staff@echo.example.ca", "palliative-echo"
PROVIDER_EMAIL = "amelie@echo.example.ca"
# At scale 100: the size that Project ECHO has reached world-wide (DESIGN.md §1).
PER_SCALE = {"hubs": 8.6, "series": 200, "providers": 1400, "registrations": 10_000}
CHUNK = 5_000
LISTED_HUBS = 60

HUBS = [
    ("northern-ontario", "Northern Ontario hub", "Pôle du Nord de l’Ontario", ["ON"]),
    ("maritimes", "Maritimes hub", "Pôle des Maritimes", ["NB", "NS", "PE", "NL"]),
    ("prairies", "Prairies hub", "Pôle des Prairies", ["AB", "SK", "MB"]),
    ("estrie", "Estrie hub", "Pôle de l’Estrie", ["QC"]),
]
SUMMARIES = {
    "northern-ontario": (
        "Palliative care physicians and nurses who meet evenings with care teams from Kenora to Moosonee.",
        "Des médecins et des infirmières et infirmiers qui rencontrent le soir les équipes de Kenora à Moosonee.",
    ),
    "maritimes": (
        "Home care and hospice teams of the four Atlantic provinces, learning over lunch.",
        "Les équipes de soins à domicile et de maisons de soins palliatifs des quatre provinces de l’Atlantique, sur l’heure du midi.",
    ),
    "prairies": (
        "Grief, team care and symptom control, for towns that share one specialist.",
        "Deuil, soins d’équipe et soulagement des symptômes, pour les municipalités qui partagent une ou un spécialiste.",
    ),
    "estrie": (
        "Home support teams of the Eastern Townships; sessions are in French.",
        "Les équipes de soutien à domicile de l’Estrie, autour de leurs propres cas.",
    ),
}


@transaction.atomic
def load_handful(now: datetime) -> None:
    """The programme, moved to the days ahead, hubs with series in every status, and people to sign in as. Once is enough."""
    if not User.objects.filter(email=STAFF_EMAIL).exists():
        User.objects.create_superuser(STAFF_EMAIL, STAFF_PASSWORD, name="Sample Staff")
    for slug, name_en, name_fr, provinces in HUBS:
        summary_en, summary_fr = SUMMARIES[slug]
        facts = {
            "name_en": name_en,
            "name_fr": name_fr,
            "provinces": provinces,
            "summary_en": summary_en,
            "summary_fr": summary_fr,
        }
        Hub.objects.update_or_create(slug=slug, defaults=facts)
    today = now.astimezone(ZoneInfo(PROJECT_ZONE)).date()
    for name, days in (("programme-2021.yaml", 4), ("hubs-sample.yaml", 2)):
        rows, zone = programme_file.read(FILES / name, starting=today + timedelta(days=days))
        programme_file.write(rows, zone)
    Series.objects.filter(slug="children-who-are-dying-children-who-stay").update(
        registration_opens_at=now + timedelta(days=9)
    )
    _fill_seats(now)


def _fill_seats(now: datetime) -> None:
    names = ["Amélie Tremblay", "Joseph Ittusardjuat", "Priya Nair", "Liam MacDonald"]
    people = []
    for number, name in enumerate(names):
        email = PROVIDER_EMAIL if number == 0 else f"provider{number}@echo.example.ca"
        person = find_or_begin(email, language="fr" if number == 0 else "en")
        keep_details(person, Details(name, Profession.REGISTERED_NURSE, "QC" if number == 0 else "NL", person.language))
        EmailAddress.objects.filter(user=person).update(verified=True)
        people.append(person)
    for slug, count in (("grief-in-the-team", 4), ("talking-about-serious-illness-first-words", 2)):
        series = Series.objects.get(slug=slug)
        for person in people[::-1][:count]:
            services.register(series, person, now=now)


def load_many(scale: int, now: datetime, say: Callable[[str], None]) -> None:
    """Add `scale` times PER_SCALE, by bulk inserts; `say` is told of each step. Seats are counted at the end, as registered."""
    counts = {name: int(number * scale) for name, number in PER_SCALE.items()}
    hubs = Hub.objects.bulk_create(
        (
            Hub(
                slug=f"hub-{n}",
                name_en=f"Hub {n}",
                name_fr=f"Pôle {n}",
                provinces=[Province.values[n % 13]],
                is_listed=n < LISTED_HUBS,
            )
            for n in range(counts["hubs"])
        ),
        ignore_conflicts=True,
    )
    say(f"{len(hubs)} hubs")
    _many_series(counts["series"], list(Hub.objects.filter(slug__startswith="hub-")), now, say)
    _many_providers(counts["providers"], say)
    _many_registrations(counts["registrations"], now, say)
    programme_changed()


def _many_series(count: int, hubs: list[Hub], now: datetime, say: Callable[[str], None]) -> None:
    """Three sessions each, a week apart; one series in a hundred lies ahead, the others in the five years behind."""
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        made = Series.objects.bulk_create(
            [
                Series(
                    slug=f"sample-{n}",
                    slug_fr=f"exemple-{n}",
                    title_en=f"Sample series {n}",
                    title_fr=f"Série d’exemple {n}",
                    hub=hubs[n % len(hubs)] if n % 2 else None,
                    audience=[Profession.values[n % 19]],
                    language="fr" if n % 4 == 0 else "en",
                    publication=Publication.PUBLISHED,
                    registration_opens_at=now - timedelta(days=2000),
                )
                for n in numbers
            ]
        )
        Session.objects.bulk_create(
            Session(series=series, starts_at=begins, ends_at=begins + timedelta(hours=1))
            for n, series in zip(numbers, made, strict=True)
            for begins in [_begins(n, now) + timedelta(weeks=week) for week in range(3)]
        )
        say(f"{numbers.stop} of {count} series")


def _begins(n: int, now: datetime) -> datetime:
    noon = now.replace(hour=17, minute=0, second=0, microsecond=0)
    return noon + (timedelta(days=1 + n // 100 % 180) if n % 100 == 0 else -timedelta(days=30 + n % 1800))


def _many_providers(count: int, say: Callable[[str], None]) -> None:
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        people = User.objects.bulk_create(
            User(
                email=f"sample{n}@echo.example.ca",
                name=f"Sample {n}",
                password="!",  # noqa: S106 - unusable
                language="fr" if n % 4 == 0 else "en",
            )
            for n in numbers
        )
        ProviderProfile.objects.bulk_create(
            ProviderProfile(user=person, profession=Profession.values[n % 20], province=Province.values[n % 13])
            for n, person in zip(numbers, people, strict=True)
        )
        say(f"{numbers.stop} of {count} providers")


def _many_registrations(count: int, now: datetime, say: Callable[[str], None]) -> None:
    people = list(User.objects.filter(email__startswith="sample").order_by("pk").values_list("pk", flat=True))
    series = list(Series.objects.filter(slug__startswith="sample-").order_by("pk").values_list("pk", flat=True))
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        Registration.objects.bulk_create(
            # every person walks through the series in their own stride, so that no pair comes twice
            Registration(
                series_id=series[(n // len(people) * 7919 + n) % len(series)],
                user_id=people[n % len(people)],
                place=Place.CONFIRMED,
                created_at=now,
                confirmed_at=now,
            )
            for n in numbers
        )
        say(f"{numbers.stop} of {count} registrations")
    taken = Series.objects.filter(slug__startswith="sample-").annotate(
        n=Count("registrations", filter=Q(registrations__place=Place.CONFIRMED))
    )
    for pk, n in taken.order_by().values_list("pk", "n").iterator():
        Series.objects.filter(pk=pk).exclude(seats_taken=n).update(seats_taken=n)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
