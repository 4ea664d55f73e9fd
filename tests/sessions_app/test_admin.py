"""The program in the admin: sessions inline, both languages, the time zone of the series, and capacity checks."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from registrations.models import Registration
from registrations.services import register
from sessions_app.models import Series, Session
from tests.factories import SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    user = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(user)
    return client


def fields(**changes):
    data = {
        "publication": "draft",
        "slug": "pain-at-home",
        "language": "en",
        "time_zone": "America/Toronto",
        "title_en": "Pain at Home",
        "title_fr": "La douleur à domicile",
        "registration_opens_at_0": "2027-03-01",
        "registration_opens_at_1": "09:00",
        "waitlist_enabled": "on",
        "audience": ["physician", "pharmacist"],
        "sessions-TOTAL_FORMS": "1",
        "sessions-INITIAL_FORMS": "0",
        "questions-TOTAL_FORMS": "0",
        "questions-INITIAL_FORMS": "0",
        "resources-TOTAL_FORMS": "0",
        "resources-INITIAL_FORMS": "0",
        "sessions-0-starts_at_0": "2027-05-21",
        "sessions-0-starts_at_1": "12:00",
        "sessions-0-ends_at_0": "2027-05-21",
        "sessions-0-ends_at_1": "13:00",
        "sessions-0-delivery": "scheduled",
        "sessions-0-title_en": "One",
    }
    return data | changes


def test_a_series_and_its_sessions_are_added_on_one_page(staff):
    response = staff.post("/en/admin/sessions_app/series/add/", fields())
    assert response.status_code == 302, response.context["errors"]
    series = Series.objects.get()
    assert (series.title_fr, series.audience) == ("La douleur à domicile", ["physician", "pharmacist"])
    assert series.first_starts_at == datetime(2027, 5, 21, 16, tzinfo=UTC)


def test_each_session_is_headed_by_its_title_and_its_date_in_the_time_zone_of_the_series(
    staff, django_assert_max_num_queries
):
    series = SeriesFactory(title_en="Pain at Home", time_zone="America/Vancouver")
    for day, title in ((21, "One"), (22, ""), (23, "Three")):
        start = datetime(2027, 5, day, 4, tzinfo=UTC)  # the evening before in Vancouver
        Session.objects.create(series=series, title_en=title, starts_at=start, ends_at=start + timedelta(hours=1))
    with django_assert_max_num_queries(20):
        page = staff.get(f"/en/admin/sessions_app/series/{series.pk}/change/").content.decode().replace("\u00a0", " ")
    for heading in ("One (Thursday, May 20", "Pain at Home (Friday, May 21", "Three (Saturday, May 22"):
        assert f'<span class="inline_label">{heading}, 2027, 9:00–10:00 pm B.C. time)' in page


def test_times_are_in_the_time_zone_of_the_series(staff):
    staff.post("/en/admin/sessions_app/series/add/", fields(time_zone="America/St_Johns"))
    series = Series.objects.get()
    assert series.first_starts_at == datetime(2027, 5, 21, 14, 30, tzinfo=UTC)
    page = staff.get(f"/en/admin/sessions_app/series/{series.pk}/change/").content.decode()
    assert 'value="12:00:00"' in page


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"sessions-0-ends_at_1": "11:00"}, "A session must end after it starts."),
        ({"title_en": "", "title_fr": ""}, "Enter a title"),
        ({"registration_closes_at_0": "2027-02-01", "registration_closes_at_1": "09:00"}, "close after it opens"),
    ],
)
def test_invalid_data_is_refused_with_an_error(staff, changes, error):
    response = staff.post("/en/admin/sessions_app/series/add/", fields(**changes))
    assert error in response.content.decode()
    assert not Series.objects.exists()


def edit(series, **changes):
    session = series.sessions.get()
    return fields(
        publication="published",
        slug=series.slug,
        **{
            "sessions-INITIAL_FORMS": "1",
            "sessions-0-id": session.pk,
            "sessions-0-series": series.pk,
        }
        | changes,
    )


def test_capacity_below_the_seats_taken_is_refused(staff, now):
    series = SessionFactory(now=now, capacity=5).series
    for _ in range(3):
        register(series, UserFactory(), now=now)
    address = f"/en/admin/sessions_app/series/{series.pk}/change/"
    page = staff.post(address, edit(series, capacity="2")).content.decode()
    assert "3 seats are already taken" in page
    assert staff.post(address, edit(series, capacity="3")).status_code == 302
    assert Series.objects.get().seats_taken == 3


def test_raising_the_capacity_promotes_from_the_waitlist(staff, now):
    series = SessionFactory(now=now, capacity=1).series
    for _ in range(3):
        register(series, UserFactory(), now=now)
    staff.post(f"/en/admin/sessions_app/series/{series.pk}/change/", edit(series, capacity="2"))
    assert (Registration.objects.confirmed().count(), Series.objects.get().seats_taken) == (2, 2)


def test_a_published_series_is_on_the_site_at_once(staff, client, now, django_capture_on_commit_callbacks):
    series = SessionFactory(now=now, publication="draft").series
    assert client.get(f"/en/sessions/{series.slug}/").status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        staff.post("/en/admin/sessions_app/series/", {"action": "publish", "_selected_action": [series.pk]})
    assert client.get(f"/en/sessions/{series.slug}/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        staff.post("/en/admin/sessions_app/series/", {"action": "withdraw", "_selected_action": [series.pk]})
    assert client.get(f"/en/sessions/{series.slug}/").status_code == 404


def test_an_unlisted_series_gets_an_address_that_nobody_can_guess(staff):
    page = staff.post("/en/admin/sessions_app/series/add/", fields(is_unlisted="on"), follow=True).content.decode()
    series = Series.objects.get()
    assert re.fullmatch(r"pain-at-home-[0-9a-f]{16}", series.slug)
    assert re.fullmatch(r"la-douleur-a-domicile-[0-9a-f]{16}", series.slug_fr)
    assert f"/en/sessions/{series.slug}/" in page


def test_a_series_that_becomes_unlisted_gets_a_new_address_once(staff, now):
    series = SessionFactory(now=now).series
    address = f"/en/admin/sessions_app/series/{series.pk}/change/"
    before = series.slug
    staff.post(address, edit(series, is_unlisted="on"))
    series.refresh_from_db()
    secret = series.slug
    assert secret.startswith("pain-at-home-")
    assert staff.get(f"/en/sessions/{before}/").status_code == 404
    staff.post(address, edit(series, is_unlisted="on", slug_fr=series.slug_fr or "", title_en="Pain"))
    series.refresh_from_db()
    assert (series.title_en, series.slug) == ("Pain", secret)
    staff.post(address, edit(series, is_unlisted="on") | {"slug": "pain"})
    series.refresh_from_db()
    assert series.slug not in ("pain", secret)


def test_the_page_links_to_a_preview_until_the_series_is_published(staff, now):
    draft = SessionFactory(now=now, publication="draft").series
    public = SessionFactory(now=now).series
    for series, address in ((draft, f"/en/sessions/{draft.slug}/preview/"), (public, f"/en/sessions/{public.slug}/")):
        assert f'href="{address}"' in staff.get(f"/en/admin/sessions_app/series/{series.pk}/change/").content.decode()


def test_a_series_with_registrations_cannot_be_deleted(staff, now):
    series = SessionFactory(now=now).series
    register(series, UserFactory(), now=now)
    assert staff.post(f"/en/admin/sessions_app/series/{series.pk}/delete/", {"post": "yes"}).status_code == 403
    empty = SeriesFactory()
    assert staff.post(f"/en/admin/sessions_app/series/{empty.pk}/delete/", {"post": "yes"}).status_code == 302


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "page",
    [
        "",
        "sessions_app/series/",
        "sessions_app/series/add/",
        "hubs/hub/add/",
        "accounts/user/",
        "accounts/user/add/",
        "outbox/message/",
        "registrations/registration/",
    ],
)
def test_the_admin_opens_in_both_languages(staff, now, language, page):
    register(SessionFactory(now=now).series, UserFactory(), now=now)
    response = staff.get(f"/{language}/admin/{page}")
    assert response.status_code == 200
    assert f'lang="{language}"' in response.content.decode()


def test_the_admin_is_for_staff_only(client):
    client.force_login(UserFactory())
    assert client.get("/en/admin/").status_code == 302
