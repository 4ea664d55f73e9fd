"""The offer on the page that confirms a registration: a form of its own, and never part of registering."""

import pytest

from newsletters.models import Subscriber, SubscriptionRequest
from outbox.models import Message
from tests.factories import SessionFactory, SubscriberFactory, UserFactory
from tests.newsletters.conftest import link_in, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
OFFER = "/en/newsletter/stay-connected/offer/"


@pytest.fixture
def person(client):
    person = UserFactory(with_profile=True, name="Zoé Roy", language="fr")
    client.force_login(person)
    return person


def test_the_page_after_registering_offers_it_once(client, person, open_series):
    response = client.post(f"/en/registration/{open_series.slug}/", follow=True)
    assert f'data-fragment="{OFFER}"' in words(response)
    assert 'href="/en/newsletter/stay-connected/"' in words(response)
    assert "data-fragment" not in words(client.get("/en/registration/mine/"))
    assert not SubscriptionRequest.objects.exists()


def test_joining_a_waitlist_offers_it_too(client, person, now):
    series = SessionFactory(now=now, capacity=0).series
    assert "data-fragment" in words(client.post(f"/en/registration/{series.slug}/", follow=True))


def test_the_fragment_has_an_unticked_box_and_only_what_we_do_not_know(client, person):
    response = client.get(OFFER)
    page = words(response)
    assert "This is separate from your registration." in page
    assert 'name="consent"' in page
    assert " checked" not in page
    assert 'name="profession"' not in page
    assert "<html" not in page


def test_sending_it_emails_a_confirmation_and_subscribes_nobody_yet(client, person):
    response = client.post(OFFER, {"topics": ["reminders"], "reminder_days": "2", "consent": "on"})
    assert response.url == "/en/newsletter/stay-connected/sent/"
    message = Message.objects.get()
    assert (message.to, message.message_type, message.language) == (person.email, "subscription-confirm", "fr")
    assert not Subscriber.objects.exists()
    client.post(link_in(message, "confirmer"))
    subscriber = Subscriber.objects.get()
    assert (
        subscriber.email,
        subscriber.name,
        subscriber.profession,
        subscriber.province,
        subscriber.reminder_days,
    ) == (
        person.email,
        "Zoé Roy",
        "registered-nurse",
        "ON",
        2,
    )


def test_without_the_box_nothing_happens(client, person):
    response = client.post(OFFER, {"topics": ["newsletter"]})
    assert response.status_code == 400
    assert "We can’t email you without your consent." in words(response)
    assert not SubscriptionRequest.objects.exists()


def test_someone_without_a_profile_is_told_what_is_missing(client):
    client.force_login(UserFactory())
    response = client.post(OFFER, {"topics": ["reminders"], "consent": "on"})
    assert response.status_code == 400
    assert "so that we know which sessions to look for" in words(response)


def test_it_is_not_shown_to_a_subscriber_nor_to_a_stranger(client, person):
    SubscriberFactory(email=person.email)
    assert client.get(OFFER).status_code == 204
    client.logout()
    assert client.get(OFFER).status_code == 204
    assert client.post(OFFER, {"topics": ["newsletter"], "consent": "on"}).url.startswith("/en/account/sign-in/")


def test_the_limits_of_the_form_apply(client, person):
    sent = [client.post(OFFER, {"topics": ["newsletter"], "consent": "on"}).status_code for _ in range(5)]
    assert sent == [302] * 4 + [400]


def test_a_double_click_sends_one_email(client, person):
    form = {"topics": ["newsletter"], "consent": "on", "token": client.get(OFFER).context["form"]["token"].value()}
    for _ in range(2):
        assert client.post(OFFER, form).url == "/en/newsletter/stay-connected/sent/"
    assert SubscriptionRequest.objects.count() == Message.objects.count() == 1
    client.post(OFFER, form | {"topics": ["newsletter", "reminders"]})  # not the same
    assert SubscriptionRequest.objects.count() == 2
