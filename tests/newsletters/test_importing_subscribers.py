"""Importing subscribers: only with the proof of their consent, all or nothing, and never against someone's wish."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from newsletters.models import ConsentEvent, Subscriber
from newsletters.services.importing import ImportRefusedError, import_rows
from newsletters.subscriber_file import COLUMNS, SubscriberFileError, read
from outbox.models import Message, SuppressionReason
from outbox.suppression import suppress
from tests.factories import SubscriberFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/en/admin/newsletters/subscriber/import/"
WORDING = "I’d like to receive the newsletter.\nI can unsubscribe at any time."
MARIE = {
    "email": "Marie@Example.ca",
    "language": "fr",
    "topics": "newsletter, session-news",
    "consent_date": "2024-05-31",
    "consent_source": "Paper form, conference of May 2024",
    "consent_wording": WORDING,
}


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


def csv_of(*rows, delimiter=","):
    names = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, names, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def bring(*rows, now):
    return import_rows(read(csv_of(*rows), now=now), by="test", now=now)


def problems(*rows, now):
    """What is wrong with each row, when the file is imported."""
    found = read(csv_of(*rows), now=now)
    with pytest.raises(ImportRefusedError):
        import_rows(found, by="test", now=now)
    assert not ConsentEvent.objects.filter(action="imported").exists()
    return [" ".join(row.problems) for row in found]


class TestImporting:
    def test_each_person_is_subscribed_with_a_record_of_their_consent(self, now):
        more = {
            "name": "Marie Roy",
            "profession": "physician",
            "province": "QC",
            "organization": "CHUM",
            "reminder_days": "2",
        }
        bring(MARIE | more, now=now)
        person = Subscriber.objects.get()
        assert (person.email, person.language, person.topics) == (
            "marie@example.ca",
            "fr",
            ["newsletter", "session-news"],
        )
        assert {name: str(getattr(person, name)) for name in more} == more
        event = ConsentEvent.objects.get()
        assert (event.action, event.email, event.at) == ("imported", "marie@example.ca", now)
        assert (event.wording, event.page) == (WORDING, MARIE["consent_source"])
        assert event.detail == {"consent_on": "2024-05-31", "by": "test"}
        assert not Message.objects.exists()

    def test_importing_a_file_again_changes_nothing(self, now):
        rows = [MARIE, MARIE | {"email": "jean@example.ca"}]
        assert bring(*rows, now=now).added == 2
        before = list(Subscriber.objects.values())
        outcome = bring(*rows, now=now + timedelta(days=1))
        assert (outcome.added, outcome.known) == (0, 2)
        assert list(Subscriber.objects.values()) == before
        assert ConsentEvent.objects.count() == 2

    def test_someone_who_is_subscribed_keeps_what_they_chose(self, now):
        SubscriberFactory(email="marie@example.ca", topics=["reminders"], language="en")
        assert bring(MARIE, now=now).known == 1
        assert Subscriber.objects.get().topics == ["reminders"]
        assert not ConsentEvent.objects.exists()

    def test_a_later_consent_brings_someone_back_who_had_left(self, now):
        left = SubscriberFactory(email="marie@example.ca", unsubscribed_at=datetime(2024, 5, 30, 12, tzinfo=UTC))
        assert bring(MARIE, now=now).added == 1
        back = Subscriber.objects.get()
        assert (back.unsubscribed_at, back.language, back.token) == (None, "fr", left.token)

    def test_a_file_of_a_french_spreadsheet_is_read(self, now):
        content = b"\xef\xbb\xbf" + csv_of(MARIE, delimiter=";")
        import_rows(read(content, now=now), by="test", now=now)
        assert Subscriber.objects.get().topics == ["newsletter", "session-news"]

    def test_the_cost_does_not_grow_with_the_file(self, now, django_assert_max_num_queries):
        rows = [MARIE | {"email": f"person{n}@example.ca"} for n in range(200)]
        with django_assert_max_num_queries(7):
            assert bring(*rows, now=now).added == 200


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"email": ""}, "email address"),
            ({"email": "marie"}, "email address"),
            ({"email": "hélène@example.ca"}, "before the @"),
            ({"email": "a@b.ca\nBcc: x@example.ca"}, "email address"),
            ({"language": "de"}, "en or fr"),
            ({"topics": ""}, "newsletter, session-news, reminders"),
            ({"topics": "everything"}, "newsletter, session-news, reminders"),
            ({"consent_date": ""}, "2024-05-31"),
            ({"consent_date": "31/05/2024"}, "2024-05-31"),
            ({"consent_date": "2026-11-24"}, "in the future"),
            ({"consent_source": ""}, "source of the consent is missing"),
            ({"consent_source": "x" * 201}, "more than 200 characters"),
            ({"consent_wording": " "}, "wording of the consent is missing"),
            ({"profession": "magician"}, "profession: Value 'magician' is not a valid choice."),
            ({"province": "XX"}, "province: "),
            ({"reminder_days": "3"}, "reminder_days: "),
            ({"name": "x" * 151}, "name: "),
        ],
    )
    def test_a_row_without_proof_or_with_a_mistake(self, now, change, sentence):
        good = MARIE | {"email": "jean@example.ca"}
        first, second = problems(good, MARIE | change, now=now)
        assert first == ""
        assert sentence in second
        assert not Subscriber.objects.exists()

    def test_today_is_the_projects_day(self, now):
        with pytest.raises(ImportRefusedError):
            bring(MARIE | {"consent_date": "2026-11-24"}, now=datetime(2026, 11, 24, 4, tzinfo=UTC))
        bring(MARIE | {"consent_date": "2026-11-24"}, now=datetime(2026, 11, 24, 6, tzinfo=UTC))

    def test_an_address_that_is_in_the_file_twice(self, now):
        assert "on line 2 already" in problems(MARIE, MARIE | {"email": "marie@example.ca "}, now=now)[1]

    def test_a_suppressed_address(self, now):
        suppress("marie@example.ca", SuppressionReason.COMPLAINT, now=now)
        assert "We send no email to this address" in problems(MARIE, now=now)[0]

    @pytest.mark.parametrize("action", ["unsubscribed", "complained"])
    def test_someone_who_left_on_the_day_of_the_consent_or_later(self, now, action):
        event = {"email": "marie@example.ca", "action": action, "language": "fr"}
        ConsentEvent.objects.create(at=datetime(2024, 6, 1, 3, tzinfo=UTC), **event)  # still May 31 in Toronto
        assert "unsubscribed on 2024-05-31" in problems(MARIE, now=now)[0]

    def test_someone_who_moved_to_another_address(self, now):
        ConsentEvent.objects.create(at=now, email="marie@example.ca", action="address-changed", language="fr")
        assert "unsubscribed on 2026-11-23" in problems(MARIE, now=now)[0]

    def test_a_subscriber_who_unsubscribed_later(self, now):
        SubscriberFactory(email="marie@example.ca", unsubscribed_at=now)
        assert "unsubscribed on 2026-11-23" in problems(MARIE, now=now)[0]

    def test_someone_who_asked_to_be_forgotten_whatever_the_date(self, now):
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        ConsentEvent.objects.create(at=long_ago, email="marie@example.ca", action="forgotten", language="fr")
        assert "asked to be forgotten" in problems(MARIE, now=now)[0]

    @pytest.mark.parametrize(
        "content", [b"", b"email\n", b"\xff\xfe", b"a\x00b", csv_of(dict.fromkeys(COLUMNS, "")), b"PK\x03\x04"]
    )
    def test_a_file_that_is_no_such_table(self, now, content):
        with pytest.raises(SubscriberFileError):
            read(content, now=now)

    def test_unknown_and_missing_columns_are_named(self, now):
        with pytest.raises(SubscriberFileError, match="consent_wording"):
            read(csv_of({name: "x" for name in COLUMNS if name != "consent_wording"}), now=now)
        with pytest.raises(SubscriberFileError, match="may only be these"):
            read(csv_of(MARIE | {"phone": "1"}), now=now)


class TestTheCommand:
    def run(self, tmp_path, content, *options, capsys):
        file = tmp_path / "people.csv"
        file.write_bytes(content)
        call_command("import_subscribers", file, *options)
        return capsys.readouterr().out

    def test_it_only_checks_without_write(self, tmp_path, capsys):
        assert "1 would be subscribed" in self.run(tmp_path, csv_of(MARIE), capsys=capsys)
        assert not Subscriber.objects.exists()
        assert "1 subscribed" in self.run(tmp_path, csv_of(MARIE), "--write", capsys=capsys)
        assert "0 subscribed, 1 were" in self.run(tmp_path, csv_of(MARIE), "--write", capsys=capsys)

    @pytest.mark.parametrize("options", [[], ["--write"]])
    def test_it_says_row_by_row_what_is_wrong_and_writes_nothing(self, tmp_path, capsys, options):
        content = csv_of(MARIE, MARIE | {"email": "x"}, MARIE | {"email": "jean@example.ca", "language": "de"})
        with pytest.raises(CommandError) as error:
            self.run(tmp_path, content, *options, capsys=capsys)
        lines = str(error.value).splitlines()
        assert lines[0].startswith("line 4, x: ")  # the wording in line 2 has a line break
        assert lines[1] == "line 6, jean@example.ca: The language must be en or fr."
        assert lines[2] == "2 rows to correct in people.csv; nothing was written."
        assert not Subscriber.objects.exists()

    def test_a_file_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("import_subscribers", tmp_path / "none.csv")


class TestThePage:
    @pytest.fixture
    def staff(self, client):
        call_command("set_up_roles", verbosity=0)
        person = UserFactory(is_staff=True)
        person.groups.add(Group.objects.get(name="Newsletters"))
        client.force_login(person)
        return person

    def upload(self, client, content, page=PAGE):
        file = io.BytesIO(content)
        file.name = "people.csv"
        return client.post(page, {"file": file})

    def test_staff_upload_read_the_report_and_confirm(self, client, staff):
        report = self.upload(client, csv_of(MARIE))
        assert (report.context["fresh_count"], report.context["wrong_count"]) == (1, 0)
        assert not Subscriber.objects.exists()
        response = client.post(PAGE, {"checked": report.context["checked"]}, follow=True)
        assert "1 person is subscribed." in response.content.decode()
        assert ConsentEvent.objects.get().detail["by"] == f"user {staff.pk}"
        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_id, entry.object_repr) == (staff, None, "Imported subscribers: 1")
        again = self.upload(client, csv_of(MARIE)).content.decode()
        assert "Everyone in the file is subscribed already." in again
        assert 'name="checked"' not in again

    def test_a_wrong_row_is_named_and_there_is_no_button(self, client, staff):
        page = self.upload(client, csv_of(MARIE, MARIE | {"email": "<script>x</script>"})).content.decode()
        assert 'name="checked"' not in page
        assert "&lt;script&gt;x&lt;/script&gt;" in page
        assert "<script>x" not in page

    def test_what_became_wrong_since_the_report_is_refused(self, client, staff, now):
        checked = self.upload(client, csv_of(MARIE)).context["checked"]
        suppress("marie@example.ca", SuppressionReason.STAFF, now=now)
        page = client.post(PAGE, {"checked": checked}).content.decode()
        assert "We send no email to this address" in page
        assert not LogEntry.objects.exists()
        assert not Subscriber.objects.exists()

    def test_only_what_was_checked_can_be_imported_and_only_for_an_hour(self, client, staff, now):
        checked = self.upload(client, csv_of(MARIE)).context["checked"]
        for forged in ("", "x", checked[:-3] + "abc"):
            assert client.post(PAGE, {"checked": forged}).url == PAGE
        with time_machine.travel(now + timedelta(hours=2), tick=False):
            client.force_login(staff)
            assert client.post(PAGE, {"checked": checked}).url == PAGE
        assert not Subscriber.objects.exists()

    def test_a_file_that_is_no_table_or_too_large_is_a_form_error(self, client, staff, monkeypatch):
        assert "Columns are missing" in self.upload(client, b"name\nMarie").content.decode()
        assert "Choose a file." in client.post(PAGE, {}).content.decode()
        monkeypatch.setattr("newsletters.admin.subscribers.MOST_SIGNED", 100)
        assert "too large" in self.upload(client, csv_of(MARIE)).content.decode()
        monkeypatch.setattr("newsletters.admin.subscribers.MOST_BYTES", 10)
        assert "too large" in self.upload(client, csv_of(MARIE)).content.decode()

    def test_it_is_there_in_french(self, client, staff):
        page = self.upload(client, csv_of(MARIE | {"language": "de"}), PAGE.replace("/en/", "/fr/")).content.decode()
        assert "La langue doit être en ou fr." in page

    @pytest.mark.parametrize("role", ["Support", "Program"])
    def test_others_cannot_open_it(self, client, staff, role):
        staff.groups.set([Group.objects.get(name=role)])
        assert client.get(PAGE).status_code == 404
        assert self.upload(client, csv_of(MARIE)).status_code == 404
