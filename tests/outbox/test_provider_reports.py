"""The signed reports of email providers, as Postmark and Mailgun send them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from outbox.models import HandledReport, Message, SoftBounce, State, Suppression
from outbox.suppression import lift
from outbox.webhooks import NO_SUCH_ADDRESS, REPORTED_WITHIN, prune
from tests.outbox.provider_reports import DAY, SECRET, SIGNING_KEY, TO, Mailgun, Postmark, reports, sent, suppressed

pytestmark = [pytest.mark.django_db, pytest.mark.urls("outbox.urls")]


@pytest.fixture(autouse=True)
def _provider(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY}


@pytest.fixture
def moment():
    return timezone.now()


@pytest.fixture(params=[Postmark, Mailgun], ids=["postmark", "mailgun"])
def provider(request):
    return request.param()


def test_a_permanent_bounce_suppresses_the_address_and_is_counted_for_the_email(provider, client, moment):
    sent()
    assert provider.post(client, provider.bounce(moment)).status_code == 200
    assert suppressed() == {TO: "hard-bounce"}
    assert reports() == [("hello:1", "bounced")]


def test_a_complaint_stops_bulk_email_and_is_counted_for_the_email(provider, client, moment):
    sent()
    assert provider.post(client, provider.complaint(moment)).status_code == 200
    assert suppressed() == {TO: "complaint"}
    assert reports() == [("hello:1", "complained")]


def test_a_delivery_is_counted_for_the_email(provider, client, moment):
    sent()
    sent(to="other@example.ca", key="hello:2")
    assert provider.post(client, provider.delivery(moment)).status_code == 200
    assert (suppressed(), reports()) == ({}, [("hello:1", "delivered")])


def test_a_full_mailbox_suppresses_nobody_for_good(provider, client, moment):
    """Only refusals on five different days do, and staff can lift that."""
    sent()
    for _ in range(20):
        assert provider.post(client, provider.soft(moment)).status_code == 200
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 1)
    for days in range(1, 5):
        provider.post(client, provider.soft(moment - days * DAY))
    assert suppressed() == {TO: "soft-bounces"}
    lift(Suppression.objects.get())
    provider.post(client, provider.soft(moment))
    assert suppressed() == {}


@pytest.mark.parametrize("secret", ["name:wrong", "", "name", ":", "other:word"])
def test_a_report_with_a_wrong_signature_changes_nothing(provider, client, moment, secret):
    sent()
    for report in (
        provider.bounce(moment),
        provider.complaint(moment),
        provider.delivery(moment),
        provider.soft(moment),
    ):
        assert provider.post(client, report, secret).status_code in (400, 401)
    assert (suppressed(), reports(), SoftBounce.objects.count()) == ({}, [], 0)


def test_a_report_that_comes_again_changes_nothing(provider, client, moment):
    sent()
    every = [provider.delivery(moment), provider.soft(moment), provider.complaint(moment)]
    for report in every * 3:
        assert provider.post(client, report).status_code == 200
    assert reports() == [("hello:1", "bounced"), ("hello:1", "complained"), ("hello:1", "delivered")]
    assert (suppressed(), SoftBounce.objects.count()) == ({TO: "complaint"}, 1)


def test_a_report_that_comes_again_after_staff_lifted_the_suppression_changes_nothing(provider, client, moment):
    """A new bounce or complaint does. Mailgun signs each copy of a report with a new token."""
    sent()
    for report in (provider.bounce, provider.complaint):
        first, later = report(moment - DAY), report(moment)
        provider.post(client, first)
        lift(Suppression.objects.get())
        provider.post(client, first, **({"token": "b" * 50} if isinstance(provider, Mailgun) else {}))
        assert suppressed() == {}
        provider.post(client, later)
        assert list(suppressed()) == [TO]
        lift(Suppression.objects.get())


def test_what_was_handled_is_forgotten_when_it_is_too_old_to_come_again(provider, client, moment):
    sent()
    provider.post(client, provider.bounce(moment))
    prune(moment + REPORTED_WITHIN)
    assert HandledReport.objects.count() == 1
    prune(moment + REPORTED_WITHIN + DAY)
    assert HandledReport.objects.count() == 0


def test_a_report_that_is_replayed_later_is_ignored(provider, client, moment):
    """Someone who kept an old report cannot suppress an address whose suppression staff have lifted."""
    sent()
    for report in (provider.bounce, provider.complaint, provider.soft):
        assert provider.post(client, report(moment - 8 * DAY)).status_code == 200
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)


def test_a_soft_bounce_that_is_replayed_on_other_days_counts_once(provider, client, moment, time_machine_days):
    sent()
    report = provider.soft(moment)
    for day in time_machine_days(moment, 6):
        assert provider.post(client, report).status_code == 200, day
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 1)


@pytest.fixture
def time_machine_days():
    """Return a generator that moves the clock a day forward each time."""
    import time_machine

    def run(start, days):
        for day in range(days):
            with time_machine.travel(start + day * DAY, tick=False):
                yield day

    return run


def test_a_malformed_report_is_refused_and_changes_nothing(provider, client):
    for body in provider.malformed:
        assert provider.post(client, body).status_code in (200, 400), body
    assert provider.post(client, "{").status_code == 400
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)


def test_a_report_about_a_domain_with_an_accent_finds_the_email(provider, client, moment):
    sent(to="marie@hôpital.ca")
    provider.post(client, provider.bounce(moment, to="Marie@xn--hpital-ixa.ca"))
    assert reports() == [("hello:1", "bounced")]
    assert Suppression.objects.count() == 1


def test_a_report_about_an_unknown_address_is_accepted(provider, client, moment):
    assert provider.post(client, provider.delivery(moment, to="nobody@example.ca")).status_code == 200
    assert reports() == []


def test_a_report_is_about_the_last_email_that_was_sent_before_it(provider, client, moment):
    old, later = moment - 10 * DAY, moment + timedelta(hours=1)
    sent(key="too old", settled_at=old)
    sent(key="earlier", settled_at=moment - DAY)
    sent(key="the one", settled_at=moment - timedelta(hours=2))
    sent(key="later", settled_at=later)
    sent(key="not sent", state=State.FAILED)
    provider.post(client, provider.delivery(moment))
    assert reports() == [("the one", "delivered")]


def test_an_email_sent_through_the_api_is_found_by_its_key(provider, client, moment):
    first, _second = sent(key="first"), sent(key="second")
    if isinstance(provider, Postmark):
        more = {"Metadata": {"message": str(first.pk)}}
    else:
        more = {"user-variables": {"message": str(first.pk)}}
    provider.post(client, provider.delivery(moment, **more))
    assert reports() == [("first", "delivered")]


def test_a_key_of_another_persons_email_is_not_believed(client, moment):
    theirs, mine = sent(to="other@example.ca", key="theirs"), sent(key="mine")
    for number in (str(theirs.pk), "x", "-1", "²", "9" * 40):
        Postmark().post(client, Postmark().delivery(moment, Metadata={"message": number}))
    assert reports() == [(mine.key, "delivered")]


def test_what_is_sent_through_an_api_carries_its_key(now, settings):
    from django.core import mail

    from outbox import message_types, sending, services
    from outbox.message_types import RenderedEmail
    from outbox.services import Draft, write

    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    message_types.register("hello", lambda _data, _now: RenderedEmail("Hello", "Hello there", "<p>Hello there</p>"))
    try:
        write([Draft("hello:1", "hello", TO, "en", {}, now + DAY)], now=now)
        with sending.Connection() as connection:
            services.drain_batch(connection, now)
    finally:
        del message_types._message_types["hello"]
    message = Message.objects.get()
    assert message.state == State.SENT
    assert mail.outbox[0].metadata == {"message": str(message.pk)}


@pytest.mark.parametrize("kind", ["Transient", "DnsError"])
def test_a_delay_that_postmark_reports_is_no_bounce_of_the_email(client, moment, kind):
    sent()
    Postmark().post(client, Postmark().bounce(moment, kind=kind))
    assert (suppressed(), reports(), SoftBounce.objects.count()) == ({}, [], 0)


def test_an_address_that_postmark_calls_invalid_is_suppressed(client, moment):
    sent()
    Postmark().post(client, Postmark().bounce(moment, kind="BadEmailAddress"))
    assert suppressed() == {TO: "hard-bounce"}


@pytest.mark.parametrize("kind", ["DMARCPolicy", "Blocked", "ManuallyDeactivated"])
def test_a_policy_rejection_does_not_suppress_the_address(client, moment, kind):
    sent()
    Postmark().post(client, Postmark().bounce(moment, kind=kind))
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)


def test_an_email_that_mailgun_is_still_trying_to_deliver_is_no_bounce(client, moment):
    """A server that lets newcomers wait (greylisting) takes the email a little later."""
    sent()
    words = "Recipient address rejected: Greylisted"
    Mailgun().post(client, Mailgun().failure(moment, TO, "temporary", 450, words, "greylisted"))
    assert (suppressed(), reports(), SoftBounce.objects.count()) == ({}, [], 0)


@pytest.mark.parametrize("reason", ["suppress-complaint", "suppress-unsubscribe"])
def test_an_email_that_mailgun_holds_back_says_nothing_about_the_address(client, moment, reason):
    sent()
    words = "Not delivering to a user who marked your messages as spam"
    Mailgun().post(client, Mailgun().failure(moment, TO, "permanent", 607, words, reason))
    assert (suppressed(), SoftBounce.objects.count()) == ({}, 0)


def test_a_signed_report_needs_the_secret_too(client, moment):
    """Mailgun's signature does not cover the report itself."""
    report, mailgun = Mailgun().bounce(moment), Mailgun()
    wrong = type("Client", (), {"post": lambda _self, *args, **_kwargs: client.post(*args)})()
    assert mailgun.post(wrong, report).status_code == 400
    assert suppressed() == {}


def test_a_report_of_a_provider_that_is_not_set_up_or_not_supported_is_not_found(client, settings, moment):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    assert Mailgun().post(client, Mailgun().bounce(moment)).status_code == 404
    for name in ("amazon_ses", "brevo", "sendgrid"):
        assert client.post(f"/{name}/tracking/", "{}", "application/json").status_code == 404


def test_without_a_secret_the_portal_has_no_such_pages(client, settings):
    settings.ROOT_URLCONF = "echo_portal.urls"
    for name in ("postmark", "mailgun"):
        assert client.post(f"/anymail/{name}/tracking/").status_code == 404


@pytest.mark.parametrize(
    ("words", "says_so"),
    [
        ("550 5.1.1 No such person", True),
        ("550-5.1.10 RecipientNotFound", True),
        ("5.1.1", True),
        ("552 5.2.2 Mailbox full", False),
        ("554 5.7.1 Host 185.5.1.2 is blocked", False),
        ("554 Host 5.1.2.77 is blocked", False),
    ],
)
def test_the_status_of_a_missing_address_is_not_found_inside_an_ip_address(words, says_so):
    assert bool(NO_SUCH_ADDRESS.search(words)) is says_so
