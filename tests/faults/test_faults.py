"""Whatever dies, each ends with an account: nobody got two, and nobody none unless listed as uncertain or failed with a reason."""

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
from tests.faults.conftest import account, kill, settled
from tests.processes import Browser, wait_until


@pytest.fixture(autouse=True)
def _sends_nothing_itself(settings, valkey):
    """What this process writes nudges the portal's own broker, not the suite's."""
    from echo_portal.celery import app

    before = app.conf.broker_url
    app.conf.broker_url = valkey.url
    yield
    app.conf.broker_url = before


def test_workers_killed_in_the_middle_of_a_batch_of_2000(portal, server, put):
    addresses = [f"p{n}@example.ca" for n in range(2000)]
    put(addresses)
    portal.start("worker", "beat")
    wait_until(lambda: sum(server.kept.values()) > 300, "The first 300 mails", 40)
    kill(portal, "worker")
    before = sum(server.kept.values())
    assert before < 2000
    portal.start("worker")
    settled()
    states = account(server)
    assert states["uncertain"] <= 2 * GROUP  # two processes, each with one group on its way
    assert states["sent"] + states["uncertain"] == 2000


def test_a_deploy_with_a_slow_mail_server_stops_in_time_and_loses_nothing(portal, server, put):
    """A worker that is asked to stop ends within the minute that a container gets, with nothing uncertain."""
    server.seconds = 0.4
    put([f"p{n}@example.ca" for n in range(120)])
    portal.start("worker", "beat")
    wait_until(lambda: sum(server.kept.values()) > 10, "The first ten emails", 40)
    worker = portal.running.pop("worker")
    worker.terminate()
    worker.wait(timeout=20)
    assert not Message.objects.filter(state="uncertain").exists()
    assert Message.objects.filter(state="queued").exists()
    portal.start("worker")
    settled()
    assert account(server) == {"sent": 120}


def test_a_mail_server_that_refuses_hangs_drops_and_is_down(portal, server, put):
    put(
        [f"{kind}-{n}@example.ca" for kind in ("fine", "later", "never", "drop") for n in range(10)]
        + ["hang-1@example.ca"]
    )
    server.down()
    portal.start("worker", "beat")
    wait_until(lambda: Message.objects.filter(attempts__gt=0).count() > 5, "The first tries in vain")
    assert not server.kept
    server.up()
    settled()
    account(server)
    ends = dict(Message.objects.values_list("to", "state"))
    for n in range(10):
        assert ends[f"fine-{n}@example.ca"] == ends[f"later-{n}@example.ca"] == "sent"
        assert ends[f"never-{n}@example.ca"] == "failed"
        assert ends[f"drop-{n}@example.ca"] == "uncertain"
    assert ends["hang-1@example.ca"] == "uncertain"
    assert Suppression.objects.count() == 10


def sign_in(portal, user):
    """A browser that is signed in, on the register page."""
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


def test_valkey_stopped_before_during_and_after_200_registrations_and_wiped(portal, server, valkey):
    series = SessionFactory(now=timezone.now(), capacity=150).series
    people = [UserFactory(with_profile=True) for _ in range(200)]
    browsers = [sign_in(portal, person) for person in people]
    portal.start("web", "worker", "beat")
    wait_until(portal.answers, "The web server's first answer", 40)

    def come(some):
        for browser in some:
            browser.get(f"/en/registration/{series.slug}/")
            browser.post()
            assert "/registration/mine/" in browser.url

    come(browsers[:60])
    valkey.stop()
    come(browsers[60:140])
    valkey.start()  # empty
    come(browsers[140:])
    valkey.stop()
    valkey.start()
    settled()
    states = account(server)
    assert (states["sent"], sum(server.kept.values())) == (200, 200)
    series = Series.objects.get(pk=series.pk)
    assert (series.seats_taken, Registration.objects.waitlisted().count()) == (150, 50)


def test_every_connection_to_postgres_is_cut_under_load(portal, server, put):
    """What a restart of Postgres looks like to the portal, again and again while it sends."""
    put([f"p{n}@example.ca" for n in range(600)])
    portal.start("worker", "beat")
    for so_many in (100, 250, 400):
        wait_until(lambda so_many=so_many: sum(server.kept.values()) > so_many, f"{so_many} mails", 60)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    settled()
    states = account(server)
    assert states["sent"] + states["uncertain"] == 600
    assert states["uncertain"] <= 3 * 2 * GROUP


def test_beat_down_over_a_reminders_due_time(portal, server):
    now = timezone.now()
    useful, late = SeriesFactory(), SeriesFactory()
    for series, ahead in ((useful, timedelta(hours=22)), (late, timedelta(hours=1, minutes=30))):
        SessionFactory(now=now, series=series, days=10)
        series.registration_opens_at = now - timedelta(days=5)
        series.save()
        register(series, UserFactory(email=f"{series.slug}@example.ca"), now=now)
        Session.objects.filter(series=series).update(starts_at=now + ahead, ends_at=now + ahead + timedelta(hours=1))
    Registration.objects.update(confirmed_at=now - timedelta(days=4))
    Message.objects.all().delete()
    portal.start("worker", "beat")
    wait_until(lambda: server.kept[f"{useful.slug}@example.ca"], "The reminder that is still of use")
    wait_until(lambda: (portal.folder / "beat.log").read_text().count("queue-due-reminders") > 4, "More ticks")
    settled()
    assert server.kept == {f"{useful.slug}@example.ca": 1}
    account(server)


def test_two_beats_and_a_task_delivered_twice_say_nothing_twice(portal, server, valkey):
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

    with app.connection_for_write(valkey.url) as line:
        for _ in range(5):
            for task in (queue_due_reminders, drain):
                task.apply_async(connection=line, task_id="the-same-task", retry=False)
    wait_until(lambda: sum(server.kept.values()) >= 40, "Forty reminders")
    wait_until(lambda: (portal.folder / "beat-2.log").read_text().count("queue-due-reminders") > 3, "More ticks")
    settled()
    assert account(server) == {"sent": 40}


def test_from_click_to_mail_with_and_without_a_newsletter_in_front(portal, server):
    """The stopwatch of the issue: what a person waits for, measured from the click; asserted by its order of magnitude only."""
    import statistics
    import time

    series = SessionFactory(now=timezone.now()).series
    browsers = [(person, sign_in(portal, person)) for person in (UserFactory(with_profile=True) for _ in range(14))]
    portal.start("web", "worker", "beat")
    wait_until(portal.answers, "The web server's first answer", 40)
    wait_until(
        lambda: (portal.folder / "beat.log").read_text().count("Sending due task outbox.tasks.sweep") > 1,
        "The first sweep",
    )

    def seconds(some):
        found = []
        for person, browser in some:
            browser.get(f"/en/registration/{series.slug}/")
            begin = time.monotonic()
            browser.post()
            wait_until(lambda to=person.email: server.kept[to], "The confirmation", 20)
            found.append(time.monotonic() - begin)
        return statistics.median(found)

    idle = seconds(browsers[:7])
    now = timezone.now()
    Message.objects.bulk_create(
        Message(
            key=f"bulk:{n}", message_type="security", is_bulk=True, to=f"b{n}@example.ca", language="en",
            data={"what": "password_set"}, not_before=now, expires_at=now + timedelta(hours=5),
        )
        for n in range(20_000)
    )  # fmt: skip
    busy = seconds(browsers[7:])
    print(f"from click to mail: {idle:.2f} s with an idle queue, {busy:.2f} s behind 20,000 bulk messages")
    assert Message.objects.filter(is_bulk=True, state="queued").count() > 10_000
    assert idle < 3
    assert busy < 5
