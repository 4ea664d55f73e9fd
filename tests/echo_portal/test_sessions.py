"""Web sessions: strangers cannot fill the database with them, and nobody sees what another person entered."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session as WebSession
from django.test import Client
from django.utils import timezone

from accounts.unfinished import LIFETIME
from echo_portal.tasks import clear_old_sessions
from outbox.models import Message
from registrations.models import Registration
from sessions_app.models import Question
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
FORM = {"name": "Amélie Tremblay", "email": "amelie@example.ca", "profession": "physician", "province": "QC"}
PROFILE = "/en/account/profile/"
MEGABYTE = 2**20


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def address(open_series):
    return f"/en/registration/{open_series.slug}/"


def code():
    return Message.objects.filter(message_type="code").latest("pk").data["code"]


def text(response):
    return response.content.decode()


def sign_in(browser, person):
    page = browser.post("/en/account/sign-in/", {"email": person.email}).url
    return browser.post(page, {"code": code()})


def signed_owner(browser):
    return re.search(r'name="whose" value="([^"]+)"', text(browser.get(PROFILE)))[1]


def stored_bytes():
    return sum(len(row) for row in WebSession.objects.values_list("session_data", flat=True))


class TestFillingTheDatabase:
    def test_large_posts_leave_little_data(self, address):
        for size in (int(2.4 * MEGABYTE), 400 * 1024):
            for _ in range(10):
                stranger = Client()
                stranger.post(PROFILE, {"name": "x" * size, "more": "y"})
                stranger.post(address, FORM | {"organization": "x" * size})
                stranger.post(address, FORM | {"more": "x" * size})
                stranger.post("/en/account/sign-in/", {"email": "a@example.ca", "next": "/" + "x" * size})
        assert stored_bytes() < 50_000

    def test_a_body_that_is_too_large_is_refused(self, address):
        assert django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE <= MEGABYTE
        assert Client().post(address, FORM | {"more": "x" * MEGABYTE}).status_code == 400

    def test_opening_pages_creates_no_sessions(self, address, settings):
        for page in (f"{address}code/", address, "/en/account/sign-in/", "/en/account/sign-in/code/", PROFILE):
            Client().get(page)
            Client().post(page, {"code": "1"})
        assert not WebSession.objects.exists()
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"begin-passkey": {"ip": (3, 60)}}
        ajax = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
        statuses = [Client().get("/en/account/sign-in/passkey/", **ajax).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]

    def test_an_answer_sent_many_times_is_stored_once(self, client, address, open_series):
        question = Question.objects.create(
            series=open_series, position=1, kind="choices", label_en="Which?", options_en="First\nSecond"
        )
        name = f"question_{question.pk}"
        first = re.search(rf'name="{name}" value="([^"]+)"', text(client.get(address)))[1]
        assert client.post(address, FORM | {name: [first] * 900}).status_code == 302
        assert stored_bytes() < 3_000

    def test_an_unsaved_profile_keeps_only_its_own_fields_up_to_their_length(self, provider):
        browser = Client()
        browser.force_login(provider)
        signed = signed_owner(browser)
        WebSession.objects.all().delete()
        typed = {
            "name": "n" * 5000,
            "accessibility_needs": "a" * 5000,
            "province": "p" * 5000,
            "more": "x",
            "next": "y",
        }
        for forged in ("", "x", signed[:-1]):
            Client().post(PROFILE, typed | {"whose": forged})
        assert not WebSession.objects.exists()
        browser.post(PROFILE, typed | {"whose": signed})
        (saved,) = browser.session["unfinished"].values()
        assert {name: len(value) for name, value in saved["data"].items()} == {
            "name": 150,
            "accessibility_needs": 1000,
            "province": 40,
        }

    def test_an_anonymous_session_lasts_two_hours_and_a_signed_in_one_90_days(self, address, provider, now):
        stranger = Client()
        stranger.post(address, FORM)
        assert WebSession.objects.get().expire_date == now + timedelta(hours=2)
        WebSession.objects.all().delete()
        mine = Client()
        sign_in(mine, provider)
        assert mine.session.get_expiry_age() == django_settings.SESSION_COOKIE_AGE == 60 * 60 * 24 * 90
        mine.get(PROFILE)
        assert WebSession.objects.get().expire_date == now + timedelta(days=90)
        assert mine.cookies["sessionid"]["max-age"] == 60 * 60 * 24 * 90

    def test_expired_sessions_are_deleted_with_their_records(self, address, provider, clock):
        Client().post(address, FORM)
        mine = Client()
        sign_in(mine, provider)
        clock.shift(timedelta(hours=3))
        clear_old_sessions()
        assert WebSession.objects.get().session_key == mine.session.session_key
        assert UserSession.objects.count() == 1
        clock.shift(timedelta(days=90))
        clear_old_sessions()
        assert not WebSession.objects.exists()
        assert not UserSession.objects.exists()

    def test_beat_schedules_the_task_and_workers_know_it(self):
        from echo_portal.celery import app

        app.loader.import_default_modules()
        assert "echo_portal.tasks.clear_old_sessions" in django_settings.CELERY_BEAT_SCHEDULE
        assert {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


class TestSharedComputer:
    def test_the_next_person_does_not_see_what_was_entered(self, client, address):
        client.post(address, FORM | {"accessibility_needs": "I use a screen reader"})
        page = text(client.get(address))
        assert "Amélie" not in page
        assert "amelie@example.ca" not in page
        assert "screen reader" not in page

    def test_the_code_page_does_not_show_it_without_the_token_for_going_back(self, client, address):
        page = client.post(address, FORM).url
        client.get(page)
        again = text(client.get(page))
        assert "amelie@example.ca" not in again
        assert 'name="back"' not in again
        assert 'name="code"' in again
        for posted in (
            {"action": "back"},
            {"action": "back", "back": "guess"},
            {"action": "resend"},
            {"code": "000000"},
        ):
            response = client.post(page, posted, follow=True)
            assert "melie" not in text(response), posted
            assert "Amélie" not in text(response), posted

    def test_going_back_from_the_code_page_shows_what_was_entered(self, client, address):
        page = client.post(address, FORM).url
        shown = text(client.get(page))
        assert "We sent a 6-digit code to amelie@example.ca." in shown
        back = {"back": re.search(r'name="back" value="(\w+)"', shown)[1]}
        assert "to amelie@example.ca." in text(client.post(page, back | {"code": "000000"}))
        assert "to amelie@example.ca." in text(client.post(page, back | {"action": "resend"}, follow=True))
        form = text(client.post(page, back | {"action": "back"}, follow=True))
        assert 'value="Amélie Tremblay"' in form
        assert "Amélie" not in text(client.get(address))  # only once

    def test_after_the_code_expires_the_same_person_sees_what_they_entered(self, client, address, clock):
        page = client.post(address, FORM).url
        back = {"back": re.search(r'name="back" value="(\w+)"', text(client.get(page)))[1]}
        clock.shift(timedelta(minutes=16))
        form = text(client.post(page, back | {"code": "000000"}, follow=True))
        assert "What you typed is still here." in form
        assert 'value="Amélie Tremblay"' in form

    def test_after_the_code_expires_the_next_person_sees_an_empty_form(self, client, address, clock):
        page = client.post(address, FORM).url
        client.get(page)
        clock.shift(timedelta(minutes=16))
        form = text(client.get(page, follow=True))
        assert "Fill in the form again" in form
        assert "Amélie" not in form

    def test_after_half_an_hour_the_input_is_gone(self, client, address, clock):
        page = client.post(address, FORM).url
        back = {"back": re.search(r'name="back" value="(\w+)"', text(client.get(page)))[1]}
        clock.shift(LIFETIME + timedelta(seconds=1))
        page = text(client.post(f"{address}code/", back | {"action": "back"}, follow=True))
        assert "Amélie" not in page
        assert "Amélie" not in str(dict(client.session))

    def test_signing_in_with_another_address_does_not_show_it(self, client, address, provider):
        client.post(address, FORM)
        # The sign-in page does not redirect to the code page of the previous person.
        assert client.get("/en/account/sign-in/").status_code == 200
        assert sign_in(client, provider).url == "/en/registration/mine/"
        assert "unfinished" not in client.session
        assert "Amélie" not in text(client.get(address))

    def test_registering_with_another_address_does_not_use_it(self, client, address):
        client.post(address, FORM | {"accessibility_needs": "I use a screen reader"})
        response = client.post(address, FORM | {"email": "zoe@example.ca", "name": "Zoé"})
        client.post(response.url, {"code": code()})
        person = Registration.objects.get().user
        assert (person.email, person.name, person.profile.accessibility_needs) == ("zoe@example.ca", "Zoé", "")
        assert "Amélie" not in str(dict(client.session))

    def test_an_unsaved_profile_is_shown_only_to_the_same_person(self, provider):
        browser = Client()
        browser.force_login(provider)
        signed = signed_owner(browser)
        browser.cookies.clear()
        typed = {"name": "Amélie Tremblay", "accessibility_needs": "I use a screen reader", "whose": signed}
        browser.post(PROFILE, typed)
        other = UserFactory(with_profile=True)
        sign_in(browser, other)
        assert "screen reader" not in text(browser.get(PROFILE))

    def test_signing_out_deletes_it(self, client, address, provider):
        client.force_login(provider)
        client.post("/en/account/sign-out/")
        client.post(address, FORM)
        client.logout()
        assert "Amélie" not in text(client.get(address))
        assert timezone.now()
