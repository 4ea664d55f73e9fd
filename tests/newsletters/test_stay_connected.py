"""The stay-connected form: what it keeps, whom it emails, and what it never reveals."""

from datetime import timedelta

import pytest

from newsletters.models import ConsentEvent, Subscriber, SubscriptionRequest
from newsletters.services import subscriptions
from outbox.models import Message
from tests.factories import SubscriberFactory, UserFactory
from tests.newsletters.conftest import FORM, TYPED, link_in, rendered, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
SENT = f"{FORM}sent/"


def test_the_form_is_only_a_request_until_the_button_in_the_email_is_pressed(client, ask, drain, now):
    response = ask()
    assert (response.status_code, response.url) == (302, SENT)
    assert "Check your email" in words(client.get(SENT))
    request = SubscriptionRequest.objects.get()
    assert (request.email, request.name, request.topics) == (
        "zoe@example.ca",
        "Zoé Roy",
        ["newsletter", "session-news"],
    )
    (email,) = drain(request.created_at)
    assert (email.to, email.subject) == (["zoe@example.ca"], "Confirm that you want our emails")
    assert not Subscriber.objects.exists()
    assert not ConsentEvent.objects.exists()


def test_pressing_the_button_subscribes(client, ask):
    ask()
    page = link_in(Message.objects.get(), "confirm")
    question = client.get(page)
    assert "The newsletter" in words(question)
    assert not Subscriber.objects.exists()
    assert client.post(page).url == page
    assert "You’re subscribed" in words(client.get(page))
    subscriber = Subscriber.objects.get()
    assert (
        subscriber.email,
        subscriber.topics,
        subscriber.profession,
        subscriber.province,
        subscriber.organization,
    ) == (
        "zoe@example.ca",
        ["newsletter", "session-news"],
        "pharmacist",
        "QC",
        "CLSC du Nord",
    )
    client.post(page)
    assert Subscriber.objects.count() == 1
    assert ConsentEvent.objects.count() == 2


def test_the_email_contains_nothing_that_was_typed_and_is_in_the_chosen_language(client, ask):
    ask(language="fr", name="Visit spam now", organization="Cheap pills https://spam.example")
    email = rendered(Message.objects.get())
    assert email.subject == "Confirmez que vous voulez nos courriels"
    for typed in ("spam", "pills", "Zoé"):
        assert typed not in email.subject + email.text + email.html
    assert "/fr/bulletin/confirmer/" in email.text


def test_everyone_sees_the_same_page_and_only_the_holder_learns_that_the_address_is_subscribed(client, ask, subscriber):
    for email in ("new@example.ca", subscriber.email):
        response = ask(email=email)
        assert (response.status_code, response.url) == (302, SENT)
    new, holder = Message.objects.order_by("pk")
    assert (new.message_type, holder.message_type) == ("subscription-confirm", "subscription-exists")
    assert holder.to == subscriber.email
    assert link_in(holder, "preferences").endswith(f"/{subscriber.token}/")
    subscriber.refresh_from_db()
    assert subscriber.topics == ["newsletter", "reminders"]


def test_the_holder_of_a_subscribed_address_can_apply_what_was_asked_for_now(client, ask, subscriber):
    ask(topics=["session-news"], name="", language="fr")
    page = link_in(Message.objects.get(), "confirmer")
    client.post(page)
    subscriber.refresh_from_db()
    assert (subscriber.topics, subscriber.language, subscriber.name) == (["session-news"], "fr", subscriber.name)
    assert subscriber.name.startswith("Subscriber")  # what was left empty stays


def test_someone_who_left_and_asks_again_confirms_again(client, ask, subscriber, now):
    Subscriber.objects.update(unsubscribed_at=now)
    ask()
    message = Message.objects.get()
    assert message.message_type == "subscription-confirm"
    client.post(link_in(message, "confirm"))
    subscriber.refresh_from_db()
    assert subscriber.unsubscribed_at is None


def test_an_old_request_no_longer_subscribes(client, ask, clock):
    ask()
    page = link_in(Message.objects.get(), "confirm")
    clock.shift(subscriptions.REQUESTS_KEPT_FOR)
    for response in (client.get(page), client.post(page)):
        assert response.status_code == 410
        assert "Subscribe to our emails" in words(response)
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("language", "page"), [("en", "/en/newsletter/confirm/x/"), ("fr", "/fr/bulletin/confirmer/x/")]
)
def test_an_unknown_link_says_what_to_do(client, language, page):
    for response in (client.get(page), client.post(page)):
        assert response.status_code == 404
        assert ("rester-en-contact" if language == "fr" else "stay-connected") in words(response)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"consent": ""}, "We can’t email you without your consent."),
        ({"topics": []}, "Choose what you’d like to receive."),
        ({"email": "zoe"}, "Enter your email address with an @"),
        ({"email": ""}, "Enter your email address."),
        ({"profession": "", "province": ""}, "so that we know which sessions to look for"),
        ({"name": "www.spam.example"}, "Enter the name without @, / or a web address"),
        ({"token": "nonsense"}, "We couldn’t send your form yet."),
        ({"website": "https://spam.example"}, "We couldn’t send your form yet."),
    ],
)
def test_a_wrong_form_says_why_and_keeps_nothing(ask, changes, sentence):
    response = ask(**changes)
    assert response.status_code == 400
    assert sentence in words(response)
    assert not SubscriptionRequest.objects.exists()


def test_the_newsletter_alone_needs_no_details(client, ask):
    assert ask(topics=["newsletter"], profession="", province="", name="", organization="").url == SENT
    assert SubscriptionRequest.objects.get().reminder_days == 7


def test_a_form_that_is_sent_twice_sends_one_email(client, fill_in):
    typed = fill_in()
    assert [client.post(FORM, typed).url for _ in range(2)] == [SENT, SENT]
    assert SubscriptionRequest.objects.count() == Message.objects.count() == 1


def test_an_address_gets_at_most_four_such_emails_a_day_from_everyone_together(client, fill_in):
    responses = [client.post(FORM, fill_in(), REMOTE_ADDR=f"192.0.2.{number}") for number in range(5)]
    assert [response.status_code for response in responses] == [302] * 4 + [400]
    assert "We can’t send an email to this address right now." in words(responses[-1])
    assert Message.objects.count() == 4
    assert client.post(FORM, fill_in(email="other@example.ca")).status_code == 302


def test_a_signed_in_person_gets_the_form_filled_in(client):
    user = UserFactory(with_profile=True, name="Zoé Roy", language="fr")
    client.force_login(user)
    form = client.get(FORM).context["form"]
    known = ("email", "name", "profession", "province", "language")
    assert {name: form[name].value() for name in known} == {
        "email": user.email,
        "name": "Zoé Roy",
        "profession": "registered-nurse",
        "province": "ON",
        "language": "fr",
    }
    assert not form["consent"].value()
    assert not form["topics"].value()


def test_a_signed_in_subscriber_finds_their_preferences(client):
    user = UserFactory(with_profile=True)
    subscriber = SubscriberFactory(email=user.email)
    client.force_login(user)
    assert f"/en/newsletter/preferences/{subscriber.token}/" in words(client.get(FORM))
    user.emailaddress_set.update(verified=False)  # an address that nobody proved opens nothing
    assert subscriber.token not in words(client.get(FORM))


def test_nobody_else_sees_whether_an_address_is_subscribed(client, subscriber):
    assert subscriber.token not in words(client.get(FORM))


def test_old_requests_are_deleted(ask, clock, now):
    ask()
    subscriptions.prune(now + subscriptions.REQUESTS_KEPT_FOR)
    assert SubscriptionRequest.objects.count() == 1
    subscriptions.prune(now + subscriptions.REQUESTS_KEPT_FOR + timedelta(minutes=1))
    assert not SubscriptionRequest.objects.exists()


def test_home_contact_and_footer_lead_to_the_form(client):
    for page in ("/en/", "/en/contact/", "/en/about/"):
        assert f'href="{FORM}"' in client.get(page).content.decode()
    assert "mailto:contact@echo.example.ca?subject" not in client.get("/en/contact/").content.decode()


def test_the_typed_form_of_another_language_is_recorded_as_it_was_shown(client, fill_in):
    page = "/fr/bulletin/rester-en-contact/"
    client.post(page, fill_in(page, TYPED | {"language": "en"}))
    request = SubscriptionRequest.objects.get()
    assert "Oui, je veux recevoir ces courriels" in request.wording
    assert "Le bulletin" in request.wording
    assert request.page == page
    client.post(link_in(Message.objects.get(), "confirm"))
    assert list(ConsentEvent.objects.values_list("action", "language")) == [("asked", "fr"), ("confirmed", "en")]
