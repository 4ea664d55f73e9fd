"""No French page for subscribers contains English, including wrong forms, expired links and the notes after a change."""

import pytest
from django.utils import timezone

from newsletters.models import Subscriber, SubscriptionRequest
from newsletters.private_links import make_private_token
from newsletters.services import subscriptions
from tests.echo_portal.test_french_pages import assert_all_french, french
from tests.factories import SubscriberFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_no_page_for_subscribing_contains_english(client, fill_in, clock):
    pages = {}

    def visit(name, *arguments, post=None):
        address = french(f"newsletters:{name}", *arguments)
        for typed in [None] if post is None else post:
            key = f"{name} {arguments} {typed}"
            pages[key] = client.get(address) if typed is None else client.post(address, typed, follow=True)

    form = french("newsletters:stay_connected")
    visit("stay_connected", post=[None, {}, fill_in(form), fill_in(form, email="x", topics=["reminders"], province="")])
    token = SubscriptionRequest.objects.get().token
    visit("confirm", token, post=[None, {}, None])
    visit("confirm", "x")
    subscriber = Subscriber.objects.get()
    user = UserFactory(email=subscriber.email, with_profile=True, name="Zoé Roy")
    choices = {"topics": ["newsletter"], "language": "fr"}
    visit("preferences", subscriber.token, post=[None, {"topics": "x"}, choices])
    visit("pause", subscriber.token, post=[{}])
    visit("resume", subscriber.token, post=[{}])
    visit("private_link", subscriber.token, post=[{}])
    token = make_private_token(subscriber, timezone.now())
    visit("private", token)
    visit("new_address", token, post=[None, {"email": "x"}, {"email": "other@example.ca"}])
    moving = SubscriptionRequest.objects.get(subscriber=subscriber)
    visit("confirm", moving.token)
    SubscriberFactory(email=moving.email)
    visit("confirm", moving.token, post=[{}])
    visit("unsubscribe", subscriber.token, post=[None, {}, None])
    visit("preferences", subscriber.token, post=[None, {}, choices | {"consent": "on"}])
    visit("lost_link", post=[None, {}, fill_in(french("newsletters:lost_link"), {"email": "a@example.ca"})])
    client.force_login(user)
    visit("stay_connected")
    visit("forget", token, post=[None, {}])
    visit("offer", post=[None, {}])
    visit("preferences", subscriber.token)
    visit("unsubscribe", subscriber.token)
    assert {page.status_code for page in pages.values()} == {200, 400, 404, 409, 410}
    assert_all_french(pages)


def test_an_expired_link_in_french(client, ask, clock):
    ask()
    clock.shift(subscriptions.REQUESTS_KEPT_FOR)
    assert_all_french({"expired": client.get(french("newsletters:confirm", SubscriptionRequest.objects.get().token))})
