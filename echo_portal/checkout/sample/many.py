"""Sample data in bulk, up to the size that the portal is built for, to measure performance."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Q

from accounts.choices import Profession, Province
from accounts.models import ProviderProfile, User
from echo_portal.checkout.sample.newsletters import many_subscribers
from hubs.models import Hub
from registrations.models import Registration, RegistrationState
from sessions_app.models import Publication, Series, Session
from sessions_app.services import series_edited
from sessions_app.version import programme_changed

# At scale 100: the size that Project ECHO has reached worldwide.
PER_SCALE = {"hubs": 8.6, "series": 200, "providers": 1400, "registrations": 10_000, "subscribers": 1400}
CHUNK = 5_000


def load_many(scale: int, now: datetime, report: Callable[[str], None]) -> None:
    """Insert `scale` times PER_SCALE rows in bulk, and report each step to `report`. `seats_taken` is set at the end."""
    counts = {name: int(number * scale) for name, number in PER_SCALE.items()}
    load_programme(counts["hubs"], counts["series"], now, report)
    _many_providers(counts["providers"], report)
    _many_registrations(counts["registrations"], now, report)
    many_subscribers(counts["subscribers"], now, report)
    programme_changed()


@transaction.atomic
def load_programme(hub_count: int, series_count: int, now: datetime, report: Callable[[str], None]) -> None:
    """Insert listed hubs and published series, and delete the cached feeds that they belong to."""
    Hub.objects.bulk_create(
        (
            Hub(slug=f"hub-{n}", name_en=f"Hub {n}", name_fr=f"Pôle {n}", provinces=[Province.values[n % 13]])
            for n in range(hub_count)
        ),
        ignore_conflicts=True,
    )
    report(f"{hub_count} hubs")
    _many_series(series_count, list(Hub.objects.filter(slug__startswith="hub-")), now, report)
    series_edited(Series.objects.filter(slug__startswith="sample-"))


def _many_series(count: int, hubs: list[Hub], now: datetime, report: Callable[[str], None]) -> None:
    """Insert series of three sessions, a week apart. One in a hundred is upcoming, the others are in the past five years."""
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        created = Series.objects.bulk_create(
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
            Session(series=series, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
            for n, series in zip(numbers, created, strict=True)
            for starts_at in [_starts_at(n, now) + timedelta(weeks=week) for week in range(3)]
        )
        report(f"{numbers.stop} of {count} series")


def _starts_at(n: int, now: datetime) -> datetime:
    noon = now.replace(hour=17, minute=0, second=0, microsecond=0)
    return noon + (timedelta(days=1 + n // 100 % 180) if n % 100 == 0 else -timedelta(days=30 + n % 1800))


def _many_providers(count: int, report: Callable[[str], None]) -> None:
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
        report(f"{numbers.stop} of {count} providers")


def _many_registrations(count: int, now: datetime, report: Callable[[str], None]) -> None:
    people = list(User.objects.filter(email__startswith="sample").order_by("pk").values_list("pk", flat=True))
    series = list(Series.objects.filter(slug__startswith="sample-").order_by("pk").values_list("pk", flat=True))
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        Registration.objects.bulk_create(
            # the steps make sure that no pair of person and series occurs twice
            Registration(
                series_id=series[(n // len(people) * 7919 + n) % len(series)],
                user_id=people[n % len(people)],
                state=RegistrationState.CONFIRMED,
                created_at=now,
                confirmed_at=now,
            )
            for n in numbers
        )
        report(f"{numbers.stop} of {count} registrations")
    taken = Series.objects.filter(slug__startswith="sample-").annotate(
        n=Count("registrations", filter=Q(registrations__state=RegistrationState.CONFIRMED))
    )
    for pk, n in taken.order_by().values_list("pk", "n").iterator():
        Series.objects.filter(pk=pk).exclude(seats_taken=n).update(seats_taken=n)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
