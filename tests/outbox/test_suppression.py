"""Suppressed addresses (bounces, staff), and the sending rate, pruning, requeueing and alarms of the outbox."""

from datetime import timedelta

import pytest

from outbox import alarms, message_types, sending, services, suppression
from outbox.message_types import RenderedEmail
from outbox.models import Heartbeat, Message, SoftBounce, Suppression
from outbox.services import Draft, forget_address, prune, requeue, write
from outbox.suppression import count_soft_bounce, lift, suppress, suppressed
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _hello_message_type():
    message_types.register("hello", lambda _data, _now: RenderedEmail("Hello", "Hello there", "<p>Hello there</p>"))
    yield
    del message_types._message_types["hello"]


def queue(now, key="hello:1", to="someone@example.ca", **fields):
    write([Draft(key, "hello", to, "en", {}, now + timedelta(hours=20), **fields)], now=now)
    return Message.objects.get(key=key)


def drain(now):
    with sending.Connection() as connection:
        while services.drain_batch(connection, now):
            pass


def state(message):
    message.refresh_from_db()
    return message.state


class Refusing:
    """A context in which the SMTP server replies to RCPT with `reply`."""

    def __init__(self, server, reply):
        self.server, self.reply = server, reply

    def __enter__(self):
        async def handle_rcpt(server, session, envelope, address, options):
            return self.reply

        self.server.handle_RCPT = handle_rcpt

    def __exit__(self, *_exc):
        del self.server.handle_RCPT


def test_a_hard_bounce_suppresses_the_address_with_the_servers_reply(now, smtp):
    first = queue(now)
    with Refusing(smtp, "550 5.1.1 No such person"):
        drain(now)
    assert (state(first), Suppression.objects.get().reason) == ("failed", "hard-bounce")
    assert "No such person" in Suppression.objects.get().detail
    second = queue(now, "hello:2", to="Someone@Example.ca".lower())
    drain(now)
    assert (state(second), second.reason) == ("suppressed", "The address is suppressed: hard-bounce.")
    lift(Suppression.objects.get())
    third = queue(now, "hello:3")
    drain(now)
    assert (state(third), len(smtp.messages)) == ("sent", 1)


@pytest.mark.parametrize("reply", ["550 5.7.1 Rejected by policy", "554 5.7.0 Looks like spam"])
def test_a_policy_refusal_does_not_suppress_the_address(now, smtp, reply):
    message = queue(now)
    with Refusing(smtp, reply):
        drain(now)
    assert (state(message), Suppression.objects.count()) == ("failed", 0)


def test_soft_bounces_count_once_a_day_and_suppress_at_the_threshold(now, smtp):
    with Refusing(smtp, "452 4.2.2 Mailbox full"):
        for day in range(5):
            moment = now + day * DAY
            for number in range(3):
                queue(moment, f"hello:{day}:{number}")
            drain(moment)
            assert SoftBounce.objects.count() == day + 1
            assert Suppression.objects.exists() == (day == 4)
    assert Suppression.objects.get().reason == "soft-bounces"


def test_a_mailbox_that_was_full_gets_email_again_after_a_month(now, smtp):
    for day in range(5):
        count_soft_bounce("someone@example.ca", now=now + day * DAY)
    last = now + 4 * DAY
    prune(last + 29 * DAY)
    assert suppressed(["someone@example.ca"]) == {"someone@example.ca": "soft-bounces"}
    prune(last + 30 * DAY)
    assert not suppressed(["someone@example.ca"])
    message = queue(last + 30 * DAY)
    drain(last + 30 * DAY)
    assert (state(message), SoftBounce.objects.count()) == ("sent", 0)


@pytest.mark.parametrize("reason", ["hard-bounce", "complaint", "staff"])
def test_the_other_reasons_have_no_end(now, reason):
    suppress("someone@example.ca", reason, now=now)
    prune(now + 4000 * DAY)
    assert suppressed(["someone@example.ca"]) == {"someone@example.ca": reason}


def test_old_soft_bounces_do_not_count(now, smtp):
    with Refusing(smtp, "450 4.2.1 Try later"):
        for day in (0, 10, 20, 31, 41):
            queue(now + day * DAY, f"hello:{day}")
            drain(now + day * DAY)
    assert not Suppression.objects.exists()


def test_an_erased_address_stays_suppressed_by_its_hash(now):
    suppress("someone@example.ca", "complaint", now=now)
    forget_address("someone@example.ca")
    assert Suppression.objects.get().email == ""
    assert suppressed(["someone@example.ca", "other@example.ca"]) == {"someone@example.ca": "complaint"}


def test_service_email_is_sent_before_older_bulk_email(now, smtp):
    for number in range(services.SMALLEST_BULK_BATCH + 1):
        queue(now, f"bulk:{number}", is_bulk=True)
    queue(now + timedelta(seconds=1), "service:1", to="first@example.ca")
    with sending.Connection() as connection:
        services.drain_batch(connection, now + timedelta(seconds=2))
    assert [email["To"] for email in smtp.messages] == ["first@example.ca"]
    with sending.Connection() as connection:
        assert services.drain_batch(connection, now + timedelta(seconds=2)) == services.SMALLEST_BULK_BATCH


def test_the_message_id_does_not_change_between_attempts(now):
    message, letter = queue(now), RenderedEmail("Hello", "x", "<p>x</p>")
    ids = {sending.compose(message, letter).message()["Message-ID"] for _ in range(2)}
    assert len(ids) == 1
    assert ids != {sending.compose(queue(now, "hello:2"), letter).message()["Message-ID"]}


def test_bodies_are_kept_for_30_days_and_codes_are_never_kept(now, smtp):
    message = queue(now)
    Message.objects.create(
        key="code:1",
        message_type="code",
        to="a@example.ca",
        language="en",
        data={"code": "123456"},
        not_before=now,
        expires_at=now + DAY,
    )
    drain(now)
    message.refresh_from_db()
    assert b"Hello there" in bytes(message.as_sent)
    code = Message.objects.get(message_type="code")
    assert (code.state, code.as_sent, code.data) == ("sent", None, {})
    assert services.prune(now + timedelta(days=29)) == 0
    assert services.prune(now + timedelta(days=31)) == 1
    message.refresh_from_db()
    assert (message.as_sent, message.state, message.subject) == (None, "sent", "Hello")


def test_a_code_is_kept_until_it_is_sent(now, smtp):
    smtp.reply = "451 Later"
    Message.objects.create(
        key="code:1",
        message_type="code",
        to="a@example.ca",
        language="en",
        data={"code": "123456"},
        not_before=now,
        expires_at=now + DAY,
    )
    drain(now)
    assert Message.objects.get().data == {"code": "123456"}


def queue_code(now, to="a@example.ca"):
    later = now + timedelta(minutes=15)
    write([Draft("code:1", "code", to, "en", {"code": "123456"}, later)], now=now)
    return Message.objects.get(key="code:1")


ALL = {"code", "service", "bulk"}


@pytest.mark.parametrize(
    ("reason", "stopped"),
    [("complaint", {"bulk"}), ("soft-bounces", {"service", "bulk"}), ("hard-bounce", ALL), ("staff", ALL)],
)
def test_what_each_reason_stops(now, smtp, reason, stopped):
    """A complaint never locks anyone out of their account, and never stops email about what they registered for."""
    suppress("a@example.ca", reason, now=now)
    messages = {
        "code": queue_code(now),
        "service": queue(now, to="a@example.ca"),
        "bulk": queue(now, "bulk:1", to="a@example.ca", is_bulk=True),
    }
    drain(now)
    assert {name for name, message in messages.items() if state(message) == "suppressed"} == stopped
    assert {name for name, message in messages.items() if state(message) == "sent"} == ALL - stopped


def test_a_reason_that_stops_more_replaces_one_that_stops_less(now):
    for reason, kept in (
        ("complaint", "complaint"),
        ("soft-bounces", "soft-bounces"),
        ("complaint", "soft-bounces"),
        ("hard-bounce", "hard-bounce"),
        ("complaint", "hard-bounce"),
        ("soft-bounces", "hard-bounce"),
    ):
        suppress("A@example.ca", reason, now=now, detail=reason)
        row = Suppression.objects.get()
        assert (row.reason, row.detail) == (kept, kept)


def test_a_code_is_retried_even_when_its_address_becomes_suppressed(now, smtp):
    for day in range(1, 5):
        suppression.count_soft_bounce("a@example.ca", now=now - day * DAY)
    code = queue_code(now)
    with Refusing(smtp, "452 4.2.2 Mailbox full"):
        drain(now)
    assert (state(code), Suppression.objects.get().reason) == ("queued", "soft-bounces")
    drain(now + timedelta(minutes=2))
    assert state(code) == "sent"


def test_the_subject_of_a_code_is_not_stored(now, smtp):
    code = queue_code(now)
    smtp.reply = "451 Later"
    drain(now)
    assert (state(code), code.subject) == ("queued", "")
    smtp.reply = "250 OK"
    drain(now + timedelta(minutes=2))
    assert (state(code), code.subject) == ("sent", "")
    assert "123456" in smtp.messages[0]["Subject"]


def test_the_sending_rate_is_limited(now, smtp, settings, monkeypatch):
    import time

    settings.EMAIL_PER_SECOND = 5
    pauses = []
    moment = [1000.0]
    monkeypatch.setattr(time, "time", lambda: moment[0])

    def sleep(seconds):
        pauses.append(seconds)
        moment[0] += seconds

    monkeypatch.setattr("outbox.pace.time.sleep", sleep)
    for number in range(11):
        queue(now, f"hello:{number}")
    drain(now)
    assert (len(smtp.messages), len(pauses)) == (11, 2)


class TestAlarms:
    def test_overdue_email_and_a_stopped_beat_raise_logged_alarms(self, client, now, caplog, monkeypatch):
        from django.utils import timezone

        real = timezone.now()
        assert client.get("/readyz").json()["alarms"] == []
        alarms.tick(real - timedelta(minutes=10))
        queue(real - timedelta(minutes=6))
        response = client.get("/readyz")
        assert response.status_code == 503
        overdue, stopped = response.json()["alarms"]
        assert "1 messages are overdue" in overdue
        assert "last seen 600 seconds ago" in stopped
        assert [record.levelname for record in caplog.records if record.name == "outbox.alarms"] == ["ERROR", "ERROR"]

    def test_a_missing_sweep_is_an_alarm_after_a_few_minutes(self, now, monkeypatch):
        assert alarms.alarms(now) == []
        monkeypatch.setattr(alarms, "_process_began", -1e6)
        assert alarms.alarms(now) == ["Beat's sweep was never seen."]
        alarms.tick(now)
        assert alarms.alarms(now) == []
        assert Heartbeat.objects.count() == 1

    def test_overdue_bulk_email_is_not_an_alarm(self, now):
        queue(now - timedelta(hours=1), is_bulk=True)
        assert alarms.alarms(now) == []


class TestAdmin:
    @pytest.fixture
    def staff(self, client):
        client.force_login(UserFactory(is_staff=True, is_superuser=True))
        return client

    def test_staff_see_each_sent_message_and_the_queue_figures(self, staff, now, smtp):
        message = queue(now)
        drain(now)
        page = staff.get(f"/en/admin/outbox/message/{message.pk}/change/").content.decode()
        assert "Hello there" in page
        assert "Message-ID:" in page
        response = staff.get(f"/en/admin/outbox/message/{message.pk}/html/")
        assert "<p" in response.content.decode()
        assert "sandbox" in response["Content-Security-Policy"]
        assert "Waiting" in staff.get("/en/admin/outbox/message/").content.decode()

    def test_failed_and_uncertain_messages_can_be_sent_again_after_a_warning(self, staff, now, smtp):
        from django.utils import timezone

        first, second, third = queue(now), queue(now, "hello:2"), queue(now, "hello:3")
        Message.objects.filter(pk=first.pk).update(state="uncertain")
        Message.objects.filter(pk=second.pk).update(state="failed")
        Message.objects.filter(pk=third.pk).update(state="sent")
        chosen = {"action": "send_again", "_selected_action": [first.pk, second.pk, third.pk]}
        page = staff.post("/en/admin/outbox/message/", chosen).content.decode()
        assert "The person may get a second copy." in page
        assert state(first) == "uncertain"
        staff.post("/en/admin/outbox/message/", chosen | {"sure": "yes"})
        assert [state(one) for one in (first, second, third)] == ["queued", "queued", "sent"]
        drain(timezone.now())
        assert len(smtp.messages) == 2

    def test_staff_can_suppress_an_address_and_lift_the_suppression(self, staff):
        from django.utils import timezone

        staff.post("/en/admin/outbox/suppression/add/", {"email": "a@example.ca", "detail": "asked for it by phone"})
        assert Suppression.objects.get().reason == "staff"
        suppress("b@example.ca", "complaint", now=timezone.now())
        page = staff.get("/en/admin/outbox/suppression/").content.decode()
        assert "newsletters, session news and subscriber reminders" in page
        Suppression.objects.get(email="b@example.ca").delete()
        pk = Suppression.objects.get().pk
        staff.post(f"/en/admin/outbox/suppression/{pk}/delete/", {"post": "yes"})
        assert not Suppression.objects.exists()

    def test_staff_with_view_permission_cannot_send(self, client, now):
        from django.contrib.auth.models import Permission

        viewer = UserFactory(is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_message"))
        client.force_login(viewer)
        message = queue(now)
        Message.objects.update(state="failed")
        client.post(
            "/en/admin/outbox/message/", {"action": "send_again", "sure": "yes", "_selected_action": [message.pk]}
        )
        assert state(message) == "failed"
        client.logout()
        assert client.get(f"/en/admin/outbox/message/{message.pk}/html/").status_code == 302


def test_requeue_extends_the_expiry(now):
    message = queue(now)
    Message.objects.update(state="failed", expires_at=now - DAY)
    assert requeue(Message.objects.all(), now=now) == 1
    message.refresh_from_db()
    assert message.expires_at > now
