"""A subscriber who reports an email as spam is unsubscribed, and the record of consent says so."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from newsletters.models import ConsentEvent
from newsletters.services import sending, subscriptions
from newsletters.services.consent import Origin
from newsletters.services.subscriptions import Choices
from outbox.models import Message, Suppression
from tests.factories import IssueFactory, SubscriberFactory
from tests.outbox.provider_reports import SECRET, SIGNING_KEY, Mailgun, Postmark, sent

pytestmark = [pytest.mark.django_db, pytest.mark.urls("outbox.urls")]
DAY = timedelta(days=1)
CHOICES = Choices(["newsletter"], "en")


@pytest.fixture(autouse=True)
def _provider(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY}


@pytest.fixture(params=[Postmark, Mailgun], ids=["postmark", "mailgun"])
def provider(request):
    return request.param()


def steps():
    return list(ConsentEvent.objects.values_list("email", "action", "detail"))


def test_a_complaint_unsubscribes_and_is_recorded_with_its_issue(provider, client):
    now = timezone.now()
    subscriber, other = SubscriberFactory(email="marie@hôpital.ca", subscribed_at=now - DAY), SubscriberFactory()
    with override_settings(ROOT_URLCONF="echo_portal.urls"):  # the emails have links to the site
        issue = sending.start_sending(IssueFactory(), by=None, now=now)
    Message.objects.update(state="sent", settled_at=now - timedelta(minutes=5))
    for _ in range(2):  # a webhook is repeated if its response is lost
        assert provider.post(client, provider.complaint(now, to="marie@xn--hpital-ixa.ca")).status_code == 200
    subscriber.refresh_from_db()
    other.refresh_from_db()
    assert subscriber.unsubscribed_at is not None
    assert other.unsubscribed_at is None
    assert steps() == [("marie@hôpital.ca", "complained", {"issue": issue.pk})]
    assert sending.delivery_reports(issue) == {"delivered": 0, "bounced": 0, "complained": 1}


def test_a_complaint_about_service_email_unsubscribes_too(provider, client):
    subscriber = SubscriberFactory()
    provider.post(client, provider.complaint(timezone.now(), to=subscriber.email.upper()))
    assert steps() == [(subscriber.email, "complained", {})]


def resubscribe(subscriber, now):
    """Use the preferences page to subscribe again."""
    subscriptions.resubscribe(subscriber, CHOICES, origin=Origin(), now=now)


def ask_and_confirm(subscriber, now):
    """Fill in the form as anyone can, and press the button behind the link in the email."""
    request = subscriptions.ask(subscriber.email, CHOICES, origin=Origin("/en/"), now=now)
    subscriptions.confirm(request, origin=Origin(), now=now)


@pytest.mark.parametrize("come_back", [resubscribe, ask_and_confirm])
def test_someone_who_complained_and_subscribes_again_gets_the_newsletter(provider, client, come_back, drain):
    now = timezone.now()
    subscriber = SubscriberFactory(subscribed_at=now - DAY)
    sent(to=subscriber.email)
    report = provider.complaint(now - timedelta(hours=2), to=subscriber.email)
    provider.post(client, report)
    assert Suppression.objects.get().reason == "complaint"
    come_back(subscriber, now - timedelta(hours=1))
    provider.post(client, report)  # once more, and then one that was late
    provider.post(client, provider.complaint(now - timedelta(hours=3), to=subscriber.email))
    subscriber.refresh_from_db()
    assert (subscriber.unsubscribed_at, Suppression.objects.count()) == (None, 0)
    provider.post(client, provider.complaint(now, to=subscriber.email))
    subscriber.refresh_from_db()
    assert (subscriber.unsubscribed_at, Suppression.objects.count()) == (now, 1)


def test_someone_who_complained_still_gets_the_email_that_confirms_a_new_subscription(provider, client, drain):
    now = timezone.now()
    subscriber = SubscriberFactory(subscribed_at=now - DAY)
    sent(to=subscriber.email)
    provider.post(client, provider.complaint(now, to=subscriber.email))
    with override_settings(ROOT_URLCONF="echo_portal.urls"):
        subscriptions.ask(subscriber.email, CHOICES, origin=Origin("/en/"), now=now)
        assert [email.to for email in drain(now)] == [[subscriber.email]]


def test_a_complaint_of_someone_who_is_not_subscribed_is_no_error(provider, client):
    assert provider.post(client, provider.complaint(timezone.now(), to="nobody@example.ca")).status_code == 200
    assert steps() == []


def test_a_forged_complaint_unsubscribes_nobody(provider, client):
    subscriber = SubscriberFactory()
    provider.post(client, provider.complaint(timezone.now(), to=subscriber.email), "name:wrong")
    subscriber.refresh_from_db()
    assert subscriber.unsubscribed_at is None


def test_a_bounce_does_not_unsubscribe(provider, client):
    """The address is suppressed, which says nothing about what its owner wants."""
    subscriber = SubscriberFactory()
    provider.post(client, provider.bounce(timezone.now(), to=subscriber.email))
    subscriber.refresh_from_db()
    assert (subscriber.unsubscribed_at, steps()) == (None, [])
