"""“What do you know about me?” and “Forget me”: what is in the file, what is deleted, and what the law lets us keep."""

import json

import pytest
from django.utils import timezone

from newsletters.models import ConsentEvent, OpeningNotice, Subscriber, SubscriptionRequest
from outbox.models import Message
from outbox.services import Draft, write
from tests.factories import SeriesFactory, UserFactory
from tests.newsletters.conftest import private_page, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscriber(subscribe):
    return subscribe()


@pytest.fixture
def page(subscriber):
    return private_page(subscriber, timezone.now())


def queue(email, now):
    drafts = [
        Draft(f"{kind}:1", kind, email, "en", {"issue": 1}, now, is_bulk=kind == "newsletter")
        for kind in ("newsletter", "registered")
    ]
    write(drafts, now=now)


def test_the_file_has_everything_we_know(client, subscriber, page, now):
    OpeningNotice.objects.create(
        series=SeriesFactory(slug="pain"), email=subscriber.email, language="en", created_at=now
    )
    queue(subscriber.email, now)
    response = client.post(f"{page}data/")
    assert response["Content-Disposition"] == 'attachment; filename="my-data.json"'
    data = json.loads(response.content)
    known = data["subscription"]
    assert (known["email"], known["name"], known["topics"]) == (
        "zoe@example.ca",
        "Zoé Roy",
        ["newsletter", "session-news"],
    )
    assert [step["action"] for step in data["consent"]] == ["asked", "confirmed"]
    assert "Yes, I want these emails" in data["consent"][0]["wording"]
    assert data["told_when_registration_opens"][0]["series__slug"] == "pain"
    assert {email["message_type"] for email in data["emails"]} == {"subscription-confirm", "newsletter"}
    assert len(data["requests"]) == 1
    assert subscriber.token not in response.content.decode()


def test_the_page_asks_first_and_names_what_is_kept(client, page, subscriber):
    text = words(client.get(f"{page}forget/"))
    assert "Canada’s anti-spam law (section 13)" in text
    assert "We keep the record of your consent" in text
    assert "close your account" not in text
    UserFactory(email=subscriber.email, with_profile=True)
    assert "close your account" in words(client.get(f"{page}forget/"))
    assert Subscriber.objects.exists()


def test_forgetting_deletes_everything_but_the_record_of_consent(client, page, subscriber, now):
    user = UserFactory(email=subscriber.email, with_profile=True)
    OpeningNotice.objects.create(series=SeriesFactory(), email=subscriber.email, language="en", created_at=now)
    queue(subscriber.email, now)
    response = client.post(f"{page}forget/", follow=True)
    assert "We have forgotten you" in words(response)
    assert not Subscriber.objects.exists()
    assert not SubscriptionRequest.objects.exists()
    assert not OpeningNotice.objects.exists()
    assert list(ConsentEvent.objects.values_list("action", flat=True)) == ["asked", "confirmed", "forgotten"]
    bulk, service = Message.objects.get(message_type="newsletter"), Message.objects.get(message_type="registered")
    assert (bulk.to, bulk.state, bulk.data) == ("", "unsubscribed", {})
    assert (service.to, service.state) == (user.email, "queued")  # what they registered for goes on
    assert Message.objects.get(message_type="subscription-confirm").to == ""
    user.refresh_from_db()
    assert user.is_active


def test_the_links_open_nothing_after_that(client, page, subscriber):
    client.post(f"{page}forget/")
    for response in (client.get(page), client.post(f"{page}forget/"), client.post(f"{page}data/")):
        assert response.status_code == 404
    assert client.get(f"/en/newsletter/preferences/{subscriber.token}/").status_code == 410


def test_the_person_can_come_back(client, page, subscribe):
    client.post(f"{page}forget/")
    assert subscribe().name == "Zoé Roy"
