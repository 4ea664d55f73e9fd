"""An edit deletes the cached feeds that it affects, and no others, in the same transaction."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction

from registrations.services import register
from sessions_app import feeds, services
from sessions_app.models import Feed, Series, Session
from sessions_app.tasks import build_missing_feeds
from tests.factories import HubFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
GENERAL = {"all", "language-en", "language-fr"}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def north(now):
    return SessionFactory(now=now, title_en="North", hub=HubFactory(slug="north"), language="en").series


@pytest.fixture
def south(now):
    return SessionFactory(now=now, title_en="South", hub=HubFactory(slug="south"), language="fr").series


@pytest.fixture
def deleted(north, south, now):
    """Return a function that returns the names of the feeds deleted since the start of the test."""
    feeds.build_missing(now)
    before = set(Feed.objects.values_list("name", "language"))
    assert len(before) == 2 * 5

    def names():
        missing = before - set(Feed.objects.values_list("name", "language"))
        assert {name for name, language in missing if language == "en"} == {name for name, language in missing}
        return {name for name, _language in missing}

    return names


@pytest.mark.parametrize(
    ("language", "affected"),
    [
        ("en", {"all", "language-en", "hub-north"}),
        ("fr", {"all", "language-fr", "hub-north"}),
        ("both", GENERAL | {"hub-north"}),
    ],
)
def test_an_edited_series_affects_the_feeds_of_all_sessions_its_language_and_its_hub(
    north, south, now, language, affected
):
    Series.objects.filter(pk=north.pk).update(language=language)
    feeds.build_missing(now)
    north.refresh_from_db()
    north.title_en = "New title"
    north.save()
    assert {"all", "language-en", "language-fr", "hub-north", "hub-south"} - cached_names() == affected


def cached_names():
    return set(Feed.objects.values_list("name", flat=True))


def test_national_programming_affects_no_feed_of_a_hub(deleted, now):
    SessionFactory(now=now, language="en")
    assert deleted() == {"all", "language-en"}


def test_moving_a_series_to_another_hub_affects_both_hubs(north, south, deleted):
    north.hub = south.hub
    north.save()
    assert deleted() == {"all", "language-en", "hub-north", "hub-south"}


def test_changing_the_language_of_a_series_affects_both_languages(north, deleted):
    north.language = "fr"
    north.save()
    assert deleted() == GENERAL | {"hub-north"}


def test_an_edited_session_affects_the_feeds_of_its_series(north, deleted):
    session = north.sessions.get()
    session.delivery = "cancelled"
    session.save()
    assert deleted() == {"all", "language-en", "hub-north"}


def test_moving_a_session_to_another_series_affects_the_feeds_of_both(north, south, deleted):
    session = north.sessions.get()
    session.series = south
    session.save()
    assert deleted() == GENERAL | {"hub-north", "hub-south"}


def test_deleting_a_session_or_a_series_affects_its_feeds(north, south, deleted, now):
    north.sessions.get().delete()
    assert deleted() == {"all", "language-en", "hub-north"}
    feeds.build_missing(now)
    south.delete()
    assert deleted() == {"all", "language-fr", "hub-south"}


@pytest.mark.parametrize("change", [{"name_en": "New name"}, {"slug": "far-north"}, {"is_listed": False}])
def test_an_edited_hub_affects_only_its_own_feed(north, deleted, change):
    for name, value in change.items():
        setattr(north.hub, name, value)
    north.hub.save()
    assert deleted() == {"hub-north"}


def test_a_hub_that_takes_over_a_slug_does_not_get_the_old_hubs_feed(client, north, south, deleted, now):
    north.hub.slug = "far-north"
    north.hub.save()
    south.hub.slug = "north"
    south.hub.save()
    assert b"South" in client.get("/en/hubs/north.ics").content
    assert b"North" in client.get("/en/hubs/far-north.ics").content


def test_deleting_a_hub_deletes_its_feed(deleted, now):
    hub = HubFactory(slug="west")
    feeds.build_missing(now)
    hub.delete()
    assert "hub-west" not in cached_names()


def test_admin_actions_affect_the_feeds_of_the_selected_series(admin_client, north, deleted):
    response = admin_client.post(
        "/en/admin/sessions_app/series/?publication__exact=published",
        {"action": "withdraw", "_selected_action": [north.pk]},
    )
    assert response.status_code == 302
    assert Series.objects.get(pk=north.pk).publication == "draft"
    assert deleted() == {"all", "language-en", "hub-north"}


def test_a_registration_affects_no_feed(north, deleted, now):
    register(north, UserFactory(), now=now)
    assert deleted() == set()


def test_an_unaffected_feed_keeps_its_etag(client, north, south, deleted):
    etag = client.get("/en/hubs/south.ics")["ETag"]
    old_etag = client.get("/en/hubs/north.ics")["ETag"]
    session = north.sessions.get()
    session.title_en = "New title"
    session.save()
    services.programme_changed()
    assert client.get("/en/hubs/south.ics", HTTP_IF_NONE_MATCH=etag).status_code == 304
    assert client.get("/en/hubs/north.ics", HTTP_IF_NONE_MATCH=old_etag).status_code == 200


def test_the_worker_rebuilds_only_the_deleted_feeds(north, deleted, now):
    before = dict(Feed.objects.values_list("pk", "made_at"))
    north.save()
    build_missing_feeds()
    assert feeds.build_missing(now) == 0
    assert Feed.objects.exclude(pk__in=before).count() == 2 * 3


def test_feeds_are_rebuilt_daily_to_drop_old_sessions(deleted, now):
    assert feeds.build_missing(now + timedelta(hours=23)) == 0
    assert feeds.build_missing(now + timedelta(hours=25)) == 2 * 5


def test_several_edits_in_a_row_request_the_missing_feeds_once(north, django_capture_on_commit_callbacks):
    from echo_portal.celery import app

    with app.connection_for_write() as broker:
        queue = broker.default_channel.client
        length = queue.llen("celery")
        with django_capture_on_commit_callbacks(execute=True):
            north.save()
            north.save()
        assert cache.get(services.FEEDS_REQUESTED)
        assert queue.llen("celery") == length + 1


def test_an_import_affects_the_feeds_of_the_imported_series(deleted, tmp_path):
    file = tmp_path / "programme.csv"
    file.write_text("title,language,date,start,end\nFrench one,fr,2026-12-01,12:00,13:00\n")
    call_command("import_programme", file)
    assert deleted() == {"all", "language-fr"}


class TestTransactions:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture(autouse=True)
    def _cached_feeds(self, north, now):
        feeds.build_missing(now)

    @pytest.mark.parametrize("edited", ["series", "session", "hub"])
    def test_if_deleting_the_feeds_fails_the_edit_is_rolled_back(self, north, monkeypatch, edited):
        instance = {"series": north, "session": north.sessions.get(), "hub": north.hub}[edited]
        cached = cached_names()
        before = str(type(instance).objects.values().get(pk=instance.pk))
        name = "name_en" if edited == "hub" else "title_en"
        setattr(instance, name, "New name")
        original = feeds.delete
        calls = []

        def fail_after_deleting(names):
            original(names)
            calls.append(names)
            if len(calls) == 2:
                raise RuntimeError

        monkeypatch.setattr(feeds, "delete", fail_after_deleting)
        with pytest.raises(RuntimeError):
            instance.save()
        assert str(type(instance).objects.values().get(pk=instance.pk)) == before
        assert cached_names() == cached

    def test_feeds_can_only_be_deleted_within_a_transaction(self):
        with pytest.raises(transaction.TransactionManagementError):
            feeds.delete(["all"])

    def test_a_feed_built_during_an_uncommitted_edit_is_served_but_not_cached(self, north, now):
        Feed.objects.all().delete()
        served = []

        def reader():
            served.append(feeds.get("hub-north", now))
            connection.close()

        session = north.sessions.get()
        with transaction.atomic():
            session.title_en = "Edited"
            session.save()
            thread = threading.Thread(target=reader)
            thread.start()
            thread.join()
        assert b"North" in served[0]
        assert not Feed.objects.filter(name="hub-north", language="en").exists()
        assert b"Edited" in feeds.get("hub-north", now)
        assert Feed.objects.filter(name="hub-north", language="en").exists()

    def test_an_uncommitted_edit_does_not_stop_other_feeds_from_being_cached(self, north, south, now):
        Feed.objects.all().delete()

        def builder():
            feeds.build("hub-south", now)
            connection.close()

        with transaction.atomic():
            north.save()
            thread = threading.Thread(target=builder)
            thread.start()
            thread.join()
        assert cached_names() == {"hub-south"}

    def test_an_edit_waits_for_a_feed_that_is_being_built_and_then_deletes_it(self, north, now, monkeypatch):
        Feed.objects.all().delete()
        reading, can_continue, edited = threading.Event(), threading.Event(), threading.Event()
        published = feeds.calendars.published

        def slow_published(*args, **kwargs):
            content = published(*args, **kwargs)
            reading.set()
            can_continue.wait(10)
            return content

        monkeypatch.setattr(feeds.calendars, "published", slow_published)

        def builder():
            feeds.build("hub-north", now)
            connection.close()

        def editor():
            session = Session.objects.get(series=north)
            session.title_en = "Edited"
            session.save()
            edited.set()
            connection.close()

        threads = [threading.Thread(target=builder), threading.Thread(target=editor)]
        threads[0].start()
        assert reading.wait(10)
        threads[1].start()
        assert not edited.wait(0.5)
        can_continue.set()
        for thread in threads:
            thread.join()
        assert not Feed.objects.filter(name="hub-north").exists()
        assert b"Edited" in feeds.get("hub-north", now)
