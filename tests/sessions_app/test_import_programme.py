"""`import_programme`: a file is imported completely or refused with line numbers, and a second import changes nothing."""

from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from sessions_app.models import Series, Session
from tests.factories import HubFactory

pytestmark = pytest.mark.django_db
SAMPLE = Path(__file__).resolve().parents[2] / "sessions_app" / "sample"

VALID = """\
time_zone: America/Toronto
series:
  - title: Pain at Home
    audience: [registered-nurse]
    sessions:
      - {label: One, date: 2027-05-21, start: "12:00", end: "13:00"}
      - {label: Two, date: 2027-05-28, start: "12:00", end: "13:00"}
  - title: Grief in the Team
    sessions:
      - {date: 2027-06-02, start: "15:00", end: "16:30"}
"""


def write(tmp_path, content, name="programme.yaml"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def import_error(path, **options):
    with pytest.raises(CommandError) as error:
        call_command("import_programme", path, **options)
    assert not Series.objects.exists()
    assert not Session.objects.exists()
    return str(error.value)


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        (("2027-05-28", "2027-02-30"), 7, "“2027-02-30” is not a date"),
        (("registered-nurse", "astronaut"), 4, "unknown profession “astronaut”"),
        (('end: "16:30"', 'end: "14:30"'), 10, "ends at 14:30, before it starts at 15:00"),
        (("Grief in the Team", "Pain at Home"), 8, "the title “Pain at Home” stands on line 3 already"),
        (('start: "15:00"', 'start: "25:00"'), 10, "“25:00” is not a time"),
        (("    audience", "    hub: nowhere\n    audience"), 4, "there is no hub “nowhere”"),
        (("    audience", "    colour: blue\n    audience"), 4, "unknown name “colour”"),
        (("    audience", "    shown_as: maybe\n    audience"), 4, "“maybe” is not one of"),
        (("    audience", "    capacity: many\n    audience"), 4, "“many” is not a number of seats"),
        (("America/Toronto", "Mars/Olympus"), 1, "“Mars/Olympus” is not a time zone"),
        ((', end: "16:30"', ""), 10, "the session has no end"),
        (("series:", "series: ["), 3, "this is not YAML"),
    ],
)
def test_an_error_names_its_line_and_reason_and_nothing_is_written(tmp_path, change, line, reason):
    message = import_error(write(tmp_path, VALID.replace(*change)))
    assert f"line {line}: " in message
    assert reason in message
    if "YAML" not in reason and "unknown name" not in reason:
        assert "1 to correct in programme.yaml; nothing was written." in message


def test_all_errors_are_listed_in_the_order_of_lines(tmp_path):
    invalid = VALID.replace("2027-05-21", "soon").replace('end: "16:30"', 'end: "1:30"')
    errors = import_error(write(tmp_path, invalid)).splitlines()
    assert [line.split(":")[0] for line in errors[:2]] == ["line 6", "line 10"]
    assert errors[-1].startswith("2 to correct")


def test_a_wrong_encoding_names_its_line(tmp_path):
    latin = VALID.replace("Grief", "Détresse").encode("latin-1")
    assert "line 8: the file is not in UTF-8 (byte 0xE9)" in import_error(write(tmp_path, latin))


@pytest.mark.parametrize("name", ["none.yaml", "folder.pdf"])
def test_a_missing_file_and_another_file_type_are_refused(tmp_path, name):
    path = tmp_path / name if name == "none.yaml" else write(tmp_path, "x", name)
    assert name in import_error(path)


def test_an_empty_list_is_refused(tmp_path):
    assert "the file has no series" in import_error(write(tmp_path, "series: []\n"))


def test_a_second_import_changes_nothing(tmp_path, capsys):
    path = write(tmp_path, VALID)
    call_command("import_programme", path)
    before = list(Series.objects.values()), list(Session.objects.values())
    call_command("import_programme", path)
    assert (list(Series.objects.values()), list(Session.objects.values())) == before
    assert "0 series created, 0 changed, 2 unchanged" in capsys.readouterr().out


def test_fields_that_are_not_in_the_file_do_not_change(tmp_path):
    path = write(tmp_path, VALID)
    call_command("import_programme", path)
    Series.objects.filter(slug="pain-at-home").update(
        title_fr="La douleur à domicile", capacity=30, waitlist_enabled=False
    )
    call_command("import_programme", path)
    series = Series.objects.get(slug="pain-at-home")
    assert (series.title_fr, series.capacity, series.waitlist_enabled) == ("La douleur à domicile", 30, False)


def test_the_starting_option_moves_all_sessions(tmp_path):
    call_command("import_programme", write(tmp_path, VALID), starting=date(2027, 11, 5))
    starts = list(Session.objects.order_by("starts_at").values_list("starts_at", flat=True))
    assert [f"{start:%Y-%m-%d %H:%M}" for start in starts] == [
        "2027-11-05 16:00",
        "2027-11-12 17:00",
        "2027-11-17 20:00",
    ]
    assert starts[1] - starts[0] == timedelta(days=7, hours=1)  # noon before and after the clocks change


def test_moving_a_series_updates_its_sessions_and_raises_their_sequence(tmp_path):
    path = write(tmp_path, VALID)
    call_command("import_programme", path)
    before = set(Session.objects.values_list("pk", flat=True))
    call_command("import_programme", path, starting=date(2027, 6, 1))
    assert set(Session.objects.values_list("pk", flat=True)) == before
    assert set(Session.objects.values_list("sequence", flat=True)) == {1}


def test_a_capacity_below_the_taken_seats_is_refused(tmp_path):
    call_command("import_programme", write(tmp_path, VALID))
    Series.objects.filter(slug="pain-at-home").update(seats_taken=3)
    path = write(tmp_path, VALID.replace("    audience", "    capacity: 2\n    audience"))
    with pytest.raises(CommandError, match="line 3: 3 seats are taken"):
        call_command("import_programme", path)


CSV = """\
title,title_fr,hub,label,date,start,end,capacity
Pain at Home,La douleur à domicile,north,One,2027-05-21,12:00,13:00,30
,,,Two,2027-05-28,12:00,13:00,
Grief in the Team,,,,2027-06-02,15:00,16:30,
"""


def test_a_csv_file_has_one_row_per_session(tmp_path):
    HubFactory(slug="north")
    call_command("import_programme", write(tmp_path, "\ufeff" + CSV, "programme.csv"))
    pain = Series.objects.get(slug="pain-at-home")
    assert (pain.hub.slug, pain.capacity, pain.title_fr) == ("north", 30, "La douleur à domicile")
    assert [session.title_en for session in pain.sessions.all()] == ["One", "Two"]
    assert Series.objects.get(slug="grief-in-the-team").sessions.count() == 1


def test_errors_in_a_csv_file_name_their_line(tmp_path):
    HubFactory(slug="north")
    invalid = CSV.replace("2027-05-28", "2027-13-28").replace("Grief in the Team", "Pain at home")
    message = import_error(write(tmp_path, invalid, "programme.csv"))
    assert "line 3: “2027-13-28” is not a date" in message
    assert "line 4: the title “Pain at home” stands on line 2 already" in message
    assert "unknown column “seats”" in import_error(write(tmp_path, CSV.replace("capacity", "seats"), "programme.csv"))


def test_a_spreadsheet_has_the_same_columns_as_a_csv_file(tmp_path):
    from datetime import time

    book = openpyxl.Workbook()
    book.active.append(["title", "date", "start", "end"])
    book.active.append(["Pain at Home", date(2027, 5, 21), time(12), time(13)])
    book.save(tmp_path / "programme.xlsx")
    call_command("import_programme", tmp_path / "programme.xlsx")
    assert f"{Session.objects.get().starts_at:%Y-%m-%d %H:%M}" == "2027-05-21 16:00"
    Series.objects.all().delete()
    error = import_error(write(tmp_path, b"not a zip", "garbage.xlsx"))
    assert "cannot be read as a spreadsheet" in error


def test_the_sample_files_can_be_imported():
    for slug in ("northern-ontario", "maritimes", "estrie", "prairies"):
        HubFactory(slug=slug)
    for path in sorted(SAMPLE.glob("*.yaml")):
        call_command("import_programme", path)
    assert not Series.objects.filter(title_fr="").exists()


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JavaScript://example.ca/%0aalert(1)",
        "data:text/html,x",
        "ftp://example.ca/room",
        "//example.ca/room",
        "example.ca/room",
        "https://",
        "https://meet.example.ca/" + "x" * 500,
    ],
)
@pytest.mark.parametrize("kind", ["yaml", "csv"])
def test_a_join_link_that_is_not_a_web_address_is_refused(tmp_path, link, kind):
    if kind == "yaml":
        content, line = VALID.replace('end: "16:30"', f'end: "16:30", join_url: "{link}"'), 10
    else:
        content, line = f'title,date,start,end,join_url\nPain,2027-05-21,12:00,13:00,"{link}"\n', 2
    assert f"line {line}: “{link}” is not a web address." in import_error(write(tmp_path, content, f"programme.{kind}"))


def test_a_join_link_is_imported(tmp_path):
    link = "https://zoom.example.ca/j/123?pwd=abc#x"
    call_command(
        "import_programme", write(tmp_path, VALID.replace('end: "16:30"', f'end: "16:30", join_url: "{link}"'))
    )
    assert Session.objects.get(series__slug="grief-in-the-team").join_url == link
