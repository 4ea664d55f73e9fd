"""Processes and servers fail while email is sent. Each test ends with check_deliveries (conftest.py)."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from outbox.models import Message, Suppression
from outbox.services import GROUP
from registrations.models import Registration
from registrations.services import register
from sessions_app.models import Series, Session
from tests.factories import SeriesFactory, SessionFactory, UserFactory
from tests.faults.conftest import check_deliveries, kill, wait_until_settled
from tests.processes import Browser, wait_until


@pytest.fixture(autouse=True)
def _use_the_portals_broker(settings, valkey):
    """Emails queued by this process notify the workers through the portal's broker, not the suite's."""
    from echo_portal.celery import app

    before = app.conf.broker_url
    app.conf.broker_url = valkey.url
    yield
    app.conf.broker_url = before


def test_workers_killed_during_a_batch_of_2000_send_nothing_twice(portal, server, queue):
    addresses = [f"p{n}@example.ca" for n in range(2000)]
    queue(addresses)
    portal.start("worker", "beat")
    wait_until(lambda: sum(server.received.values()) > 300, "The first 300 emails", 40)
    kill(portal, "worker")
    before = sum(server.received.values())
    assert before < 2000
    portal.start("worker")
    wait_until_settled()
    states = check_deliveries(server)
    assert states["uncertain"] <= 2 * GROUP  # two processes, each sending one group
    assert states["sent"] + states["uncertain"] == 2000


def test_a_worker_with_a_slow_mail_server_stops_in_time_and_loses_nothing(portal, server, queue):
    """A container has a minute to stop."""
    server.seconds = 0.4
    queue([f"p{n}@example.ca" for n in range(120)])
    portal.start("worker", "beat")
    wait_until(lambda: sum(server.received.values()) > 10, "The first ten emails", 40)
    worker = portal.running.pop("worker")
    worker.terminate()
    worker.wait(timeout=20)
    assert not Message.objects.filter(state="uncertain").exists()
    assert Message.objects.filter(state="queued").exists()
    portal.start("worker")
    wait_until_settled()
    assert check_deliveries(server) == {"sent": 120}


def test_each_fault_of_the_mail_server_leads_to_the_right_state(portal, server, queue):
    queue(
        [f"{kind}-{n}@example.ca" for kind in ("fine", "later", "never", "drop") for n in range(10)]
        + ["hang-1@example.ca"]
    )
    server.down()
    portal.start("worker", "beat")
    wait_until(lambda: Message.objects.filter(attempts__gt=0).count() > 5, "The first failed attempts")
    assert not server.received
    server.up()
    wait_until_settled()
    check_deliveries(server)
    states = dict(Message.objects.values_list("to", "state"))
    for n in range(10):
        assert states[f"fine-{n}@example.ca"] == states[f"later-{n}@example.ca"] == "sent"
        assert states[f"never-{n}@example.ca"] == "failed"
        assert states[f"drop-{n}@example.ca"] == "uncertain"
    assert states["hang-1@example.ca"] == "uncertain"
    assert Suppression.objects.count() == 10


def sign_in(portal, user):
    """Return a signed-in browser."""
    import http.cookiejar

    client = Client()
    client.force_login(user)
    browser = Browser(portal.address)
    jar = next(h.cookiejar for h in browser.opener.handlers if hasattr(h, "cookiejar"))
    name = settings.SESSION_COOKIE_NAME
    jar.set_cookie(
        http.cookiejar.Cookie(
            0,
            name,
            client.cookies[name].value,
            None,
            False,
            "127.0.0.1",
            False,
            False,
            "/",
            True,
            False,
            None,
            True,
            None,
            None,
            {},
        )
    )
    return browser


def test_stopping_and_wiping_valkey_loses_no_registration_and_no_email(portal, server, valkey):
    series = SessionFactory(now=timezone.now(), capacity=150).series
    people = [UserFactory(with_profile=True) for _ in range(200)]
    browsers = [sign_in(portal, person) for person in people]
    portal.start("web", "worker", "beat")
    wait_until(portal.is_up, "The start of the web server", 40)

    def register_all(browsers):
        for browser in browsers:
            browser.get(f"/en/registration/{series.slug}/")
            browser.post()
            assert "/registration/mine/" in browser.url

    register_all(browsers[:60])
    valkey.stop()
    register_all(browsers[60:140])
    valkey.start()  # empty
    register_all(browsers[140:])
    valkey.stop()
    valkey.start()
    wait_until_settled()
    states = check_deliveries(server)
    assert (states["sent"], sum(server.received.values())) == (200, 200)
    series = Series.objects.get(pk=series.pk)
    assert (series.seats_taken, Registration.objects.waitlisted().count()) == (150, 50)


def test_cutting_all_connections_to_postgres_loses_and_repeats_nothing(portal, server, queue):
    """To the portal this looks like several restarts of Postgres while it sends."""
    queue([f"p{n}@example.ca" for n in range(600)])
    portal.start("worker", "beat")
    for count in (100, 250, 400):
        wait_until(lambda count=count: sum(server.received.values()) > count, f"{count} emails", 60)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    wait_until_settled()
    states = check_deliveries(server)
    assert states["sent"] + states["uncertain"] == 600
    assert states["uncertain"] <= 3 * 2 * GROUP


def test_after_beat_was_down_only_reminders_that_are_still_useful_are_sent(portal, server):
    now = timezone.now()
    useful, late = SeriesFactory(), SeriesFactory()
    for series, starts_in in ((useful, timedelta(hours=22)), (late, timedelta(hours=1, minutes=30))):
        SessionFactory(now=now, series=series, days=10)
        series.registration_opens_at = now - timedelta(days=5)
        series.save()
        register(series, UserFactory(email=f"{series.slug}@example.ca"), now=now)
        Session.objects.filter(series=series).update(
            starts_at=now + starts_in, ends_at=now + starts_in + timedelta(hours=1)
        )
    Registration.objects.update(confirmed_at=now - timedelta(days=4))
    Message.objects.all().delete()
    portal.start("worker", "beat")
    wait_until(lambda: server.received[f"{useful.slug}@example.ca"], "The reminder that is still useful")
    wait_until(lambda: portal.ticks("registrations.tasks.queue_due_reminders") > 4, "More ticks")
    wait_until_settled()
    assert server.received == {f"{useful.slug}@example.ca": 1}
    check_deliveries(server)


def test_two_beats_and_duplicate_tasks_send_nothing_twice(portal, server, valkey):
    now = timezone.now()
    session = SessionFactory(now=now, days=0.9)
    for n in range(40):
        register(session.series, UserFactory(email=f"p{n}@example.ca"), now=now)
    Registration.objects.update(confirmed_at=now - timedelta(days=4))
    Message.objects.all().delete()
    portal.commands["beat-2"] = [*portal.commands["beat"][:-3], str(portal.folder / "beat-2"), "--pidfile", ""]
    portal.start("worker", "beat", "beat-2")
    from echo_portal.celery import app
    from outbox.tasks import drain
    from registrations.tasks import queue_due_reminders

    with app.connection_for_write(valkey.url) as broker:
        for _ in range(5):
            for task in (queue_due_reminders, drain):
                task.apply_async(connection=broker, task_id="the-same-task", retry=False)
    wait_until(lambda: sum(server.received.values()) >= 40, "Forty reminders")
    wait_until(lambda: portal.ticks("registrations.tasks.queue_due_reminders", "beat-2") > 3, "More ticks")
    wait_until_settled()
    assert check_deliveries(server) == {"sent": 40}


def test_a_confirmation_arrives_within_seconds_even_behind_a_newsletter(portal, server):
    """Measures the time from the click to the email. The limits are generous because the machine is shared."""
    import statistics
    import time

    series = SessionFactory(now=timezone.now()).series
    browsers = [(person, sign_in(portal, person)) for person in (UserFactory(with_profile=True) for _ in range(14))]
    portal.start("web", "worker", "beat")
    wait_until(portal.is_up, "The start of the web server", 40)
    wait_until(lambda: portal.ticks("outbox.tasks.sweep") > 1, "The first sweep")

    def median_seconds(visitors):
        times = []
        for person, browser in visitors:
            browser.get(f"/en/registration/{series.slug}/")
            begin = time.monotonic()
            browser.post()
            wait_until(lambda to=person.email: server.received[to], "The confirmation", 20)
            times.append(time.monotonic() - begin)
        return statistics.median(times)

    idle = median_seconds(browsers[:7])
    now = timezone.now()
    Message.objects.bulk_create(
        Message(
            key=f"bulk:{n}", message_type="security", is_bulk=True, to=f"b{n}@example.ca", language="en",
            data={"what": "password_set"}, not_before=now, expires_at=now + timedelta(hours=5),
        )
        for n in range(20_000)
    )  # fmt: skip
    busy = median_seconds(browsers[7:])
    print(f"from click to email: {idle:.2f} s with an idle queue, {busy:.2f} s behind 20,000 bulk messages")
    assert Message.objects.filter(is_bulk=True, state="queued").count() > 10_000
    assert idle < 3
    assert busy < 5
