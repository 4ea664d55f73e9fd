"""The private link: what a forwarded newsletter must not open, behind a link that is emailed to the subscriber's own address."""

from datetime import timedelta

import pytest

from newsletters.models import ConsentEvent, Subscriber
from newsletters.private_links import VALID_FOR
from outbox.models import Message
from outbox.redaction import without_secret_links
from tests.factories import SubscriberFactory
from tests.newsletters.conftest import link_in, private_page, rendered, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
PARTS = ("", "address/", "data/", "forget/")


@pytest.fixture
def preferences(subscriber):
    return f"/en/newsletter/preferences/{subscriber.token}/"


def open_part(client, page, part):
    return client.post(page + part) if part == "data/" else client.get(page + part)


def test_the_link_in_each_email_offers_all_three_and_opens_none(client, preferences, subscriber):
    text = words(client.get(preferences))
    for words_of_issue in ("Change my email address", "What do you know about me?", "Forget me"):
        assert words_of_issue in text
    assert "/private/" not in text
    for part in ("address/", "data/", "forget/"):
        for page in (preferences, f"/en/newsletter/private/{subscriber.token}/"):
            assert {client.get(page + part).status_code, client.post(page + part).status_code} <= {404, 405}
    assert Subscriber.objects.get() == subscriber


def test_a_button_emails_the_link_to_the_subscriber_in_their_language(client, preferences, subscriber):
    Subscriber.objects.update(language="fr")
    response = client.post(f"{preferences}private-link/", follow=True)
    assert "We’ve sent a private link to zoe@example.ca. It works for one hour." in words(response)
    message = Message.objects.get()
    assert (message.to, message.message_type, message.is_bulk) == (subscriber.email, "subscription-private", False)
    assert rendered(message).subject == "Ouvrez vos paramètres confidentiels"
    page = link_in(message, "confidentiel")
    assert "Mes paramètres confidentiels" in words(client.get(page))
    assert page not in without_secret_links(rendered(message).text)  # the copy that staff can read


def test_the_link_opens_the_three_pages(client, subscriber, preferences):
    client.post(f"{preferences}private-link/")
    page = link_in(Message.objects.get(), "private")
    text = words(client.get(page))
    for part in ("address/", "data/", "forget/"):
        assert page + part in text
    assert [open_part(client, page, part).status_code for part in PARTS] == [200] * 4


def test_the_hour_begins_when_the_email_leaves_and_then_the_page_says_what_to_do(client, preferences, clock):
    client.post(f"{preferences}private-link/")
    clock.shift(timedelta(minutes=20))  # the queue was long
    page = link_in(Message.objects.get(), "private")
    clock.shift(VALID_FOR - timedelta(seconds=1))
    assert client.get(page).status_code == 200
    clock.shift(timedelta(seconds=1))
    for part in PARTS:
        response = open_part(client, page, part)
        assert response.status_code == 410
        assert "This link has expired" in words(response)
        assert 'href="/en/newsletter/preferences/"' in words(response)
    assert client.post(f"{page}forget/").status_code == 410
    assert Subscriber.objects.exists()


@pytest.mark.parametrize("part", PARTS)
def test_a_link_that_was_changed_opens_nothing(client, subscriber, now, part):
    page, other = private_page(subscriber, now), SubscriberFactory()
    broken = [
        page.replace(f"/{subscriber.pk}-", f"/{other.pk}-"),
        page.replace(str(int(now.timestamp() + VALID_FOR.total_seconds())), "9999999999"),
        page[:-2] + "/",
        "/en/newsletter/private/nobody/",
        f"/en/newsletter/private/{'9' * 30}-1:x/",
    ]
    assert [open_part(client, link, part).status_code for link in broken] == [404] * 5
    assert open_part(client, page, part).status_code == 200


def test_a_new_address_ends_the_private_links_to_the_old_one(client, subscriber, now):
    page = private_page(subscriber, now)
    client.post(f"{page}address/", {"email": "new@example.ca"})
    assert client.get(page).status_code == 200
    client.post(link_in(Message.objects.get(), "confirm"))
    assert Subscriber.objects.get().email == "new@example.ca"
    assert client.get(page).status_code == 404


def test_a_link_that_is_still_queued_when_the_address_changes_goes_to_nobody(
    client, preferences, subscriber, drain, now
):
    client.post(f"{preferences}private-link/")
    Subscriber.objects.update(email="new@example.ca")
    assert drain(now) == []
    assert Message.objects.get().to == subscriber.email


def test_no_get_changes_anything(client, preferences, subscriber, now):
    page, before = private_page(subscriber, now), Subscriber.objects.values().get()
    assert client.get(f"{preferences}private-link/").status_code == 405
    assert client.get(f"{page}data/").status_code == 405
    for part in ("", "address/", "forget/"):
        assert [client.get(page + part).status_code, client.head(page + part).status_code] == [200, 200]
    assert Subscriber.objects.values().get() == before
    assert not Message.objects.exists()
    assert not ConsentEvent.objects.exists()


def test_someone_who_left_gets_the_link_too(client, preferences, subscriber, now):
    Subscriber.objects.update(unsubscribed_at=now)
    client.post(f"{preferences}private-link/")
    client.post(f"{link_in(Message.objects.get(), 'private')}forget/")
    assert not Subscriber.objects.exists()


def test_a_forwarded_newsletter_cannot_flood_the_mailbox(client, preferences):
    for network in ("192.0.2.1", "198.51.100.9"):
        for _ in range(4):
            response = client.post(f"{preferences}private-link/", follow=True, REMOTE_ADDR=network)
    assert Message.objects.count() == 3
    assert "We can’t send an email to this address right now." in words(response)
