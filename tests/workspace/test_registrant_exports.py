"""The people of a series as CSV and XLSX files: what is in them, and no formulas. A drill checks the memory."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from accounts.models import ProviderProfile
from registrations.exports import neutralized
from registrations.models import Answer, Attendance
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
    assert client.get(f"{address}?format=pdf").status_code == 404


def test_a_spreadsheet_has_columns_wide_enough_to_read(download, series, now):
    add_person(series, now, "Ana Bo")
    sheet = openpyxl.load_workbook(io.BytesIO(download("xlsx")[1])).active
    assert sheet.column_dimensions["B"].width > 20


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Pain: part 1/2", "Pain part 1 2"),
        ("'Grief'\x01", "Grief"),
        ("x" * 30 + "'aujourd'hui", "x" * 30),
    ],
)
def test_a_spreadsheet_opens_whatever_the_title_of_the_series_is(download, series, now, title, name):
    register(series, UserFactory(), now=now)
    type(series).objects.update(title_en=title)
    assert openpyxl.load_workbook(io.BytesIO(download("xlsx")[1])).sheetnames == [name]
