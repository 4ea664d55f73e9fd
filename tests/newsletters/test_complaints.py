"""A subscriber who reports an email as spam is unsubscribed, and the record of consent says so."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from newsletters.models import ConsentEvent
from newsletters.services import sending
from outbox.models import Message
from tests.factories import IssueFactory, SubscriberFactory
from tests.outbox.test_provider_reports import SECRET, AmazonSes, Postmark

pytestmark = [pytest.mark.django_db, pytest.mark.urls("outbox.urls")]


@pytest.fixture(autouse=True)
def _provider(settings, monkeypatch):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    monkeypatch.setattr("anymail.webhooks.amazon_ses._get_anymail_boto3_params", lambda **_kwargs: ({}, {}))


@pytest.fixture(params=[Postmark, AmazonSes], ids=["postmark", "amazon-ses"])
def provider(request):
    return request.param()


def steps():
    return list(ConsentEvent.objects.values_list("email", "action", "detail"))


def test_a_complaint_unsubscribes_and_is_recorded_with_its_issue(provider, client):
    now = timezone.now()
    subscriber, other = SubscriberFactory(email="marie@hôpital.ca"), SubscriberFactory()
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
