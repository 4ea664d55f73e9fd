"""Public pages are cached until an edit, a change of seats, or the next minute, and separately for each time zone."""

from datetime import timedelta

import pytest
import time_machine

from echo_portal.page_cache import MAX_BYTES, Page, PageStore
from registrations.services import cancel, register
from sessions_app.models import Series
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def series(now):
    return SessionFactory(now=now, capacity=5).series


def page(client, series):
    return client.get(f"/en/sessions/{series.slug}/").content.decode()


def test_a_cached_page_makes_no_queries(client, series, django_assert_num_queries):
    page(client, series)
    with django_assert_num_queries(0):
        page(client, series)


def test_a_taken_or_released_seat_shows_at_once(client, series, now):
    assert "Open: 5 seats left" in page(client, series)
    registration = register(series, UserFactory(), now=now)
    assert "Open: 4 seats left" in page(client, series)
    cancel(registration, now=now)
    assert "Open: 5 seats left" in page(client, series)


def test_joining_a_waitlist_changes_no_public_page(client, series, now, django_assert_num_queries):
    for _ in range(5):
        register(series, UserFactory(), now=now)
    assert "Full: waitlist" in page(client, series)
    register(series, UserFactory(), now=now)
    with django_assert_num_queries(0):
        page(client, series)


def test_the_register_page_reads_the_dates_once_until_an_edit(client, series, django_assert_num_queries):
    def dates():
        return client.get(f"/en/registration/{series.slug}/").content.decode().replace("\u00a0", " ")

    assert "Thursday, December 3, 2026" in dates()
    with django_assert_num_queries(2):  # the series and its questions
        assert "Thursday, December 3, 2026" in dates()
    session = series.sessions.get()
    session.starts_at += timedelta(days=1)
    session.ends_at += timedelta(days=1)
    session.save()
    assert "Friday, December 4, 2026" in dates()


def test_an_edit_by_staff_shows_at_once(client, series):
    page(client, series)
    series.title_en = "Renamed"
    series.save()
    assert "Renamed" in page(client, series)
    series.hub_id = None
    series.sessions.all().delete()
    assert "The date is not set yet." in page(client, series)


def test_registration_opens_to_the_minute(client, series, now, clock):
    Series.objects.update(registration_opens_at=now + timedelta(minutes=1))
    assert "Registration opens" in page(client, series)
    clock.shift(timedelta(seconds=59))
    assert "Registration opens" in page(client, series)
    clock.shift(timedelta(seconds=1))
    assert "Open: 5 seats left" in page(client, series)


def test_each_time_zone_and_query_has_its_own_page(client, series, now):
    assert "Your time" not in page(client, series)
    client.cookies["zone"] = "America/Vancouver"
    assert "Your time" in page(client, series)
    assert "use part of the filter" not in client.get("/en/sessions/").content.decode()
    assert "use part of the filter" in client.get("/en/sessions/?status=x").content.decode()


def test_a_personal_page_is_never_cached(client, series, now):
    person = UserFactory(name="Only Me", with_profile=True)
    client.force_login(person)
    mine = client.get("/en/registration/mine/")
    assert "Only Me" in mine.content.decode()
    assert "no-store" in mine["Cache-Control"]
    public = page(client, series)
    client.logout()
    assert "Only Me" not in public
    assert page(client, series) == public


def test_a_page_that_read_the_session_is_never_cached(client, series, monkeypatch):
    from sessions_app import views

    assert "ETag" in client.get("/en/sessions/")
    monkeypatch.setattr(views, "reader_zone", lambda request: request.session.get("zone"))
    assert "ETag" not in client.get("/en/sessions/?q=another")


def test_a_listing_is_the_same_with_every_filter_and_changes_at_once(client, series, now, settings):
    def listed(query):
        return client.get(f"/en/sessions/{query}").content.decode().replace("\u00a0", " ").partition("agenda")[2]

    SessionFactory(now=now, days=40, series=series)
    assert "Open: 5 seats left" in listed("?status=open")
    register(series, UserFactory(), now=now)
    assert "Open: 4 seats left" in listed("?status=open")
    assert "Open: 4 seats left" in listed("?language=en")
    assert ">Thursday, December 3, 2026," in listed("?month=2026-12")
    assert ">Saturday, January 2, 2027," in listed("?month=2027-01")
    assert "Your time" not in listed("?q=" + series.title_en[:4])
    client.cookies["zone"] = "America/Vancouver"
    assert "Your time" in listed("?language=en")
    down = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = settings.CACHES | {"default": down}
    for seats in (4, 3):
        Series.objects.update(capacity=seats + 1)
        assert f"Open: {seats} seats left" in listed("")


def test_a_404_is_not_cached(client, series):
    Series.objects.update(publication="draft")
    assert client.get(f"/en/sessions/{series.slug}/").status_code == 404
    series.publication = "published"
    series.save()
    assert client.get(f"/en/sessions/{series.slug}/").status_code == 200


def test_a_browser_with_the_current_page_gets_a_304(client, series):
    first = client.get("/en/sessions/", headers={"accept-encoding": "gzip"})
    assert first["Content-Encoding"] == "gzip"
    assert (first["Cache-Control"], "Cookie" in first["Vary"]) == ("no-cache", True)
    again = client.get("/en/sessions/", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    series.save()
    Series.objects.update(title_en="Renamed")
    assert client.get("/en/sessions/", headers={"if-none-match": first["ETag"]}).status_code == 200


def test_a_cached_page_has_the_same_security_headers(client, series):
    first, second = (client.get("/en/") for _ in range(2))
    for name in ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy"):
        assert first[name] == second[name]


def test_without_the_cache_server_pages_are_not_cached(client, series, settings):
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    assert "Open: 5 seats left" in page(client, series)
    Series.objects.update(capacity=4)
    assert "Open: 4 seats left" in page(client, series)
    assert client.get("/readyz").json() == {"postgres": True, "cache": False, "alarms": []}


def test_the_cache_is_thread_safe_and_stays_within_its_size_limit():
    import threading

    store, errors = PageStore(), []

    def work(number):
        try:
            for n in range(400):
                key = ("http", f"/{number}/{n % 50}", "", None)
                store.put(key, Page(body=b"x" * 400_000, headers={}, version="v", minute=1))
                store.get(key, "v", 1)
                assert store.get(key, "w", 1) is None
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(page.size for page in store.pages.values()) == store.size <= MAX_BYTES
