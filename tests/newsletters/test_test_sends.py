"""Staff send an issue to themselves before anyone else gets it."""

import pytest

from newsletters.models import Issue
from outbox.models import Message
from tests.factories import IssueFactory, UserFactory

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
    assert "/en/newsletter/" in english.body


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
