"""The people of a series as CSV and XLSX files: what is in them, no formulas, and memory that does not grow."""

import csv
import gc
import io
import tracemalloc
from datetime import timedelta

import openpyxl
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.models import ProviderProfile, User
from registrations.exports import RegistrantTable, csv_lines, neutralized
from registrations.models import Answer, Attendance, Registration
from registrations.services import register
from sessions_app.models import Question
from tests.factories import MembershipFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def series(now):
    series = SessionFactory(now=now, days=10, hub=MembershipFactory().hub, late_joining=True, capacity=3).series
    SessionFactory(now=now, days=-7, series=series)
    Question.objects.create(series=series, kind="yes-no", label_en="First time?", label_fr="Première fois ?")
    series.refresh_from_db()
    return series


@pytest.fixture
def download(client, series):
    client.force_login(series.hub.memberships.get().user)

    def get(file_format, query=""):
        address = reverse("workspace:registrants_export", args=[series.hub.slug, series.pk])
        response = client.get(f"{address}?format={file_format}{query}")
        assert response.status_code == 200
        assert response.streaming
        return response, b"".join(response.streaming_content)

    return get


def add_person(series, now, name, **profile):
    user = UserFactory(name=name, with_profile=True)
    ProviderProfile.objects.filter(user=user).update(**profile)
    return register(series, user, now=now - timedelta(days=20))


def read_csv(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def read_xlsx(content):
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content)).active.rows]


def test_both_files_have_each_question_and_each_session_in_the_readers_language(download, series, now):
    past = series.sessions.order_by("starts_at").first()
    registration = add_person(series, now, "Zoé Roy", organization="Hospice Saint-Joseph", province="QC")
    Answer.objects.create(registration=registration, question=series.questions.get(), value=["yes"])
    Attendance.objects.create(registration=registration, session=past, joined_at=past.starts_at)
    with translation.override("fr"):
        response, content = download("csv")
        spreadsheet = download("xlsx")[1]
    assert content.startswith(b"\xef\xbb\xbf")
    assert response["Content-Disposition"] == f'attachment; filename="{series.slug}-2026-11-23.csv"'
    rows = read_csv(content)
    assert rows[0][-3:] == ["Première fois ?", "1. 16\u00a0novembre 2026", "2. 3\u00a0décembre 2026"]
    assert rows[1][0] == "Zoé Roy"
    assert {"Hospice Saint-Joseph", "Québec", "Oui"} <= set(rows[1])
    assert rows[1][-2] != ""
    assert [[cell or "" for cell in row] for row in read_xlsx(spreadsheet)] == rows


def test_the_place_on_the_waitlist_counts_everyone_also_in_a_filtered_file(download, series, now):
    for n in range(5):
        register(series, UserFactory(name=f"Zoé {'VWXYQ'[n]}"), now=now + timedelta(minutes=n))
    rows = read_csv(download("csv", "&q=zoe+q")[1])
    assert [(row[0], row[8]) for row in rows[1:]] == [("Zoé Q", "2")]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_is_never_a_formula(start):
    assert neutralized(f"{start}1+1") == f"'{start}1+1"
    assert neutralized(f"a;{start}1+1;b") == f"a;'{start}1+1;b"
    assert neutralized(f"a\n{start}1+1") == f"a\n'{start}1+1"
    assert neutralized("a-b @ c = d") == "a-b @ c = d"
    assert neutralized(-3) == -3


def test_what_people_typed_is_text_in_both_files(download, series, now):
    registration = add_person(series, now, "Zoé", organization='=HYPERLINK("http://x","y")\x07')
    Answer.objects.create(registration=registration, question=series.questions.get(), value=["@SUM(1)", "=2"])
    row = read_csv(download("csv")[1])[1]
    assert '\'=HYPERLINK("http://x","y")\x07' in row
    assert "'@SUM(1), =2" in row
    sheet = openpyxl.load_workbook(io.BytesIO(download("xlsx")[1])).active
    cells = {cell.value: cell.data_type for cell in sheet[2] if cell.value is not None}
    assert '\'=HYPERLINK("http://x","y")' in cells
    assert set(cells.values()) <= {"s", "n"}
    assert all(kind == "n" for value, kind in cells.items() if isinstance(value, int))


def test_another_format_is_not_found(client, series):
    client.force_login(series.hub.memberships.get().user)
    address = reverse("workspace:registrants_export", args=[series.hub.slug, series.pk])
    assert [client.get(f"{address}{query}").status_code for query in ("", "?format=pdf")] == [404, 404]


def test_memory_stays_flat_and_queries_grow_only_with_each_batch(series, now):
    add_people(series, now, 1000)
    first = peak_of_an_export(series, now)
    add_people(series, now, 3000)
    second = peak_of_an_export(series, now)
    assert (first[1], second[1]) == (1001, 4001)
    assert second[0] < first[0] * 1.5
    with CaptureQueriesContext(connection) as queries:
        list(csv_lines(RegistrantTable(series, Registration.objects.filter(series=series), now)))
    assert len(queries) < 20


def add_people(series, now, count):
    already = User.objects.count()
    people = User.objects.bulk_create(
        User(email=f"many{already + n}@example.ca", name=f"Person {n}", password="!") for n in range(count)
    )
    Registration.objects.bulk_create(
        Registration(series=series, user=person, state="waitlisted", created_at=now, waitlisted_at=now)
        for person in people
    )


def peak_of_an_export(series, now):
    """Return the most memory that was in use after each hundred lines of an export, in bytes, and the number of lines."""
    table, most = RegistrantTable(series, Registration.objects.filter(series=series), now), 0
    tracemalloc.start()
    for lines, _line in enumerate(csv_lines(table), start=1):
        if lines % 100 == 0:
            gc.collect()  # rows that refer to each other are freed when Python gets to it
            most = max(most, tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return most, lines
