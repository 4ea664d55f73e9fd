"""Measure the workspace's pages and the exports, for a hub with 500 series and 20,000 registrants.

A quarter of the registrants are in one series, and 1,000 of them on its waitlist. The series has 50 messages to 1,000
people each. The memory is what the process uses more while it writes a file than before.
"""

import statistics
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from bench.pages import MAX_MS, prepare

SERIES, REGISTRANTS, IN_ONE, WAITLISTED = 500, 20_000, 5000, 1000
MESSAGES, RECIPIENTS = 50, 1000
MAX_QUERIES, MAX_EXTRA_MB, ROUNDS = 10, 30, 7
PRINT, MAX_PRINT_MS = "print view of 500", 1000


def fill_database():
    """Return the hub's coordinator and its large series."""
    from django.db import connection
    from django.utils import timezone

    from accounts.choices import Profession, Province
    from accounts.models import ProviderProfile, User
    from hubs.models import Hub, Membership
    from outbox.models import Message
    from registrations.models import Answer, Attendance, HubMessage, Intention, Registration
    from sessions_app.models import Question, Series, Session

    now = timezone.now()
    hub = Hub.objects.create(slug="large", name_en="A large hub", name_fr="Un grand pôle")
    coordinator = User.objects.create(email="coordinator@example.ca", name="Co", password="!")
    Membership.objects.create(hub=hub, user=coordinator, role="coordinator", joined_at=now)
    many = Series.objects.bulk_create(
        Series(slug=f"large-{n}", title_en=f"Series {n}", hub=hub, publication="published", registration_opens_at=now)
        for n in range(SERIES)
    )
    large = many[0]
    sessions = Session.objects.bulk_create(
        Session(series=series, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
        for series in many
        for starts_at in (now - timedelta(days=7), now + timedelta(days=7))
    )
    people = User.objects.bulk_create(
        User(
            email=f"r{n}@example.ca",
            name=f"Élise Number {n % 997} Roy {n}",
            password="!",
            language="fr" if n % 3 else "en",
        )
        for n in range(REGISTRANTS)
    )
    ProviderProfile.objects.bulk_create(
        ProviderProfile(
            user=person,
            profession=Profession.values[n % 19],
            province=Province.values[n % 13],
            organization=f"Hospice number {n % 300}",
        )
        for n, person in enumerate(people)
    )
    registrations = Registration.objects.bulk_create(
        Registration(
            series=large if n < IN_ONE else many[n % (SERIES - 1) + 1],
            user=person,
            state="waitlisted" if n < WAITLISTED else "confirmed",
            created_at=now - timedelta(days=20),
            waitlisted_at=now - timedelta(days=20) if n < WAITLISTED else None,
            confirmed_at=None if n < WAITLISTED else now - timedelta(days=20),
        )
        for n, person in enumerate(people)
    )
    seats = registrations[WAITLISTED:IN_ONE]
    question = Question.objects.create(series=large, label_en="What brings you?", label_fr="Qu’est-ce qui vous amène ?")
    Answer.objects.bulk_create(
        Answer(registration=one, question=question, value=["Cases about pain and about breathing at home."])
        for one in registrations[:IN_ONE]
    )
    Attendance.objects.bulk_create(
        Attendance(registration=one, session=sessions[0], joined_at=now) for one in seats[::2]
    )
    Intention.objects.bulk_create(
        Intention(registration=one, session=sessions[1], is_coming=False, answered_at=now) for one in seats[::5]
    )
    messages = HubMessage.objects.bulk_create(
        HubMessage(
            series=large,
            recipients="everyone",
            subject_en="Bring a case",
            body_en="Please bring a case.",
            by=coordinator,
            sent_at=now,
            sent_to=RECIPIENTS,
            token=uuid4(),
        )
        for _ in range(MESSAGES)
    )
    Message.objects.bulk_create(
        (
            Message(
                key=f"hub-message:{message.pk}:{one.pk}",
                message_type="hub-message",
                to=one.user.email,
                language="en",
                state="sent",
                not_before=now,
                expires_at=now,
                settled_at=now,
            )
            for message in messages
            for one in seats[:RECIPIENTS]
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return coordinator, large, seats[0], messages[0]


def measure_pages(coordinator, series, registration, message) -> bool:
    """Print the time and the queries of each page. Returns whether all are within the targets."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    def at(name: str, *args, query: str = "") -> str:
        return reverse(f"workspace:{name}", args=[series.hub.slug, series.pk, *args]) + query

    hub = [series.hub.slug]
    pages = {
        "overview of the hub": reverse("workspace:home", args=hub),
        "listings": reverse("workspace:listings", args=hub),
        "listings, last page": reverse("workspace:listings", args=hub) + "?page=25",
        "team": reverse("workspace:team", args=hub),
        "history": reverse("workspace:history", args=hub),
        "one listing": at("listing"),
        "its form": at("listing_edit"),
        "registrants": at("registrants"),
        "registrants, last page": at("registrants", query="?page=100"),
        "registrants, search": at("registrants", query="?q=elise+hospice"),
        "registrants, search for nobody": at("registrants", query="?q=nobody"),
        "registrants, filters": at("registrants", query="?profession=physician&province=ON&state=confirmed"),
        "waitlist, last page": at("registrants", query="?state=waitlisted&page=20"),
        "who did not attend": at("registrants", query=f"?presence=missed-{series.sessions.first().pk}"),
        "one person": at("registrant", registration.pk),
        "attendance": at("registrants_attendance"),
        PRINT: at("registrants_print"),
        "move": at("registrant_move", registration.pk),
        "messages": at("messages"),
        "one message": at("message", message.pk),
        "a new message": at("message_new"),
    }
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(coordinator)
    is_within = True
    for name, path in pages.items():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200, path
        queries, times = len(captured), []  # later requests reset what was captured
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            client.get(path)
            times.append((time.perf_counter() - begin) * 1000)
        spent, most = statistics.median(times), MAX_PRINT_MS if name == PRINT else MAX_MS
        print(f"{name:<34}{spent:>6,.0f} ms, {queries:>2} queries   target: at most {most} ms, {MAX_QUERIES} queries")
        is_within = is_within and spent <= most and queries <= MAX_QUERIES
    return is_within


def measure_export(name: str, write: Callable[[], int]) -> bool:
    """Print how long a file takes, its size, and how much memory the process uses meanwhile."""
    import psutil

    process, done, most = psutil.Process(), threading.Event(), 0
    before = process.memory_info().rss

    def watch() -> None:
        nonlocal most
        while not done.wait(0.01):
            most = max(most, process.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = time.perf_counter()
    size = write()
    spent = time.perf_counter() - begin
    done.set()
    watcher.join()
    extra = most / 2**20
    print(
        f"{name + f' of {IN_ONE:,} people':<34}{spent:>6.1f} s, {size / 2**20:.1f} MB, {extra:.0f} MB of memory"
        f"   target: at most {MAX_EXTRA_MB} MB of memory"
    )
    return extra <= MAX_EXTRA_MB


def main() -> int:
    prepare()
    coordinator, series, registration, message = fill_database()
    from django.utils import timezone

    from registrations.exports import RegistrantTable, csv_lines, xlsx_file
    from registrations.models import Registration

    def table() -> RegistrantTable:
        return RegistrantTable(series, Registration.objects.filter(series=series), timezone.now())

    def write_csv() -> int:
        return sum(len(line.encode()) for line in csv_lines(table()))

    def write_xlsx() -> int:
        with xlsx_file(table()) as file:
            return file.seek(0, 2)

    results = [
        measure_export("CSV", write_csv),
        measure_export("XLSX", write_xlsx),
        measure_pages(coordinator, series, registration, message),
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
