"""Postmark has two reports about spam. A SpamComplaint comes from the recipient. A SpamNotification comes from a filter."""

import pytest
from django.utils import timezone

from newsletters.models import ConsentEvent
from outbox.models import SoftBounce
from tests.factories import SubscriberFactory
from tests.outbox.provider_reports import DAY, SECRET, TO, Postmark, reports, sent, suppressed

pytestmark = [pytest.mark.django_db, pytest.mark.urls("outbox.urls")]


@pytest.fixture(autouse=True)
def _provider(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.fixture
def subscriber():
    return SubscriberFactory(email=TO, subscribed_at=timezone.now() - DAY)


def notification(at):
    """Postmark's bounce API: "either blocked by the user, or classified as spam, bulk mail, or had rejected content"."""
    words = {"Name": "Spam notification", "Details": "smtp;550 5.7.1 Message rejected as spam", "Inactive": False}
    return Postmark().bounce(at, kind="SpamNotification", TypeCode=512, **words)


def test_an_email_that_a_filter_took_for_spam_counts_as_bounced(client):
    sent()
    assert Postmark().post(client, notification(timezone.now())).status_code == 200
    assert reports() == [("hello:1", "bounced")]


def test_a_filter_unsubscribes_and_suppresses_nobody(client, subscriber):
    """Not even after many days: it judged the emails, not the address."""
    sent()
    now = timezone.now()
    for days in range(6):
        Postmark().post(client, notification(now - days * DAY))
    subscriber.refresh_from_db()
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)
    assert (subscriber.unsubscribed_at, ConsentEvent.objects.count()) == (None, 0)


def test_a_complaint_after_a_filters_verdict_is_still_a_complaint(client, subscriber):
    sent()
    now = timezone.now()
    Postmark().post(client, notification(now))
    Postmark().post(client, Postmark().complaint(now))
    subscriber.refresh_from_db()
    assert (suppressed(), reports()) == ({TO: "complaint"}, [("hello:1", "bounced"), ("hello:1", "complained")])
    assert subscriber.unsubscribed_at == now
