"""A bounce or a complaint that is reported after "Forget me", or after an account was closed, brings no address back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsletters.models import ConsentEvent, Subscriber
from newsletters.services.consent import Origin
from newsletters.services.subscriptions import forget
from outbox.models import DeliveryReport, HandledReport, Message, SoftBounce, State, Suppression
from outbox.services import forget_address
from tests.factories import SubscriberFactory
from tests.outbox.provider_reports import (
    DAY,
    SECRET,
    SIGNING_KEY,
    TO,
    Mailgun,
    Postmark,
    reports,
    sent,
    suppressed,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("outbox.urls")]
KINDS = {"bounce": "bounced", "soft": "bounced", "complaint": "complained", "delivery": "delivered"}


@pytest.fixture(autouse=True)
def _provider(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY}


@pytest.fixture(params=[Postmark, Mailgun], ids=["postmark", "mailgun"])
def provider(request):
    return request.param()


@pytest.fixture
def post(client, provider):
    """Return a function that sends a report, with the key of the email if it went through the provider's API."""

    def run(kind, message=None, at=None):
        report = getattr(provider, kind)(at or timezone.now())
        if message:
            name = "Metadata" if isinstance(provider, Postmark) else "user-variables"
            report[name] = {"message": str(message.pk)}
        assert provider.post(client, report).status_code == 200

    return run


def issue(key="newsletter:1", **fields):
    return sent(key=key, is_bulk=True, data={"issue": 1}, **fields)


def forget_me():
    now = timezone.now()
    forget(SubscriberFactory(email=TO, subscribed_at=now - DAY), origin=Origin(), now=now)


def kept():
    """Return what is stored about addresses in the outbox, besides the emails."""
    details = [detail for detail in DeliveryReport.objects.values_list("detail", flat=True) if detail]
    return [*suppressed(), *SoftBounce.objects.all(), *HandledReport.objects.all(), *details]


@pytest.mark.parametrize("kind", KINDS)
class TestAReport:
    def test_after_forget_me_is_counted_without_the_address(self, post, kind):
        message = issue()
        forget_me()
        for _ in range(2):
            post(kind, message)
        assert (reports(), kept()) == ([("newsletter:1", KINDS[kind])], [])
        assert Message.objects.get().to == ""

    def test_after_an_account_was_closed_is_counted_without_the_address(self, post, kind):
        message = sent()
        forget_address(TO)
        post(kind, message)
        assert (reports(), kept()) == ([("hello:1", KINDS[kind])], [])

    def test_about_an_email_that_is_not_found_without_its_address_leaves_nothing(self, post, kind):
        """Over SMTP, a report has no key."""
        issue()
        forget_me()
        post(kind)
        assert (reports(), kept()) == ([], [])

    def test_about_a_forgotten_subscribers_issue_says_nothing_about_their_account(self, post, kind):
        message = issue()
        sent()
        forget_me()
        post(kind, message)
        assert (reports(), kept()) == ([("newsletter:1", KINDS[kind])], [])


def test_a_report_about_another_email_to_the_same_address_still_suppresses_it(post):
    """They asked us to forget the subscription, and kept their account."""
    message = sent()
    issue()
    forget_me()
    post("bounce", message)
    assert (suppressed(), reports()) == ({TO: "hard-bounce"}, [("hello:1", "bounced")])


def test_a_report_about_an_email_that_is_too_old_to_keep_its_address_still_suppresses_it(post):
    """After a month, some kinds of email lose their address without anyone asking for it."""
    old = sent(key="reminder:1", settled_at=timezone.now() - 35 * DAY)
    Message.objects.filter(pk=old.pk).update(to="")
    sent()
    post("bounce", old)
    assert suppressed() == {TO: "hard-bounce"}


@pytest.mark.parametrize("kind", ["bounce", "complaint"])
@pytest.mark.parametrize(
    "fields",
    [
        {"state": State.SENDING, "settled_at": None},
        {"state": State.UNCERTAIN},
        {"settled_at": timezone.now() - 10 * DAY},
    ],
    ids=["not recorded yet", "uncertain", "sent long ago"],
)
def test_an_address_is_suppressed_as_long_as_the_ledger_has_it(post, kind, fields):
    message = sent(**fields)
    post(kind, message)
    assert list(suppressed()) == [TO]
    Suppression.objects.all().delete()
    post(kind, at=timezone.now() - timedelta(hours=1))
    assert list(suppressed()) == [TO]


def test_someone_who_came_back_and_reports_an_earlier_email_is_unsubscribed(post):
    message = issue()
    forget_me()
    now = timezone.now()
    SubscriberFactory(email=TO, subscribed_at=now)
    post("complaint", message, at=now)
    assert Subscriber.objects.get().unsubscribed_at == now
    assert list(ConsentEvent.objects.values_list("action", flat=True)) == ["forgotten", "complained"]
