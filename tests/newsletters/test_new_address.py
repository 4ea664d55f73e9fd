"""Changing the address: the new one confirms, the old one is told, and the links get a new token."""

import pytest
from django.utils import timezone

from newsletters.models import ConsentEvent, Subscriber
from newsletters.services import subscriptions
from newsletters.services.consent import evidence
from outbox.models import Message
from outbox.services import Draft, write
from tests.factories import SubscriberFactory
from tests.newsletters.conftest import link_in, private_page, rendered, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def page(subscriber, now):
    return f"{private_page(subscriber, now)}address/"


def confirm(client, email="new@example.ca"):
    message = Message.objects.filter(message_type="subscription-new-address", to=email).latest("pk")
    return client.post(link_in(message, "confirm"), follow=True)


def test_the_address_changes_once_the_new_one_confirms(client, page, subscriber):
    response = client.post(page, {"email": "New@Example.ca"}, follow=True)
    assert "We sent an email to the new address." in words(response)
    assert Subscriber.objects.get().email == "zoe@example.ca"
    response = confirm(client)
    assert "Our emails now go to new@example.ca." in words(response)
    moved = Subscriber.objects.get()
    assert (moved.email, moved.topics) == ("new@example.ca", subscriber.topics)
    assert moved.token != subscriber.token
    told = Message.objects.get(message_type="subscription-moved")
    assert told.to == "zoe@example.ca"
    assert "new@example.ca" not in rendered(told).text


def test_a_second_press_changes_nothing(client, page):
    client.post(page, {"email": "new@example.ca"})
    confirm(client)
    before = Subscriber.objects.values().get()
    confirm_page = f"/en/newsletter/confirm/{Subscriber.objects.get().requests.get().token}/"
    assert "Our emails now go to new@example.ca." in words(client.post(confirm_page, follow=True))
    assert Subscriber.objects.values().get() == before


def test_a_subscribed_new_address_is_told_and_the_page_is_the_same(client, page, subscriber):
    other = SubscriberFactory(email="other@example.ca")
    pages = set()
    for email in ("new@example.ca", other.email):
        pages.add(words(client.post(page, {"email": email}, follow=True)).partition("csrfmiddlewaretoken")[0])
    assert len(pages) == 1
    message = Message.objects.get(to=other.email)
    assert message.message_type == "subscription-exists"
    assert subscriber.token not in rendered(message).text


def test_an_address_that_was_subscribed_meanwhile_is_not_taken_over(client, page, subscriber):
    client.post(page, {"email": "new@example.ca"})
    SubscriberFactory(email="new@example.ca")
    response = confirm(client)
    assert response.status_code == 409
    assert "This address is already subscribed" in words(response)
    subscriber.refresh_from_db()
    assert subscriber.email == "zoe@example.ca"


def test_the_row_of_someone_who_left_makes_room_and_its_links_still_unsubscribe(client, page, subscriber, now):
    other = SubscriberFactory(email="new@example.ca", unsubscribed_at=now)
    client.post(page, {"email": "new@example.ca"})
    confirm(client)
    assert Subscriber.objects.get().pk == subscriber.pk
    client.post(f"/en/newsletter/unsubscribe/{other.token}/")
    assert Subscriber.objects.get().unsubscribed_at


def test_bulk_email_that_is_queued_goes_to_the_new_address_and_service_email_does_not(client, page, now):
    write(
        [
            Draft(f"{kind}:1", kind, "zoe@example.ca", "en", {}, now, is_bulk=kind == "newsletter")
            for kind in ("newsletter", "code")
        ],
        now=now,
    )
    client.post(page, {"email": "new@example.ca"})
    confirm(client)
    queued = Message.objects.filter(message_type__in=["newsletter", "code"])
    assert dict(queued.values_list("message_type", "to")) == {"newsletter": "new@example.ca", "code": "zoe@example.ca"}


def test_the_evidence_of_the_new_address_includes_the_consent_given_with_the_old_one(client, subscribe):
    subscriber = subscribe()
    client.post(f"{private_page(subscriber, timezone.now())}address/", {"email": "new@example.ca"})
    confirm(client)
    steps = [(step.email, step.action) for step in evidence("new@example.ca")]
    assert steps == [
        ("zoe@example.ca", "asked"),
        ("zoe@example.ca", "confirmed"),
        ("zoe@example.ca", "address-changed"),
        ("new@example.ca", "address-changed"),
    ]
    assert "new@example.ca" not in str(list(ConsentEvent.objects.filter(email="zoe@example.ca").values("detail")))


def test_the_same_or_a_wrong_address_is_an_error(client, page):
    for email, sentence in (("Zoe@example.ca", "the address that we already use"), ("x", "with an @")):
        response = client.post(page, {"email": email})
        assert response.status_code == 400
        assert sentence in words(response)


def test_nobody_can_flood_strangers_through_it(client, page):
    sent = [client.post(page, {"email": f"stranger{number}@example.ca"}).status_code for number in range(12)]
    assert sent == [302] * 10 + [400] * 2


def test_an_address_that_is_subscribed_at_the_same_moment_is_not_taken_over(client, page, subscriber, monkeypatch):
    client.post(page, {"email": "new@example.ca"})
    make_room = subscriptions._make_room

    def then_someone_subscribes(*args):
        make_room(*args)
        SubscriberFactory(email="new@example.ca")

    monkeypatch.setattr(subscriptions, "_make_room", then_someone_subscribes)
    response = confirm(client)
    assert response.status_code == 409
    assert "This address is already subscribed" in words(response)
    subscriber.refresh_from_db()
    assert subscriber.email == "zoe@example.ca"
    assert not ConsentEvent.objects.filter(action="address-changed").exists()


class TestADoubleClick:
    def token(self, client, page):
        return client.get(page).context["form"]["token"].value()

    def asked(self, client, page, *forms):
        for form in forms:
            response = client.post(page, form, follow=True)
            assert "We sent an email to the new address." in words(response)
        return list(Message.objects.order_by("pk").values_list("to", flat=True))

    def test_sends_one_email(self, client, page):
        form = {"email": "new@example.ca", "token": self.token(client, page)}
        assert self.asked(client, page, form, form) == ["new@example.ca"]

    def test_a_corrected_address_is_not_a_double_click(self, client, page):
        token = self.token(client, page)
        forms = [{"email": email, "token": token} for email in ("nwe@example.ca", "new@example.ca")]
        assert self.asked(client, page, *forms) == ["nwe@example.ca", "new@example.ca"]

    def test_asking_again_from_a_new_page_sends_another(self, client, page):
        forms = [{"email": "new@example.ca", "token": self.token(client, page)} for _ in range(2)]
        assert self.asked(client, page, *forms) == ["new@example.ca"] * 2
