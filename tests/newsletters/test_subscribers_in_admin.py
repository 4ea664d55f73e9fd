"""Subscribers in the admin: a list that stays quick, nothing that subscribes anyone, and an export without formulas."""

import csv
import io
from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletters.models import ConsentEvent, Subscriber
from newsletters.subscriber_states import SubscriberState, in_state, state_of
from tests.factories import SubscriberFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/en/admin/newsletters/subscriber/"
EXPORT = f"{LIST}export/"


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now):
        yield


@pytest.fixture
def staff(client):
    call_command("set_up_roles", verbosity=0)
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name="Newsletters"))
    client.force_login(person)
    return person


def emails_on(response):
    return [row.email for row in response.context["cl"].result_list]


@pytest.mark.parametrize("query", ["", "?q=example", "?topic=newsletter&state=active&language__exact=en"])
def test_the_list_costs_the_same_whatever_it_shows(client, staff, now, query):
    """How long it takes at full size is in bench/."""
    SubscriberFactory.create_batch(3, subscribed_at=now, topics=["newsletter"])
    client.get(LIST + query)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST + query)
    SubscriberFactory.create_batch(40, subscribed_at=now, topics=["newsletter"])
    with CaptureQueriesContext(connection) as many:
        assert len(emails_on(client.get(LIST + query))) == 43
    assert len(many) == len(few) <= 10


def test_the_search_uses_its_index(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "subscriber_by_email" in Subscriber.objects.filter(email__contains="marie").order_by().explain()


def test_the_search_finds_a_part_of_an_address_in_any_spelling(client, staff):
    SubscriberFactory(email="marie.roy@example.ca")
    SubscriberFactory(email="jean@example.ca")
    assert emails_on(client.get(f"{LIST}?q=Marie.R")) == ["marie.roy@example.ca"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("topic=reminders", {"b"}),
        ("language__exact=fr", {"b"}),
        ("province__exact=QC", {"b"}),
        ("profession__exact=physician", {"b"}),
        ("state=active", {"a", "b"}),
        ("state=paused", {"c"}),
        ("state=unsubscribed", {"d"}),
        ("state=nonsense", {"a", "b", "c", "d"}),
    ],
)
def test_the_filters(client, staff, now, query, found):
    newsletter = {"topics": ["newsletter"]}
    SubscriberFactory(email="a@example.ca", paused_until=now - timedelta(days=1), **newsletter)
    fields = {"language": "fr", "province": "QC", "profession": "physician", "topics": ["reminders"]}
    SubscriberFactory(email="b@example.ca", **fields)
    SubscriberFactory(email="c@example.ca", paused_until=now + timedelta(days=1), **newsletter)
    SubscriberFactory(email="d@example.ca", unsubscribed_at=now, paused_until=now + timedelta(days=1), **newsletter)
    assert {email[0] for email in emails_on(client.get(f"{LIST}?{query}"))} == found


def test_the_state_of_a_subscriber_and_the_filter_say_the_same(now):
    moments = [None, now - timedelta(days=1), now, now + timedelta(days=1)]
    for unsubscribed_at in (None, now):
        for paused_until in moments:
            SubscriberFactory(unsubscribed_at=unsubscribed_at, paused_until=paused_until)
    for state in SubscriberState:
        found = set(in_state(Subscriber.objects.all(), state, now).values_list("pk", flat=True))
        assert found == {one.pk for one in Subscriber.objects.all() if state_of(one, now) == state}


def test_a_subscriber_can_be_read_but_not_changed_added_or_deleted(client, staff):
    one = SubscriberFactory(name="Marie <b>Roy</b>")
    page = client.get(f"{LIST}{one.pk}/change/").content.decode()
    assert one.email in page
    assert "Marie &lt;b&gt;Roy&lt;/b&gt;" in page
    assert one.token not in page
    assert client.post(f"{LIST}{one.pk}/change/", {"email": "other@example.ca"}).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.get(f"{LIST}{one.pk}/delete/").status_code == 403
    assert client.get(LIST).context["cl"].model_admin.get_actions(client.get(LIST).wsgi_request) == {}


class TestUnsubscribingOnRequest:
    def page(self, subscriber):
        return f"{LIST}{subscriber.pk}/unsubscribe/"

    def test_staff_unsubscribe_someone_who_asked_and_it_is_recorded(self, client, staff):
        one = SubscriberFactory()
        assert self.page(one) in client.get(f"{LIST}{one.pk}/change/").content.decode()
        assert one.email in client.get(self.page(one)).content.decode()
        assert Subscriber.objects.get().unsubscribed_at is None  # asking changes nothing
        page = client.post(self.page(one), follow=True).content.decode()
        assert "This person is unsubscribed." in page
        assert self.page(one) not in page
        assert Subscriber.objects.get().unsubscribed_at is not None
        event = ConsentEvent.objects.get()
        assert (event.action, event.email, event.detail) == ("unsubscribed", one.email, {"by": f"user {staff.pk}"})
        assert event.ip is None  # the IP address of staff would look like the subscriber's

    def test_it_is_in_the_history_without_the_address(self, client, staff):
        one = SubscriberFactory()
        for _ in range(2):
            client.post(self.page(one))
        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_id, entry.change_message) == (staff, str(one.pk), "Unsubscribed on request")
        assert one.email not in entry.object_repr
        assert "Unsubscribed on request" in client.get(f"{LIST}{one.pk}/history/").content.decode()

    def test_the_record_of_consent_is_one_link_away(self, client, staff):
        one = SubscriberFactory()
        page = client.get(f"{LIST}{one.pk}/change/").content.decode()
        assert f"/en/admin/newsletters/consentevent/?q={quote(one.email)}" in page

    def test_others_cannot(self, client, staff):
        one = SubscriberFactory()
        staff.groups.set([Group.objects.get(name="Program")])
        assert client.post(self.page(one)).status_code == 404
        assert Subscriber.objects.get().unsubscribed_at is None
        assert not LogEntry.objects.exists()


class TestExport:
    def rows(self, client, query=""):
        response = client.get(f"{EXPORT}{query}")
        assert response.streaming
        assert response["Content-Disposition"] == 'attachment; filename="subscribers-2026-11-23.csv"'
        content = b"".join(response.streaming_content).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(content)))

    def test_it_has_what_the_list_shows(self, client, staff, now):
        SubscriberFactory(email="marie@example.ca", language="fr", topics=["newsletter"], subscribed_at=now)
        SubscriberFactory(email="jean@example.ca", unsubscribed_at=now)
        (row,) = self.rows(client, "?language__exact=fr")
        assert row == {
            "Email address": "marie@example.ca",
            "Name": row["Name"],
            "Language": "French",
            "Profession": "Registered nurse",
            "Province or territory": "Ontario",
            "Organization": "",
            "Topics": "The newsletter",
            "State": "Active",
            "Subscribed on": "2026-11-23",
            "Unsubscribed on": "",
        }
        assert len(self.rows(client)) == 2

    def test_it_is_in_the_history_with_the_number_of_subscribers(self, client, staff):
        SubscriberFactory.create_batch(2)
        client.get(f"{EXPORT}?q=subscriber")
        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_id, entry.object_repr) == (staff, None, "Exported subscribers: 2")
        assert "Exported subscribers: 2" in client.get("/en/admin/").content.decode()

    def test_it_is_in_the_language_of_the_page(self, client, staff):
        SubscriberFactory(language="fr")
        response = client.get(EXPORT.replace("/en/", "/fr/"))
        assert "Actif" in b"".join(response.streaming_content).decode()

    def test_formulas_and_line_breaks_stay_text(self, client, staff):
        SubscriberFactory(email="=cmd@example.ca", name="=1+1", organization='@x\n=HYPERLINK("https://x.example")')
        (row,) = self.rows(client)
        assert row["Email address"] == "'=cmd@example.ca"
        assert row["Name"] == "'=1+1"
        assert row["Organization"] == "'@x\n'=HYPERLINK(\"https://x.example\")"

    def test_the_cost_does_not_grow_with_the_rows(self, client, staff, django_assert_max_num_queries):
        SubscriberFactory.create_batch(50)
        with django_assert_max_num_queries(10):
            assert len(self.rows(client)) == 50

    def test_who_may_only_read_the_list_cannot_export(self, client, staff):
        staff.groups.set([Group.objects.get(name="Support")])
        page = client.get(LIST).content.decode()
        assert EXPORT not in page
        assert "/import/" not in page
        assert client.get(EXPORT).status_code == 404
        assert not LogEntry.objects.exists()

    @pytest.mark.parametrize("lookup", ["token__startswith=a", "name__startswith=a", "email__regex=("])
    def test_a_filter_that_the_list_does_not_show_is_refused(self, client, staff, lookup):
        SubscriberFactory()
        assert client.get(f"{EXPORT}?{lookup}").status_code == 400
        assert client.get(f"{LIST}?{lookup}").status_code == 400

    def test_a_filter_of_the_list_also_filters_the_export(self, client, staff):
        SubscriberFactory(language="en")
        french = SubscriberFactory(language="fr")
        assert [row["Email address"] for row in self.rows(client, "?language__exact=fr")] == [french.email]
