"""Unsubscribing: the page with one button, and the POST that an email app sends for a person."""

from datetime import timedelta

import pytest
from django.test import Client

from newsletters.models import ConsentEvent, Subscriber
from newsletters.services import subscriptions
from newsletters.services.consent import Origin
from outbox.models import Message
from tests.factories import SubscriberFactory
from tests.newsletters.conftest import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
ONE_CLICK = {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"}


@pytest.fixture
def page(subscriber):
    return f"/en/newsletter/unsubscribe/{subscriber.token}/"


@pytest.fixture
def app():
    """An email app's server: no cookies, and CSRF checks as in production."""
    return Client(enforce_csrf_checks=True)


def test_the_page_has_one_button_and_says_what_it_does(client, page, subscriber, now):
    text = words(client.get(page))
    assert f"reminders to {subscriber.email}?" in text
    assert text.count("<button") == 1
    response = client.post(page)
    assert response.status_code == 200
    assert "You’re unsubscribed" in words(response)
    assert f"/en/newsletter/preferences/{subscriber.token}/" in words(response)
    subscriber.refresh_from_db()
    assert not subscriber.receives("newsletter", now)
    assert "You’re unsubscribed" in words(client.get(page))


def test_one_click_works_without_cookies_twice_and_never_redirects(app, page, subscriber):
    for _ in range(2):
        response = app.post(page, **ONE_CLICK)
        assert response.status_code == 200
        app.cookies.clear()
    event = ConsentEvent.objects.get()
    assert (event.action, event.email, event.topics) == ("unsubscribed", subscriber.email, [])
    assert event.page == "/en/newsletter/unsubscribe/…/"


@pytest.mark.parametrize(
    "body", [{"data": b"", "content_type": ""}, {"data": b"--x", "content_type": "multipart/form-data; boundary=x"}]
)
def test_the_body_of_the_post_does_not_matter(app, page, subscriber, body):
    assert app.post(page, **body).status_code == 200
    subscriber.refresh_from_db()
    assert subscriber.unsubscribed_at


def test_the_issue_that_was_left_is_recorded(app, page):
    app.post(f"{page}?issue=12", **ONE_CLICK)
    assert ConsentEvent.objects.get().detail == {"issue": 12}


@pytest.mark.parametrize("issue", ["", "x", "9" * 40, "-1", "\0"])
def test_a_nonsensical_issue_is_ignored(app, page, issue):
    assert app.post(page, query_params={"issue": issue}).status_code == 200
    assert ConsentEvent.objects.get().detail == {}


def test_an_unknown_token_gets_a_helpful_page(app):
    for response in (app.get("/en/newsletter/unsubscribe/nobody/"), app.post("/fr/bulletin/desabonnement/nobody/")):
        assert response.status_code == 404
        assert "mailto:contact@echo.example.ca" in words(response)


def test_the_link_works_for_60_days_after_the_address_was_changed_but_opens_nothing(app, page, subscriber, now):
    move(subscriber, "new@example.ca", now)
    subscriptions.prune(now + timedelta(days=60))
    text = words(app.get(page))
    assert "new@example.ca" not in text
    assert app.get(page.replace("unsubscribe", "preferences")).status_code == 410
    response = app.post(page, **ONE_CLICK)
    subscriber.refresh_from_db()
    assert response.status_code == 200
    assert subscriber.token not in words(response)
    assert subscriber.unsubscribed_at
    assert ConsentEvent.objects.latest("pk").email == "new@example.ca"


def test_the_link_of_someone_who_was_forgotten_still_answers(app, page, subscriber, now):
    subscriptions.forget(subscriber, origin=Origin(), now=now)
    for response in (app.get(page), app.post(page, **ONE_CLICK)):
        assert response.status_code == 200
        assert "You’re unsubscribed" in words(response)
    subscriptions.prune(now + subscriptions.FORMER_TOKENS_KEPT_FOR)
    assert app.post(page, **ONE_CLICK).status_code == 404


def test_others_stay_subscribed(app, page, now):
    other = SubscriberFactory()
    app.post(page, **ONE_CLICK)
    other.refresh_from_db()
    assert list(Subscriber.objects.receiving("newsletter", now)) == [other]


def test_the_details_of_someone_who_left_are_deleted_after_a_while(app, page, now):
    stays = SubscriberFactory()
    app.post(page, **ONE_CLICK)
    subscriptions.prune(now + subscriptions.LEFT_KEPT_FOR - timedelta(minutes=1))
    assert Subscriber.objects.count() == 2
    subscriptions.prune(now + subscriptions.LEFT_KEPT_FOR)
    assert list(Subscriber.objects.all()) == [stays]
    assert ConsentEvent.objects.count() == 1


def move(subscriber, email, now):
    subscriptions.ask_new_address(subscriber, email, origin=Origin(), now=now)
    subscriptions.confirm(subscriber.requests.get(), origin=Origin(), now=now)


def test_what_we_know_of_someone_who_left_is_deleted_after_the_period_on_the_privacy_page(app, page, subscriber, now):
    expires_at, fields = now + timedelta(days=1), {"language": "en", "is_bulk": True, "not_before": now}
    Message.objects.create(key="1", message_type="newsletter", to=subscriber.email, expires_at=expires_at, **fields)
    app.post(page, **ONE_CLICK)
    subscriptions.prune(now + subscriptions.LEFT_KEPT_FOR - timedelta(minutes=1))
    assert Subscriber.objects.exists()
    subscriptions.prune(now + subscriptions.LEFT_KEPT_FOR + timedelta(minutes=1))
    assert not Subscriber.objects.exists()
    assert not Message.objects.filter(to=subscriber.email).exists()
    assert ConsentEvent.objects.filter(email=subscriber.email).exists()
