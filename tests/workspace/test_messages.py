"""Writing to the people of a series: the form, the preview, sending once, and the list of what was sent."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hubs.models import Role
from outbox.models import Message, SuppressionReason
from outbox.suppression import suppress
from registrations.models import HubMessage
from registrations.services import cancel, register, register_for
from tests.factories import MembershipFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
ENGLISH = {"subject_en": "Bring a case", "body_en": "Hello,\n\nPlease bring a case."}
FRENCH = {"subject_fr": "Apportez un cas", "body_fr": "Bonjour,\n\nApportez un cas."}
MOST_QUERIES = 10


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def editor(db):
    return MembershipFactory(role=Role.EDITOR)


@pytest.fixture
def series(editor, now):
    series = SessionFactory(now=now, days=10, hub=editor.hub, late_joining=True).series
    SessionFactory(now=now, days=-7, series=series)
    series.refresh_from_db()
    return series


@pytest.fixture
def compose(client, editor, series):
    """Return a function that opens the form and posts it with some values, as a browser does."""
    client.force_login(editor.user)

    def post(step="preview", *, persons=(), **data):
        form = client.get(address(series, "message_new"), {"person": persons}).context["form"]
        values = {"token": form["token"].value(), "person": persons, "recipients": "everyone", "step": step}
        return client.post(address(series, "message_new"), values | data)

    return post


def address(series, name, *args):
    return reverse(f"workspace:{name}", args=[series.hub.slug, series.pk, *args])


def words(response):
    return " ".join(re.sub("<[^>]+>", " ", response.content.decode()).split())


def add_people(series, now, *languages):
    return [register(series, UserFactory(language=language), now=now - timedelta(days=20)) for language in languages]


def sent_emails():
    return Message.objects.filter(message_type="hub-message")


def test_the_preview_shows_both_languages_with_their_readers_and_sends_nothing(compose, series, now):
    add_people(series, now, "en", "en", "fr")
    page = words(compose(**ENGLISH, **FRENCH))
    for text in (
        "2 people get their email in English",
        "1 person gets their email in French",
        "Please bring a case.",
        "Apportez un cas.",
        "Send to 3 people",
    ):
        assert text in page
    assert HubMessage.objects.count() == 0


def test_the_preview_points_out_a_missing_language(compose, series, now):
    add_people(series, now, "en", "fr")
    response = compose(**ENGLISH)
    assert "You didn’t write in French, so they get the English text." in words(response)
    assert 'lang="en"' not in response.content.decode()
    only_english = compose(**ENGLISH, persons=[series.registrations.first().pk])
    assert "You didn’t write" in words(only_english)


def test_sending_writes_one_email_for_each_person_and_shows_the_message(compose, client, series, editor, now):
    add_people(series, now, "en", "fr")
    response = compose("send", **ENGLISH, **FRENCH)
    message = HubMessage.objects.get()
    assert response["Location"] == address(series, "message", message.pk)
    assert (message.by, message.recipients, message.sent_to) == (editor.user, "everyone", 2)
    assert sorted(sent_emails().values_list("language", flat=True)) == ["en", "fr"]
    assert "Your message goes to 2 people." in words(client.get(response["Location"]))


def test_a_double_click_sends_once(compose, client, series, now):
    add_people(series, now, "en")
    preview = compose(**ENGLISH)
    values = {field.html_name: field.value() or "" for field in preview.context["form"]} | {"step": "send"}
    del values["person"]
    first, second = (client.post(address(series, "message_new"), values) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert (HubMessage.objects.count(), sent_emails().count()) == (1, 1)


def test_changing_the_message_brings_everything_back(compose, series, now):
    add_people(series, now, "en")
    page = compose("edit", **ENGLISH)
    assert page.status_code == 200
    assert page.context["form"]["body_en"].value() == ENGLISH["body_en"]
    assert "Please bring a case." in page.content.decode()


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, "Write a subject and a message in English, in French or in both."),
        (ENGLISH | {"body_en": ""}, "Enter the message in English, or delete the English subject."),
        (ENGLISH | {"body_fr": "Bonjour"}, "Enter a subject in French, or delete the French message."),
        (ENGLISH | {"recipients": "waitlisted"}, "Nobody is in this group right now, so there is nobody to write to."),
        (ENGLISH | {"recipients": "attended"}, "Choose the session."),
        (ENGLISH | {"recipients": "selected"}, "Select a valid choice."),
        (ENGLISH | {"token": "x"}, "Enter a valid UUID."),
    ],
)
def test_incomplete_messages_are_refused_in_words(compose, series, now, data, complaint):
    add_people(series, now, "en")
    response = compose("send", **data)
    assert response.status_code == 400
    assert complaint in words(response)
    assert HubMessage.objects.count() == 0


def test_people_selected_in_the_list_are_kept_through_every_step(compose, client, series, now):
    ana, bo, _cy = add_people(series, now, "en", "en", "en")
    page = client.get(address(series, "registrants")).content.decode()
    assert f'name="person" value="{ana.pk}"' in page
    form = client.get(address(series, "message_new"), {"person": [ana.pk, bo.pk]})
    assert "2 people selected:" in words(form)
    preview = compose(**ENGLISH, persons=[ana.pk, bo.pk], recipients="selected")
    assert preview.content.decode().count('name="person"') == 2
    compose("send", **ENGLISH, persons=[ana.pk, bo.pk], recipients="selected")
    assert set(sent_emails().values_list("to", flat=True)) == {ana.user.email, bo.user.email}


def test_selected_people_of_other_series_and_people_who_left_are_refused(compose, client, series, now):
    (ana,) = add_people(series, now, "en")
    (other,) = add_people(SessionFactory(now=now, hub=series.hub).series, now, "en")
    client.force_login(series.hub.memberships.get().user)
    assert client.get(address(series, "message_new"), {"person": [ana.pk, other.pk]}).status_code == 404
    assert client.get(address(series, "message_new"), {"person": "x"}).status_code == 404
    data = {"person": [ana.pk, other.pk], "recipients": "selected", "step": "send"} | ENGLISH
    assert client.post(address(series, "message_new"), data).status_code == 400
    cancel(ana, now=now)
    assert client.get(address(series, "message_new"), {"person": ana.pk}).status_code == 404
    assert HubMessage.objects.count() == 0


def test_sessions_of_another_series_are_refused(compose, series, now):
    add_people(series, now, "en")
    other = SessionFactory(now=now, days=-3)
    assert compose("send", **ENGLISH, recipients="absent", session=other.pk).status_code == 400
    own = series.sessions.order_by("starts_at").first()
    assert compose("send", **ENGLISH, recipients="absent", session=own.pk).status_code == 302
    assert HubMessage.objects.get().session == own


def test_a_hub_sends_only_so_many_messages_a_day(compose, series, settings, now):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"hub-message": {"key": (1, 86400)}}
    add_people(series, now, "en")
    assert compose("send", **ENGLISH).status_code == 302
    response = compose("send", **ENGLISH)
    assert response.status_code == 429
    assert "Nothing was sent." in words(response)
    assert HubMessage.objects.count() == 1


def test_the_list_and_the_message_say_what_became_of_it(compose, client, series, now, drain):
    ana, bo = add_people(series, now, "en", "en")
    compose("send", **ENGLISH)
    drain(now)
    suppress(bo.user.email, SuppressionReason.HARD_BOUNCE, now=now + timedelta(hours=1))
    message = HubMessage.objects.get()
    page = words(client.get(address(series, "messages")))
    for text in ("Bring a case", "2 people", "Sent: 1", "Bounced: 1"):
        assert text in page
    page = words(client.get(address(series, "message", message.pk)))
    assert "Ask the person for another address." in page
    assert {ana.user.email, bo.user.email} <= set(page.split())


def test_an_empty_list_says_so(client, series, editor):
    client.force_login(editor.user)
    assert "No messages have been sent" in words(client.get(address(series, "messages")))


def test_the_pages_take_the_same_number_of_queries_for_many_messages_and_people(compose, client, series, now):
    add_people(series, now, "en")
    compose("send", **ENGLISH)
    message = HubMessage.objects.get()
    pages = [("messages", []), ("message", [message.pk]), ("message_new", [])]
    few = [count_queries(client, series, name, args) for name, args in pages]
    add_people(series, now, *["en", "fr"] * 30)
    for _ in range(3):
        compose("send", **ENGLISH)
    assert [count_queries(client, series, name, args) for name, args in pages] == few
    message = HubMessage.objects.first()
    page = client.get(address(series, "message", message.pk))
    assert (message.sent_to, len(page.context["rows"]), page.context["page"].pages) == (61, 50, 2)
    assert max(few) <= MOST_QUERIES
    with CaptureQueriesContext(connection) as queries:
        compose(**ENGLISH, **FRENCH)
    assert len(queries) <= 2 * MOST_QUERIES  # the form and the preview


def count_queries(client, series, name, args):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address(series, name, *args)).status_code == 200
    return len(queries)


def test_who_may_read_and_who_may_write(client, series, editor, now, compose):
    add_people(series, now, "en")
    compose("send", **ENGLISH)
    message = HubMessage.objects.get()
    viewer = MembershipFactory(hub=editor.hub, role=Role.VIEWER).user
    statuses = {viewer: (200, 200, 404), MembershipFactory().user: (404, 404, 404), UserFactory(): (404, 404, 404)}
    pages = [("messages", []), ("message", [message.pk]), ("message_new", [])]
    for user, expected in statuses.items():
        client.force_login(user)
        assert tuple(client.get(address(series, name, *args)).status_code for name, args in pages) == expected
        data = ENGLISH | {"recipients": "everyone", "step": "send", "token": "0b6ae1a8-1c4c-4a0e-8b7e-8f9a8a2b1f00"}
        assert client.post(address(series, "message_new"), data).status_code == 404
    assert HubMessage.objects.count() == 1


def test_messages_of_another_series_are_not_found(compose, client, series, now):
    add_people(series, now, "en")
    compose("send", **ENGLISH)
    other = SessionFactory(now=now, hub=series.hub).series
    assert client.get(address(other, "message", HubMessage.objects.get().pk)).status_code == 404


def test_who_got_it_names_nobody_who_has_not_registered_themselves(compose, client, series, editor, now):
    person = UserFactory(name="Zoé Roy", language="fr")
    register_for(series, person.email, name="", language="en", by=editor.user, now=now)
    sent = compose("send", **ENGLISH)
    page = client.get(sent["Location"]).content.decode()
    assert person.email in page
    assert "Zoé Roy" not in page
    assert "<td>French</td>" not in page
