"""The preferences page: topics, language, details and a pause, by the link in each email and without signing in."""

import re
from datetime import timedelta

import pytest

from newsletters.models import ConsentAction, ConsentEvent, Subscriber, SubscriptionRequest
from newsletters.services import subscriptions
from newsletters.services.consent import Origin, record
from newsletters.services.subscriptions import PAUSE_LASTS
from outbox.models import Message
from tests.factories import SubscriberFactory, UserFactory
from tests.newsletters.conftest import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
CHOICES = {"topics": ["newsletter", "reminders"], "reminder_days": "2", "language": "fr", "province": "NS"}


@pytest.fixture
def page(subscriber):
    return f"/en/newsletter/preferences/{subscriber.token}/"


def actions():
    return list(ConsentEvent.objects.order_by("pk").values_list("action", flat=True))


def test_the_page_shows_what_one_gets_and_saves_the_changes(client, subscriber, page):
    assert client.get(page).context["form"]["topics"].value() == ["newsletter", "reminders"]
    response = client.post(page, CHOICES, follow=True)
    assert "Your preferences are saved." in words(response)
    subscriber.refresh_from_db()
    assert (subscriber.language, subscriber.reminder_days, subscriber.province) == ("fr", 2, "NS")
    assert subscriber.profession == subscriber.name == ""
    assert actions() == []  # the topics are the same


def test_a_new_topic_is_recorded_with_the_words_that_were_shown(client, page, subscriber):
    client.post(page, CHOICES | {"topics": ["session-news"]})
    event = ConsentEvent.objects.get()
    assert (event.action, event.topics, event.page) == ("changed", ["session-news"], "/en/newsletter/preferences/…/")
    assert "New sessions for my profession or in my province" in event.wording
    assert "The sender is Pallium Canada" in event.wording
    assert subscriber.token not in event.page


def test_without_a_topic_one_leaves(client, subscriber, page):
    response = client.post(page, CHOICES | {"topics": []}, follow=True)
    assert "You’re unsubscribed." in words(response)
    subscriber.refresh_from_db()
    assert subscriber.unsubscribed_at is not None
    assert subscriber.topics == ["newsletter", "reminders"]  # for an undo
    assert actions() == ["unsubscribed"]


def test_preferences_that_arrive_just_after_one_has_left_are_not_recorded(client, subscriber, page, now, monkeypatch):
    """The record would look as if the person were subscribed."""
    save = subscriptions.change_preferences

    def leave_first(*args, **kwargs):
        subscriptions.unsubscribe(subscriber, origin=Origin(), now=now)
        save(*args, **kwargs)

    monkeypatch.setattr(subscriptions, "change_preferences", leave_first)
    response = client.post(page, CHOICES | {"topics": ["session-news"]}, follow=True)
    assert "You’re unsubscribed." in words(response)
    assert "Your preferences are saved." not in words(response)
    subscriber.refresh_from_db()
    assert (subscriber.topics, subscriber.language) == (["newsletter", "reminders"], "en")
    assert actions() == ["unsubscribed"]


def test_a_pause_of_three_months_can_be_ended(client, subscriber, page, now):
    response = client.post(f"{page}pause/", follow=True)
    assert "Paused. We won’t send you anything until Monday, February 22, 2027." in words(response)
    subscriber.refresh_from_db()
    assert not subscriber.receives("newsletter", now + PAUSE_LASTS - timedelta(minutes=1))
    assert subscriber.receives("newsletter", now + PAUSE_LASTS)
    response = client.post(f"{page}resume/", follow=True)
    assert "The pause is over." in words(response)
    client.post(f"{page}resume/")
    subscriber.refresh_from_db()
    assert subscriber.receives("newsletter", now)
    assert actions() == ["paused", "resumed"]


def test_the_page_says_when_someone_agreed_on_the_site(client, subscribe):
    subscriber = subscribe()
    page = words(client.get(f"/en/newsletter/preferences/{subscriber.token}/"))
    assert "You agreed to our emails on November 23, 2026, with the form on this site." in page


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("/en/newsletter/preferences", "You agreed to our emails on May 31, 2024 (source: A &lt;paper&gt; form)."),
        ("/fr/bulletin/preferences", "Vous avez accepté de recevoir nos courriels le 31 mai 2024 (source : A &lt;"),
    ],
)
def test_the_page_says_where_someone_agreed_who_was_imported(client, subscriber, now, page, sentence):
    origin, detail = Origin("A <paper> form"), {"consent_on": "2024-05-31", "by": "staff"}
    record(ConsentAction.IMPORTED, subscriber.email, now=now, origin=origin, detail=detail)
    record(ConsentAction.CHANGED, subscriber.email, now=now, origin=Origin())
    assert sentence in words(client.get(f"{page}/{subscriber.token}/"))


@pytest.mark.parametrize("part", ["preferences", "unsubscribe", "confirm"])
def test_the_secret_address_of_a_page_stays_out_of_other_addresses(client, ask, subscriber, part):
    """Only the link to the page itself in the other language has it. Other sites get no referrer at all."""
    ask(email="new@example.ca")
    token = SubscriptionRequest.objects.get().token if part == "confirm" else subscriber.token
    response = client.get(f"/en/newsletter/{part}/{token}/")
    assert response.status_code == 200
    links = re.findall(r'(?:href|src)="([^"]*)"', response.content.decode())
    assert "/en/time-zone/" in links
    assert [link for link in links if token in link.partition("?")[2]] == []
    assert response["Referrer-Policy"] == "same-origin"


def test_no_get_changes_anything(client, page, subscriber):
    before = Subscriber.objects.values().get()
    assert [client.get(f"{page}{action}/").status_code for action in ("pause", "resume")] == [405, 405]
    assert client.get(page).status_code == client.head(page).status_code == 200
    assert client.get(f"/en/newsletter/unsubscribe/{subscriber.token}/").status_code == 200
    assert Subscriber.objects.values().get() == before
    assert actions() == []


def test_someone_who_left_ticks_the_box_to_subscribe_again(client, subscriber, page, now):
    client.post(f"/en/newsletter/unsubscribe/{subscriber.token}/")
    response = client.post(page, CHOICES)
    assert response.status_code == 400
    assert "We can’t email you without your consent." in words(response)
    response = client.post(page, CHOICES | {"consent": "on"}, follow=True)
    assert "You’re subscribed again." in words(response)
    subscriber.refresh_from_db()
    assert subscriber.receives("reminders", now)
    assert actions() == ["unsubscribed", "confirmed"]
    assert "☑ Yes, I want these emails" in ConsentEvent.objects.latest("pk").wording


def test_an_account_with_the_same_address_is_mentioned_and_stays_separate(client, subscriber, page):
    assert "You also have an account" not in words(client.get(page))
    user = UserFactory(email=subscriber.email, with_profile=True)
    text = words(client.get(page))
    assert "You also have an account" in text
    assert 'href="/en/account/profile/"' in text
    client.post(page, CHOICES | {"name": "Someone Else"})
    user.refresh_from_db()
    assert (user.language, user.profile.province) == ("en", "ON")


def test_the_account_leads_to_the_preferences(client, subscriber, page):
    user = UserFactory(email=subscriber.email, with_profile=True)
    client.force_login(user)
    for address in ("/en/account/data/", "/en/account/close/"):
        assert page in words(client.get(address))
    client.force_login(UserFactory(with_profile=True))
    for address in ("/en/account/data/", "/en/account/close/"):
        assert "newsletter/preferences" not in words(client.get(address))


def test_closing_the_account_keeps_the_subscription(client, subscriber):
    user = UserFactory(email=subscriber.email, with_profile=True)
    client.force_login(user)
    client.post("/en/account/close/", {"sure": "on"})
    user.refresh_from_db()
    assert user.closed_at
    subscriber.refresh_from_db()
    assert (subscriber.email, subscriber.unsubscribed_at) == ("zoe@example.ca", None)


@pytest.mark.parametrize("part", ["", "pause/", "resume/", "private-link/"])
def test_the_link_of_someone_else_or_of_nobody_opens_nothing(client, page, part):
    SubscriberFactory()
    address = f"/en/newsletter/preferences/nobody/{part}"
    response = client.get(address) if not part else client.post(address)
    assert response.status_code == 404
    assert "Get a new link" in words(response)


class TestLostLink:
    PAGE = "/en/newsletter/preferences/"

    def test_the_answer_is_the_same_for_every_address(self, client, fill_in, subscriber):
        pages = set()
        for email in (subscriber.email.upper(), "nobody@example.ca"):
            response = client.post(self.PAGE, fill_in(self.PAGE, {"email": email}))
            pages.add((response.status_code, response.url, words(client.get(response.url))))
        assert len(pages) == 1
        message = Message.objects.get()
        assert (message.to, message.message_type) == (subscriber.email, "subscription-link")

    def test_someone_who_left_can_get_the_link_too(self, client, fill_in, subscriber, now):
        Subscriber.objects.update(unsubscribed_at=now)
        client.post(self.PAGE, fill_in(self.PAGE, {"email": subscriber.email}))
        assert Message.objects.count() == 1

    def test_the_limits_are_the_same_for_every_address(self, client, fill_in, subscriber):
        for email in (subscriber.email, "nobody@example.ca"):
            sent = [client.post(self.PAGE, fill_in(self.PAGE, {"email": email})).status_code for _ in range(5)]
            assert sent == [302, 302, 302, 302, 400]
