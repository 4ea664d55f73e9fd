"""Addresses that nothing is sent to: hard bounces, soft ones over days, complaints; lifted by staff; pace, prune, requeue, alarms."""

import base64
import json
from datetime import timedelta

import pytest
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.test import RequestFactory

from outbox import alarms, message_types, sending, services, suppression
from outbox.message_types import RenderedEmail
from outbox.models import Heartbeat, Message, SoftBounce, Suppression
from outbox.services import Draft, forget_address, requeue, write
from outbox.suppression import lift, suppress, suppressed
from outbox.webhooks import on_tracking
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _kind():
    message_types.register("hello", lambda _data, _now: RenderedEmail("Hello", "Hello there", "<p>Hello there</p>"))
    yield
    del message_types._message_types["hello"]


def put(now, key="hello:1", to="someone@example.ca", **fields):
    write([Draft(key, "hello", to, "en", {}, now + timedelta(hours=20), **fields)], now=now)
    return Message.objects.get(key=key)


def run(now):
    with sending.Connection() as line:
        while services.drain_batch(line, now):
            pass


def state(message):
    message.refresh_from_db()
    return message.state


class Refusing:
    """Makes the sink answer RCPT with `words`."""

    def __init__(self, sink, words):
        self.sink, self.words = sink, words

    def __enter__(self):
        async def handle_rcpt(server, session, envelope, address, options):
            return self.words

        self.sink.handle_RCPT = handle_rcpt

    def __exit__(self, *_exc):
        del self.sink.handle_RCPT


def test_a_hard_bounce_suppresses_the_address_with_what_the_server_said(now, smtp):
    first = put(now)
    with Refusing(smtp, "550 5.1.1 No such person"):
        run(now)
    assert (state(first), Suppression.objects.get().reason) == ("failed", "hard-bounce")
    assert "No such person" in Suppression.objects.get().detail
    second = put(now, "hello:2", to="Someone@Example.ca".lower())
    run(now)
    assert (state(second), second.reason) == ("suppressed", "The address is suppressed: hard-bounce.")
    lift(Suppression.objects.get())
    third = put(now, "hello:3")
    run(now)
    assert (state(third), len(smtp.messages)) == ("sent", 1)


@pytest.mark.parametrize("words", ["550 5.7.1 Rejected by policy", "554 5.7.0 Looks like spam"])
def test_a_refusal_by_policy_says_nothing_of_the_address(now, smtp, words):
    message = put(now)
    with Refusing(smtp, words):
        run(now)
    assert (state(message), Suppression.objects.count()) == ("failed", 0)


def test_soft_bounces_count_once_a_day_and_suppress_past_the_threshold(now, smtp):
    with Refusing(smtp, "452 4.2.2 Mailbox full"):
        for day in range(5):
            moment = now + day * DAY
            for number in range(3):
                put(moment, f"hello:{day}:{number}")
            run(moment)
            assert SoftBounce.objects.count() == day + 1
            assert Suppression.objects.exists() == (day == 4)
    assert Suppression.objects.get().reason == "soft-bounces"


def test_old_soft_bounces_are_forgotten(now, smtp):
    with Refusing(smtp, "450 4.2.1 Try later"):
        for day in (0, 10, 20, 31, 41):
            put(now + day * DAY, f"hello:{day}")
            run(now + day * DAY)
    assert not Suppression.objects.exists()


def test_an_erased_address_stays_suppressed_by_its_hash(now):
    suppress("someone@example.ca", "complaint", now=now)
    forget_address("someone@example.ca")
    assert Suppression.objects.get().email == ""
    assert suppressed(["someone@example.ca", "other@example.ca"]) == {"someone@example.ca": "complaint"}


class TestProvidersReports:
    def report(self, settings, body, *, secret="name:word", given="name:word"):
        settings.ANYMAIL = {"WEBHOOK_SECRET": secret}
        auth = "Basic " + base64.b64encode(given.encode()).decode()
        request = RequestFactory().post("/", json.dumps(body), "application/json", HTTP_AUTHORIZATION=auth)
        return PostmarkTrackingWebhookView.as_view()(request)

    BOUNCE = {"RecordType": "Bounce", "Type": "HardBounce", "Email": "gone@example.ca", "Description": "No mailbox"}

    def test_a_signed_bounce_or_complaint_suppresses(self, settings):
        assert self.report(settings, self.BOUNCE).status_code == 200
        complaint = {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "Email": "cross@example.ca"}
        self.report(settings, complaint)
        assert dict(Suppression.objects.values_list("email", "reason")) == {
            "gone@example.ca": "hard-bounce",
            "cross@example.ca": "complaint",
        }

    @pytest.mark.parametrize("report_type", ["SoftBounce", "Transient", "DnsError"])
    def test_a_full_mailbox_reported_by_postmark_suppresses_nobody_for_good(self, settings, report_type):
        soft = self.BOUNCE | {"Type": report_type, "Description": "Mailbox full", "Email": "full@example.ca"}
        for _ in range(3):  # a webhook is delivered again when its answer is lost
            assert self.report(settings, soft).status_code == 200
        assert (Suppression.objects.count(), SoftBounce.objects.count()) == (0, 1)

    def test_an_address_that_postmark_finds_malformed_is_suppressed(self, settings):
        self.report(settings, self.BOUNCE | {"Type": "BadEmailAddress"})
        assert Suppression.objects.get().reason == "hard-bounce"

    def test_a_rejection_by_policy_says_nothing_of_the_address(self, settings):
        for report_type in ("DMARCPolicy", "Blocked", "ManuallyDeactivated"):
            self.report(settings, self.BOUNCE | {"Type": report_type})
        assert (Suppression.objects.count(), SoftBounce.objects.count()) == (0, 0)

    @pytest.mark.parametrize(
        ("bounce", "suppressions"),
        [
            ({"bounceType": "Permanent", "bounceSubType": "General"}, 1),
            ({"bounceType": "Transient", "bounceSubType": "MailboxFull"}, 0),
            ({"bounceType": "Undetermined", "bounceSubType": "Undetermined"}, 0),
        ],
    )
    def test_amazon_says_itself_whether_a_bounce_is_permanent(self, bounce, suppressions):
        recipients = [{"emailAddress": "a@example.ca", "diagnosticCode": "smtp; 5.2.2"}]
        event = {
            "eventType": "Bounce",
            "bounce": bounce | {"bouncedRecipients": recipients, "timestamp": "2026-11-23T15:00:00.000Z"},
            "mail": {"messageId": "1", "timestamp": "2026-11-23T15:00:00.000Z", "destination": ["a@example.ca"]},
        }
        # anymail's own reading of the report, without its constructor, which wants Amazon's library
        view = AmazonSESTrackingWebhookView.__new__(AmazonSESTrackingWebhookView)
        for found in view.esp_to_anymail_events(event, {"MessageId": "n1", "Timestamp": "2026-11-23T15:00:01.000Z"}):
            on_tracking(None, found, "Amazon SES")
        assert (Suppression.objects.count(), SoftBounce.objects.count()) == (suppressions, 1 - suppressions)

    def test_an_unsigned_one_is_refused(self, settings):
        with pytest.raises(AnymailWebhookValidationFailure):  # which Django answers with a 400
            self.report(settings, self.BOUNCE, given="name:wrong")
        assert not Suppression.objects.exists()

    def test_without_a_secret_there_is_no_such_page(self, client):
        assert client.post("/anymail/postmark/tracking/").status_code == 404


def test_service_mail_goes_before_bulk_mail_that_was_there_first(now, smtp):
    for number in range(25):
        put(now, f"bulk:{number}", is_bulk=True)
    put(now + timedelta(seconds=1), "service:1", to="first@example.ca")
    with sending.Connection() as line:
        services.drain_batch(line, now + timedelta(seconds=2))
    assert [mail["To"] for mail in smtp.messages] == ["first@example.ca"]
    with sending.Connection() as line:
        assert services.drain_batch(line, now + timedelta(seconds=2)) == services.BULK_BATCH


def test_the_message_id_is_the_same_whenever_it_is_composed(now):
    message, letter = put(now), RenderedEmail("Hello", "x", "<p>x</p>")
    ids = {sending.compose(message, letter).message()["Message-ID"] for _ in range(2)}
    assert len(ids) == 1
    assert ids != {sending.compose(put(now, "hello:2"), letter).message()["Message-ID"]}


def test_what_went_is_kept_for_staff_but_never_a_code_and_pruned_in_time(now, smtp):
    message = put(now)
    Message.objects.create(
        key="code:1",
        message_type="code",
        to="a@example.ca",
        language="en",
        data={"code": "123456"},
        not_before=now,
        expires_at=now + DAY,
    )
    run(now)
    message.refresh_from_db()
    assert b"Hello there" in bytes(message.as_sent)
    code = Message.objects.get(message_type="code")
    assert (code.state, code.as_sent, code.data) == ("sent", None, {})
    assert services.prune(now + timedelta(days=29)) == 0
    assert services.prune(now + timedelta(days=31)) == 1
    message.refresh_from_db()
    assert (message.as_sent, message.state, message.subject) == (None, "sent", "Hello")


def test_a_code_survives_until_it_goes(now, smtp):
    smtp.answer = "451 Later"
    Message.objects.create(
        key="code:1",
        message_type="code",
        to="a@example.ca",
        language="en",
        data={"code": "123456"},
        not_before=now,
        expires_at=now + DAY,
    )
    run(now)
    assert Message.objects.get().data == {"code": "123456"}


def put_code(now, to="a@example.ca"):
    later = now + timedelta(minutes=15)
    write([Draft("code:1", "code", to, "en", {"code": "123456"}, later)], now=now)
    return Message.objects.get(key="code:1")


@pytest.mark.parametrize(
    ("reason", "ends"), [("soft-bounces", "sent"), ("hard-bounce", "suppressed"), ("complaint", "suppressed")]
)
def test_a_sign_in_code_goes_to_a_mailbox_that_was_full_for_days(now, smtp, reason, ends):
    suppress("a@example.ca", reason, now=now)
    code, other = put_code(now), put(now, to="a@example.ca")
    run(now)
    assert (state(code), state(other)) == (ends, "suppressed")


def test_a_code_is_tried_again_even_on_the_day_that_its_address_is_given_up(now, smtp):
    for day in range(1, 5):
        suppression.count_soft_bounce("a@example.ca", now=now - day * DAY)
    code = put_code(now)
    with Refusing(smtp, "452 4.2.2 Mailbox full"):
        run(now)
    assert (state(code), Suppression.objects.get().reason) == ("queued", "soft-bounces")
    run(now + timedelta(minutes=2))
    assert state(code) == "sent"


def test_the_ledger_keeps_no_subject_of_a_code(now, smtp):
    code = put_code(now)
    smtp.answer = "451 Later"
    run(now)
    assert (state(code), code.subject) == ("queued", "")
    smtp.answer = "250 OK"
    run(now + timedelta(minutes=2))
    assert (state(code), code.subject) == ("sent", "")
    assert "123456" in smtp.messages[0]["Subject"]


def test_the_pace_is_kept(now, smtp, settings, monkeypatch):
    import time

    settings.EMAIL_PER_SECOND = 5
    naps = []
    moment = [1000.0]
    monkeypatch.setattr(time, "time", lambda: moment[0])

    def sleep(seconds):
        naps.append(seconds)
        moment[0] += seconds

    monkeypatch.setattr("outbox.pace.time.sleep", sleep)
    for number in range(11):
        put(now, f"hello:{number}")
    run(now)
    assert (len(smtp.messages), len(naps)) == (11, 2)


class TestAlarms:
    def test_overdue_mail_and_a_silent_beat_are_seen_and_logged(self, client, now, caplog, monkeypatch):
        from django.utils import timezone

        real = timezone.now()
        assert client.get("/readyz").json()["alarms"] == []
        alarms.tick(real - timedelta(minutes=10))
        put(real - timedelta(minutes=6))
        response = client.get("/readyz")
        assert response.status_code == 503
        overdue, silent = response.json()["alarms"]
        assert "1 messages are overdue" in overdue
        assert "last seen 600 seconds ago" in silent
        assert [record.levelname for record in caplog.records if record.name == "outbox.alarms"] == ["ERROR", "ERROR"]

    def test_a_sweep_that_was_never_seen_is_an_alarm_after_a_while(self, now, monkeypatch):
        assert alarms.alarms(now) == []
        monkeypatch.setattr(alarms, "_process_began", -1e6)
        assert alarms.alarms(now) == ["Beat's sweep was never seen."]
        alarms.tick(now)
        assert alarms.alarms(now) == []
        assert Heartbeat.objects.count() == 1

    def test_bulk_mail_that_waits_is_no_alarm(self, now):
        put(now - timedelta(hours=1), is_bulk=True)
        assert alarms.alarms(now) == []


class TestAdmin:
    @pytest.fixture
    def staff(self, client):
        client.force_login(UserFactory(is_staff=True, is_superuser=True))
        return client

    def test_staff_see_each_message_as_it_went_and_the_figures(self, staff, now, smtp):
        message = put(now)
        run(now)
        page = staff.get(f"/en/admin/outbox/message/{message.pk}/change/").content.decode()
        assert "Hello there" in page
        assert "Message-ID:" in page
        response = staff.get(f"/en/admin/outbox/message/{message.pk}/html/")
        assert "<p" in response.content.decode()
        assert "sandbox" in response["Content-Security-Policy"]
        assert "Waiting" in staff.get("/en/admin/outbox/message/").content.decode()

    def test_failed_and_uncertain_ones_are_sent_again_after_a_warning(self, staff, now, smtp):
        from django.utils import timezone

        first, second, third = put(now), put(now, "hello:2"), put(now, "hello:3")
        Message.objects.filter(pk=first.pk).update(state="uncertain")
        Message.objects.filter(pk=second.pk).update(state="failed")
        Message.objects.filter(pk=third.pk).update(state="sent")
        chosen = {"action": "send_again", "_selected_action": [first.pk, second.pk, third.pk]}
        page = staff.post("/en/admin/outbox/message/", chosen).content.decode()
        assert "The person may get a second copy." in page
        assert state(first) == "uncertain"
        staff.post("/en/admin/outbox/message/", chosen | {"sure": "yes"})
        assert [state(one) for one in (first, second, third)] == ["queued", "queued", "sent"]
        run(timezone.now())
        assert len(smtp.messages) == 2

    def test_staff_suppress_and_lift_an_address(self, staff):
        staff.post("/en/admin/outbox/suppression/add/", {"email": "a@example.ca", "detail": "asked for it by phone"})
        assert Suppression.objects.get().reason == "staff"
        pk = Suppression.objects.get().pk
        staff.post(f"/en/admin/outbox/suppression/{pk}/delete/", {"post": "yes"})
        assert not Suppression.objects.exists()

    def test_who_may_only_look_cannot_send(self, client, now):
        from django.contrib.auth.models import Permission

        viewer = UserFactory(is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_message"))
        client.force_login(viewer)
        message = put(now)
        Message.objects.update(state="failed")
        client.post(
            "/en/admin/outbox/message/", {"action": "send_again", "sure": "yes", "_selected_action": [message.pk]}
        )
        assert state(message) == "failed"
        client.logout()
        assert client.get(f"/en/admin/outbox/message/{message.pk}/html/").status_code == 302


def test_requeue_gives_them_time_again(now):
    message = put(now)
    Message.objects.update(state="failed", expires_at=now - DAY)
    assert requeue(Message.objects.all(), now=now) == 1
    message.refresh_from_db()
    assert message.expires_at > now
