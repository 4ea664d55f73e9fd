"""Bulk sends run, pause, stop and finish together. Service email never waits for them."""

from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat, JSONObject

from accounts.models import User
from outbox import message_types, sending, services
from outbox.bulk import BulkTemplate, placeholder
from outbox.message_types import RenderedEmail
from outbox.models import BulkSend, Message
from outbox.services import BULK_BATCH, SMALLEST_BULK_BATCH, Draft, delivery, write
from outbox.suppression import suppress
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LINK = {"unsubscribe_url": "https://echo.example.ca/en/newsletter/unsubscribe/x/"}


@pytest.fixture(autouse=True)
def _message_types():
    template = BulkTemplate("News", f"<p>{placeholder('unsubscribe_url')}</p>", placeholder("unsubscribe_url"), "en")
    message_types.register("news", lambda _data, _now: template.fill(LINK))
    message_types.register("hello", lambda _data, _now: RenderedEmail("Hello", "Hello there", "<p>Hello there</p>"))
    yield
    del message_types._message_types["news"], message_types._message_types["hello"]


def start(now, people=3, key="news:1"):
    """Start a bulk send to so many people."""
    UserFactory.create_batch(people)
    recipients = User.objects.annotate(
        key=Concat(Value(f"{key}:"), Cast("pk", CharField())), to=F("email"), data=JSONObject(person="pk")
    )
    return services.start_bulk_send(key, "news", recipients, expires_at=now + DAY, now=now)


def drain_once(now, **options):
    with sending.Connection() as connection:
        return services.drain_batch(connection, now, **options)


def states(bulk_send):
    return Counter(Message.objects.filter(bulk_send=bulk_send).values_list("state", flat=True))


def queue_service(now, key="hello:1", **fields):
    write([Draft(key, "hello", "someone@example.ca", "en", {}, now + HOUR, **fields)], now=now)


def test_one_statement_writes_a_message_to_each_recipient(now):
    bulk_send = start(now, people=4)
    assert (bulk_send.audience, states(bulk_send)) == (4, {"queued": 4})
    message = Message.objects.first()
    person = User.objects.get(email=message.to)
    assert (message.key, message.data, message.is_bulk) == (f"news:1:{person.pk}", {"person": person.pk}, True)
    assert (message.not_before, message.expires_at, message.attempts) == (now, now + DAY, 0)


def test_a_bulk_send_cannot_start_twice(now):
    start(now)
    with pytest.raises(IntegrityError):
        start(now)


def test_only_a_running_send_goes_out(now, drain):
    bulk_send = start(now)
    assert services.pause_bulk_send(bulk_send)
    assert drain(now) == []
    assert services.resume_bulk_send(bulk_send, expires_at=now + DAY, now=now)
    assert len(drain(now)) == 3
    assert states(bulk_send) == {"sent": 3}


def test_pausing_and_resuming_twice_changes_nothing(now):
    bulk_send = start(now)
    assert not services.resume_bulk_send(bulk_send, expires_at=now + DAY, now=now)
    assert services.pause_bulk_send(bulk_send)
    assert not services.pause_bulk_send(bulk_send)


def test_a_paused_send_does_not_expire_and_gets_more_time_when_it_resumes(now, drain):
    bulk_send = start(now)
    services.pause_bulk_send(bulk_send)
    later = now + 3 * DAY
    drain(later)
    assert states(bulk_send) == {"queued": 3}
    services.resume_bulk_send(bulk_send, expires_at=later + DAY, now=later)
    assert len(drain(later + HOUR)) == 3


def test_a_short_pause_rewrites_no_messages(now):
    bulk_send = start(now)
    services.pause_bulk_send(bulk_send)
    services.resume_bulk_send(bulk_send, expires_at=now + HOUR + DAY, now=now + HOUR)
    assert set(Message.objects.values_list("expires_at", flat=True)) == {now + DAY}


def test_a_stopped_send_settles_what_was_queued(now, drain):
    bulk_send = start(now)
    assert services.stop_bulk_send(bulk_send, now=now)
    assert drain(now) == []
    assert states(bulk_send) == {"expired": 3}
    assert set(Message.objects.values_list("reason", "settled_at")) == {("The sending was stopped.", now)}
    assert services.finish_bulk_send(bulk_send, now=now)
    bulk_send.refresh_from_db()
    assert (bulk_send.state, bulk_send.finished_at) == ("stopped", now)
    assert not services.stop_bulk_send(bulk_send, now=now)
    assert services.retry_bulk_send(bulk_send, expires_at=now + DAY, now=now) == 0


@pytest.fixture
def unhurried(monkeypatch):
    """No batch ends early, however busy this machine is."""
    monkeypatch.setattr(delivery, "BULK_SECONDS", 3600)


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that stands still but for the 0.2 seconds that the mail server takes for each message."""
    moment = SimpleNamespace(seconds=1000.0, during=lambda _message: None)
    monkeypatch.setattr(delivery, "time", SimpleNamespace(monotonic=lambda: moment.seconds))
    original = sending.Connection.send

    def send(self, message, rendered):
        moment.seconds += 0.2
        moment.during(message)
        return original(self, message, rendered)

    monkeypatch.setattr(sending.Connection, "send", send)
    return moment


def test_a_pause_takes_effect_within_a_second_also_for_a_batch_in_hand(now, drain, clock):
    bulk_send = start(now, people=20)
    paused_at = []

    def pause(_message):
        if not paused_at:
            services.pause_bulk_send(bulk_send)
            paused_at.append(clock.seconds)

    clock.during = pause
    drain(now)
    assert clock.seconds - paused_at[0] < 1
    assert states(bulk_send)["queued"] == 20 - states(bulk_send)["sent"]
    assert 1 <= states(bulk_send)["sent"] < 6
    assert not Message.objects.filter(state="queued", handed_over_at__isnull=False).exists()


def test_a_confirmation_waits_for_a_batch_of_bulk_email_less_than_a_second(now, drain, clock):
    bulk_send = start(now, people=20)
    waited = []

    def confirm(message):
        if message.message_type == "hello":
            waited.append(clock.seconds - began[0])
        elif not began:
            began.append(clock.seconds)
            queue_service(now)

    began, clock.during = [], confirm
    drain(now)
    assert waited[0] < 1
    assert states(bulk_send) == {"sent": 20}


def test_a_batch_in_hand_of_a_send_that_is_stopped_is_settled_later(now, drain, clock):
    bulk_send = start(now, people=20)
    clock.during = lambda _message: services.stop_bulk_send(bulk_send, now=now)
    drain(now)
    assert states(bulk_send)["queued"] > 0
    assert services.finish_bulk_send(bulk_send, now=now)
    assert set(states(bulk_send)) == {"sent", "expired"}


def test_a_slow_mail_server_still_gets_every_message(now, drain, clock):
    """Each batch sends at least one message, however slow the server is."""
    bulk_send = start(now, people=3)
    clock.during = lambda _message: setattr(clock, "seconds", clock.seconds + 30)
    drain(now)
    assert states(bulk_send) == {"sent": 3}


def test_bulk_email_without_a_send_goes_first_and_sends_follow_in_order(now, smtp, unhurried):
    first, second = start(now), start(now + HOUR, key="news:2")
    later = now + 2 * HOUR
    queue_service(later, "digest", is_bulk=True)
    order = []
    while drain_once(later):
        order.append((states(first)["sent"], states(second)["sent"], len(smtp.messages)))
    assert order == [(0, 0, 1), (3, 0, 4), (3, 6, 10)]


def test_a_paused_send_holds_up_neither_digests_nor_another_send(now, drain):
    paused, running = start(now), start(now, key="news:2")
    services.pause_bulk_send(paused)
    queue_service(now, "digest", is_bulk=True)
    drain(now)
    assert (states(paused), states(running)) == ({"queued": 3}, {"sent": 6})
    assert Message.objects.get(key="digest").state == "sent"


def test_without_a_mail_server_bulk_email_waits_and_uses_up_no_attempts(now, settings):
    """Otherwise an hour without a server would use up the attempts of everyone in the audience."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    bulk_send = start(now, people=20)
    with sending.Connection() as server:
        while services.drain_batch(server, now):
            pass
    assert states(bulk_send) == {"queued": 20}
    assert Message.objects.filter(attempts__gt=0).count() == 1


def test_a_worker_that_dies_leaves_at_most_one_batch_uncertain(now, smtp, monkeypatch, unhurried):
    bulk_send = start(now, people=SMALLEST_BULK_BATCH + 10)
    original = sending.Connection.send

    def send(self, message, rendered):
        if len(smtp.messages) == 7:
            raise SystemExit
        return original(self, message, rendered)

    monkeypatch.setattr(sending.Connection, "send", send)
    monkeypatch.setattr(delivery, "record", lambda *_arguments: None)  # killed before it could record anything
    with pytest.raises(SystemExit):
        drain_once(now)
    monkeypatch.undo()
    assert services.count(bulk_send, now).unsettled == SMALLEST_BULK_BATCH + 10
    later = now + services.CLAIM_LASTS + HOUR
    while drain_once(later):
        pass
    assert states(bulk_send) == {"uncertain": SMALLEST_BULK_BATCH, "sent": 10}
    assert max(Counter(email["To"] for email in smtp.messages).values()) == 1


def test_batches_grow_while_the_server_keeps_up_and_shrink_when_it_does_not(now, drain, clock):
    start(now, people=400)
    sizes = []
    clock.during = lambda _message: setattr(clock, "seconds", clock.seconds - 0.2 if len(sizes) < 4 else clock.seconds)
    with sending.Connection() as server:
        while size := services.drain_batch(server, now):
            sizes.append(size)
    assert sizes[:4] == [25, 50, 100, 100]
    assert sizes[5:7] == [25, 25]  # 0.2 seconds for each: the server takes three of them


def test_the_copies_of_bulk_email_are_not_kept(now, smtp):
    start(now)
    queue_service(now)
    while drain_once(now):
        pass
    assert Message.objects.filter(as_sent=None, is_bulk=True).count() == 3
    assert Message.objects.filter(as_sent=None, is_bulk=False).count() == 0
    assert {email["List-Unsubscribe"] for email in smtp.messages} == {None, f"<{LINK['unsubscribe_url']}>"}


def test_through_a_providers_api_the_same_email_is_sent(now, settings):
    from django.core import mail

    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    bulk_send = start(now)
    drain_once(now)
    assert states(bulk_send) == {"sent": 3}
    assert {email.extra_headers["List-Unsubscribe"] for email in mail.outbox} == {f"<{LINK['unsubscribe_url']}>"}


class TestCounts:
    def test_progress_rate_and_time_left(self, now, django_assert_num_queries):
        bulk_send = start(now, people=10)
        Message.objects.filter(pk__in=Message.objects.values("pk")[:6]).update(state="sent", settled_at=now + HOUR)
        with django_assert_num_queries(1):
            counts = services.count(bulk_send, now + HOUR + timedelta(seconds=30))
        assert counts.by_state == {"queued": 4, "sent": 6}
        assert (counts.total, counts.settled, counts.unsettled) == (10, 6, 4)
        assert counts.per_second == 6 / 60
        assert counts.seconds_left == 40

    def test_while_nothing_is_sent_the_time_left_is_unknown(self, now):
        counts = services.count(start(now), now + HOUR)
        assert (counts.per_second, counts.seconds_left) == (0, None)

    def test_in_the_first_minute_the_rate_is_since_the_start(self, now):
        bulk_send = start(now, people=10)
        Message.objects.update(state="sent", settled_at=now + timedelta(seconds=4))
        assert services.count(bulk_send, now + timedelta(seconds=5)).per_second == 2


class TestFinish:
    @pytest.mark.parametrize("state", ["queued", "sending"])
    def test_a_send_is_not_finished_while_something_is_on_its_way(self, now, state):
        bulk_send = start(now)
        Message.objects.update(state="sent")
        Message.objects.filter(pk=Message.objects.first().pk).update(state=state)
        assert not services.finish_bulk_send(bulk_send, now=now)

    def test_a_send_whose_last_email_left_during_a_pause_is_finished(self, now):
        bulk_send = start(now)
        services.pause_bulk_send(bulk_send)
        Message.objects.update(state="sent")
        assert services.finish_bulk_send(bulk_send, now=now)
        assert BulkSend.objects.get().state == "finished"

    def test_every_state_of_a_settled_message_counts(self, now):
        settled = ["sent", "failed", "suppressed", "uncertain", "unsubscribed", "expired"]
        bulk_send = start(now, people=len(settled))
        for state, message in zip(settled, Message.objects.all(), strict=True):
            Message.objects.filter(pk=message.pk).update(state=state)
        assert services.finish_bulk_send(bulk_send, now=now)

    def test_sending_failed_emails_again_in_the_admin_opens_the_send_again(self, now, drain):
        bulk_send = start(now)
        Message.objects.update(state="failed", reason="550 No")
        services.finish_bulk_send(bulk_send, now=now)
        services.requeue(Message.objects.all(), now=now)
        assert len(drain(now)) == 3
        assert services.finish_bulk_send(bulk_send, now=now)


class TestRetry:
    REASONS = {
        "451 Later, please": True,
        "452 4.2.2 Mailbox full": True,
        "No connection to the mail server.": True,
        "No connection: ConnectionRefusedError": True,
        "The provider answered 429: AnymailRequestsAPIError": True,
        "The provider answered 503: AnymailRequestsAPIError": True,
        "It could not be written; the log says why.": True,
        "The provider answered 422: AnymailRequestsAPIError": False,
        "550 5.1.1 No such person": False,
        "554 5.7.1 Rejected by policy": False,
        "The address has a character that mail servers do not take.": False,
        "The email could not be composed: ValueError.": False,
        "something new": False,
    }

    @pytest.mark.parametrize(("reason", "is_safe"), REASONS.items())
    def test_only_what_was_not_refused_for_good_is_sent_again(self, now, reason, is_safe):
        bulk_send = start(now, people=1)
        Message.objects.update(state="failed", reason=reason, attempts=5, settled_at=now)
        services.finish_bulk_send(bulk_send, now=now)
        later = now + HOUR
        assert services.may_be_retried(bulk_send).count() == is_safe
        assert services.retry_bulk_send(bulk_send, expires_at=later + DAY, now=later) == is_safe
        assert states(bulk_send) == {"queued" if is_safe else "failed": 1}
        assert BulkSend.objects.get().state == ("running" if is_safe else "finished")
        assert services.retry_bulk_send(bulk_send, expires_at=later + DAY, now=later) == 0

    @pytest.mark.parametrize(
        "state", ["sent", "sending", "queued", "uncertain", "suppressed", "unsubscribed", "expired"]
    )
    def test_messages_in_any_other_state_are_left_alone(self, now, state):
        bulk_send = start(now)
        Message.objects.update(state=state, reason="451 Later")
        assert services.retry_bulk_send(bulk_send, expires_at=now + DAY, now=now) == 0
        assert states(bulk_send) == {state: 3}

    def test_a_suppressed_address_is_left_out(self, now):
        bulk_send = start(now)
        Message.objects.update(state="failed", reason="452 4.2.2 Mailbox full")
        suppress(Message.objects.first().to, "soft-bounces", now=now)
        assert services.retry_bulk_send(bulk_send, expires_at=now + DAY, now=now) == 2

    @pytest.mark.parametrize("reply", ["451 Later, please", "421 4.3.0 Busy"])
    def test_the_reason_of_a_temporary_failure_is_recognized(self, now, smtp, reply):
        smtp.reply = reply
        bulk_send = start(now)
        moment = now
        while services.count(bulk_send, now).unsettled:
            drain_once(moment)
            moment += 3 * HOUR
            Message.objects.filter(state="queued").update(expires_at=moment + DAY)
        assert states(bulk_send) == {"failed": 3}
        assert services.may_be_retried(bulk_send).count() == 3


@pytest.fixture
def many_paused(now):
    """Twenty thousand queued messages of a send that is paused."""
    bulk_send = BulkSend.objects.create(key="paused", state="paused", started_at=now, audience=20_000)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO outbox_message (key, message_type, is_bulk, bulk_send_id, "to", language, data, state, not_before,
                expires_at, attempts, subject, reason, created_at)
            SELECT 'paused:' || n, 'news', true, %s, 'p' || n || '@example.ca', 'en', '{}', 'queued', %s, %s, 0, '', '', %s
            FROM generate_series(1, 20000) n""",
            [bulk_send.pk, now, now + DAY, now],
        )
        cursor.execute("ANALYZE outbox_message")
    return bulk_send


def test_claiming_reads_none_of_the_messages_of_a_paused_send(now, many_paused):
    start(now, people=2)
    queue_service(now, "digest", is_bulk=True)
    with connection.cursor() as cursor:
        for bulk_send in (None, *BulkSend.objects.filter(state="running")):
            due = Message.objects.filter(is_bulk=True, bulk_send=bulk_send, state="queued", not_before__lte=now)
            due = due.order_by("bulk_send_id", "not_before", "pk").select_for_update(skip_locked=True)[:BULK_BATCH]
            sql, parameters = due.query.sql_with_params()
            cursor.execute(f"EXPLAIN (ANALYZE) {sql}", parameters)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "message_bulk_due" in plan
            assert "Sort" not in plan
            assert "Rows Removed" not in plan
        service = Message.objects.filter(is_bulk=False, state="queued", not_before__lte=now)
        sql, parameters = service.order_by("not_before", "pk")[:50].query.sql_with_params()
        cursor.execute(f"EXPLAIN (ANALYZE) {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "message_due_by_class" in plan
        assert "Rows Removed" not in plan
