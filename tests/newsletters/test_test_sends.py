"""Staff send an issue to themselves before anyone else gets it."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from newsletters.models import ConsentEvent, Issue, Subscriber
from newsletters.queries import SAMPLE_TOKEN
from newsletters.services.sending import start_sending
from outbox.models import Message
from tests.factories import IssueFactory, SubscriberFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    person = UserFactory(is_staff=True, is_superuser=True, email="me@example.ca")
    client.force_login(person)
    return person


@pytest.fixture
def issue():
    return IssueFactory(title_en="Spring", title_fr="Printemps")


def send(client, issue):
    return client.post(f"/en/admin/newsletters/issue/{issue.pk}/test/", follow=True)


def test_both_languages_come_marked_as_a_test(client, staff, issue, drain):
    page = send(client, issue).content.decode()
    assert "We’re sending the test to me@example.ca" in page
    english, french = drain(Message.objects.latest("pk").not_before)
    assert (english.subject, french.subject) == ("[Test] Spring", "[Essai] Printemps")
    assert english.to == french.to == ["me@example.ca"]
    assert "All is well." in english.body
    assert "Tout va bien." in french.body
    assert "\ue000" not in english.body + english.alternatives[0][0]


def test_it_is_exactly_what_readers_get_but_for_the_mark_and_the_personal_links(client, staff, issue, drain, now):
    subscriber = SubscriberFactory(topics=["newsletter"])
    send(client, issue)
    test = drain(Message.objects.latest("pk").not_before)[0]
    start_sending(issue, by=staff, now=now)
    (real,) = drain(now)

    def without_token(content):
        return content.replace(subscriber.token, SAMPLE_TOKEN)

    assert test.subject == f"[Test] {real.subject}"
    assert test.body == without_token(real.body)
    assert test.alternatives[0][0] == without_token(real.alternatives[0][0])
    assert (test.from_email, test.reply_to) == (real.from_email, real.reply_to)
    headers = {name: without_token(value) for name, value in real.extra_headers.items() if name != "Message-ID"}
    assert {name: value for name, value in test.extra_headers.items() if name != "Message-ID"} == headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(("language", "sentence"), [("en", "it changes nothing"), ("fr", "il ne change rien")])
def test_its_personal_links_say_what_they_would_do_and_change_nothing(client, issue, language, sentence):
    SubscriberFactory()
    before = list(Subscriber.objects.values())
    with translation.override(language):
        pages = [reverse(f"newsletters:{name}", args=[SAMPLE_TOKEN]) for name in ("preferences", "unsubscribe")]
    app = Client(enforce_csrf_checks=True)
    for response in (*map(client.get, pages), app.post(pages[1], {"List-Unsubscribe": "One-Click"})):
        assert response.status_code == 200
        assert sentence in response.content.decode()
    assert list(Subscriber.objects.values()) == before
    assert not ConsentEvent.objects.exists()


def test_only_the_person_who_asks_gets_it(client, staff, issue):
    SubscriberFactory()
    UserFactory(is_staff=True, is_superuser=True)
    send(client, issue)
    assert set(Message.objects.values_list("to", "is_bulk")) == {("me@example.ca", False)}  # ahead of bulk email


def test_it_says_what_the_issue_says_when_it_leaves(client, staff, issue, drain):
    send(client, issue)
    Issue.objects.update(body_en="Corrected.")
    assert "Corrected." in drain(Message.objects.latest("pk").not_before)[0].body


def test_a_deleted_issue_is_not_sent(client, staff, issue, drain):
    send(client, issue)
    issue.delete()
    assert drain(Message.objects.latest("pk").not_before) == []


def test_it_can_be_sent_again_but_not_without_end(client, staff, issue, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"newsletter-test": {"key": (2, 3600)}}
    for _ in range(2):
        send(client, issue)
    assert "You sent many tests." in send(client, issue).content.decode()
    assert Message.objects.count() == 4


def test_only_pressing_the_button_sends(client, staff, issue):
    assert client.get(f"/en/admin/newsletters/issue/{issue.pk}/test/").status_code == 405
    assert not Message.objects.exists()


def test_a_sent_issue_can_still_be_looked_at_in_a_mailbox(client, staff, issue):
    Issue.objects.update(state="sent")
    send(client, issue)
    assert Message.objects.count() == 2
