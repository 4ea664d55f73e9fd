"""The account pages: profile, password, second factor, devices, my data, and closing the account."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session as WebSession
from django.test import Client

from accounts.models import User
from outbox.models import Message
from registrations.models import PersonalCalendar, Registration
from registrations.services import invite, register
from registrations.services.colleagues import Colleague
from sessions_app.models import Series
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
PROFILE = {"name": "Amélie Tremblay", "profession": "pharmacist", "province": "QC", "language": "fr"}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def browser(client, provider):
    client.force_login(provider)
    return client


def text(response):
    return response.content.decode().replace("\u00a0", " ")


def code():
    return Message.objects.filter(message_type="code").latest("pk").data["code"]


def totp_code(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def set_up_app(browser):
    """Set up an authenticator app through the pages and return its secret."""
    page = text(browser.get("/en/account/security/app/"))
    secret = re.search(r'class="secret">([A-Z2-7]+)<', page)[1]
    assert browser.post("/en/account/security/app/", {"code": totp_code(secret)}).status_code == 302
    return secret


class TestProfile:
    def test_the_profile_is_filled_in_and_can_be_changed(self, browser, provider):
        assert f'value="{provider.name}"' in text(browser.get("/en/account/profile/"))
        page = text(browser.post("/en/account/profile/", PROFILE | {"accessibility_needs": "Captions"}, follow=True))
        assert "Your profile is saved." in page
        provider.refresh_from_db()
        assert (provider.name, provider.language, provider.profile.profession) == (
            "Amélie Tremblay",
            "fr",
            "pharmacist",
        )
        assert (provider.time_zone, provider.profile.accessibility_needs) == ("America/Toronto", "Captions")

    def test_each_field_has_a_hint(self, browser):
        page = text(browser.get("/en/account/profile/"))
        assert page.count('class="hint"') == page.count('class="field"') == 8

    def test_an_invalid_form_keeps_the_input(self, browser):
        response = browser.post("/en/account/profile/", PROFILE | {"profession": "", "organization": "Home Care"})
        assert response.status_code == 400
        assert 'value="Home Care"' in text(response)

    def test_the_input_is_kept_when_the_session_has_expired(self, browser, provider):
        signed_owner = re.search(r'name="whose" value="([^"]+)"', text(browser.get("/en/account/profile/")))[1]
        WebSession.objects.all().delete()
        typed = PROFILE | {"organization": "Home Care North", "whose": signed_owner}
        response = browser.post("/en/account/profile/", typed)
        assert response.url.startswith("/en/account/sign-in/?next=/en/account/profile/")
        response = browser.post(response.url, {"email": provider.email, "next": "/en/account/profile/"})
        page = text(browser.post(response.url, {"code": code()}, follow=True))
        assert "What you typed is still here" in page
        assert 'value="Home Care North"' in page

    def test_saving_redirects_to_next_but_never_to_another_site(self, browser):
        assert browser.post("/en/account/profile/?next=/en/sessions/", PROFILE).url == "/en/sessions/"
        assert browser.post("/en/account/profile/?next=//evil.example", PROFILE).url == "/en/account/profile/"


class TestPassword:
    def test_a_person_sets_uses_and_changes_a_password_and_is_notified(self, browser, provider, drain, now):
        first, second = "quiet-river-stone", "another-river-stone"
        address = "/en/account/security/password/"
        assert browser.post(address, {"password1": first, "password2": first}).status_code == 302
        assert "A password was set for your account." in drain(now)[0].body
        other = Client()
        response = other.post("/en/account/sign-in/password/", {"login": provider.email, "password": first})
        assert response.url == "/en/registration/mine/"
        fields = {"oldpassword": first, "password1": second, "password2": second}
        assert other.post("/en/account/security/password/change/", fields).status_code == 302
        assert "was changed" in drain(now)[0].body

    def test_a_wrong_password_gives_the_same_error_with_and_without_an_account(self, client, provider):
        pages = [
            text(client.post("/en/account/sign-in/password/", {"login": address, "password": "wrong"}))
            for address in (provider.email, "nobody@example.ca")
        ]
        for page in pages:
            assert "The email address or the password is wrong." in page

    def test_a_common_password_is_refused(self, browser):
        page = browser.post("/en/account/security/password/", {"password1": "password", "password2": "password"})
        assert "too common" in text(page)


class TestSecondFactor:
    def test_after_setting_up_an_app_signing_in_needs_its_code(
        self, browser, provider, clock, drain, now, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            secret = set_up_app(browser)
        assert "An authenticator app was added" in drain(now)[0].body
        assert secret not in json.dumps(list(Authenticator.objects.values_list("data", flat=True)))  # encrypted
        clock.shift(timedelta(minutes=2))
        other = Client()
        response = other.post("/en/account/sign-in/", {"email": provider.email})
        response = other.post(response.url, {"code": code()})
        assert response.url == "/en/account/sign-in/second-factor/"
        assert "_auth_user_id" not in other.session
        assert "That’s not the right code." in text(other.post(response.url, {"code": "000000"}))
        assert other.post(response.url, {"code": totp_code(secret)}).url == "/en/registration/mine/"
        assert other.session["_auth_user_id"] == str(provider.pk)

    def test_a_recovery_code_works_only_once(self, browser, provider, clock):
        secret = set_up_app(browser)
        clock.shift(timedelta(minutes=2))
        codes = "/en/account/security/recovery-codes/"
        response = browser.get(codes)
        assert "Confirm it’s you" in text(browser.get(response.url, follow=True))
        page = text(browser.post("/en/account/again/code/?next=" + codes, {"code": totp_code(secret)}, follow=True))
        recovery_code = re.search(r"<code>(\d+)</code>", page)[1]
        for works in (True, False):
            other = Client()
            response = other.post("/en/account/sign-in/", {"email": provider.email})
            response = other.post(response.url, {"code": code()})
            response = other.post("/en/account/sign-in/second-factor/", {"code": recovery_code})
            assert ("_auth_user_id" in other.session) is works

    def test_registering_waits_for_the_second_factor(self, browser, provider, open_series, clock):
        secret = set_up_app(browser)
        clock.shift(timedelta(minutes=2))
        other, address = Client(), f"/en/registration/{open_series.slug}/"
        response = other.post(address, PROFILE | {"email": provider.email})
        response = other.post(response.url, {"code": code()})
        assert response.url == "/en/account/sign-in/second-factor/"
        assert not Registration.objects.exists()
        page = text(other.post(response.url, {"code": totp_code(secret)}, follow=True))
        assert "You are registered" in page
        assert Registration.objects.get().user == provider

    def test_in_production_staff_must_set_up_a_second_factor_before_the_admin(self, client, settings, now):
        staff = UserFactory(is_staff=True, is_superuser=True)
        EmailAddress.objects.create(user=staff, email=staff.email, primary=True, verified=True)
        client.force_login(staff)
        assert client.get("/en/admin/").status_code == 200
        settings.SECOND_FACTOR_REQUIRED = True
        for address in ("/en/admin/", "/en/admin/registrations/registration/", "/fr/admin/sessions_app/series/"):
            response = client.get(address)
            assert response.url in ("/en/account/security/?required=1", "/fr/compte/securite/?required=1")
        assert client.post("/en/admin/sessions_app/series/", {"action": "withdraw"}).status_code == 302
        assert "Before you continue" in text(client.get("/en/account/security/?required=1"))
        set_up_app(client)
        assert client.get("/en/admin/").status_code == 200

    def test_the_admin_redirects_to_the_sign_in_page_of_the_portal(self, client):
        response = client.get("/en/admin/login/?next=/en/admin/")
        assert response.url.startswith("/en/account/sign-in/")
        assert UserFactory(email="s@example.ca", is_staff=True)
        assert client.post("/en/admin/login/", {"username": "s@example.ca", "password": "x"}).status_code == 302

    def test_outside_production_a_second_factor_is_optional(self):
        assert django_settings.SECOND_FACTOR_REQUIRED is False


class TestDevices:
    def sign_in(self, provider, agent):
        browser = Client(HTTP_USER_AGENT=agent)
        response = browser.post("/en/account/sign-in/", {"email": provider.email})
        browser.post(response.url, {"code": code()})
        return browser

    def test_devices_are_listed_and_can_be_signed_out(self, provider):
        phone = self.sign_in(provider, "Mozilla/5.0 (iPhone; CPU) Version/17.0 Safari/604.1")
        desk = self.sign_in(provider, "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/130.0")
        page = text(desk.get("/en/account/places/"))
        assert "Safari, iPhone" in page
        assert "Firefox, Windows" in page
        desk.post("/en/account/places/")
        assert phone.get("/en/registration/mine/").status_code == 302
        assert desk.get("/en/registration/mine/").status_code == 200
        assert "You are signed in on this device only." in text(desk.get("/en/account/places/"))


class TestMyData:
    def test_the_file_has_all_data_of_the_person_and_none_of_others(self, browser, provider, open_series, now):
        register(open_series, provider, now=now)
        register(open_series, UserFactory(name="Someone Else"), now=now)
        invite(open_series, [Colleague("Anna Roy", "anna@example.ca")], by=provider, language="en", now=now)
        response = browser.get("/en/account/data/download/")
        assert "attachment" in response["Content-Disposition"]
        data = json.loads(response.content)
        assert data["account"]["email"] == provider.email
        assert data["profile"]["profession"] == "registered-nurse"
        assert data["registrations"][0]["series"] == open_series.slug
        assert data["colleagues_registered"][0]["email"] == "anna@example.ca"
        assert [email["message_type"] for email in data["mail"]] == ["registered"]
        assert "Someone Else" not in response.content.decode()
        assert "password" not in json.dumps(data["account"]).replace("has_password", "")

    def test_account_pages_need_a_sign_in(self, client):
        for page in ("data/", "data/download/", "close/", "profile/", "places/", "security/"):
            assert client.get(f"/en/account/{page}").url.startswith("/en/account/sign-in/")


class TestClosing:
    def test_the_page_lists_upcoming_series_and_needs_a_confirmation(self, browser, provider, open_series, now):
        register(open_series, provider, now=now)
        assert open_series.title_en in text(browser.get("/en/account/close/"))
        response = browser.post("/en/account/close/")
        assert response.status_code == 400
        assert "Select the box to confirm." in text(response)
        assert User.objects.get(pk=provider.pk).is_active

    def test_closing_releases_seats_deletes_personal_data_and_sends_one_email(self, browser, provider, now, drain):
        series = SessionFactory(now=now, capacity=1).series
        past = SessionFactory(now=now, days=1).series
        registration, attended = register(series, provider, now=now), register(past, provider, now=now)
        waitlisted = register(series, UserFactory(), now=now)
        set_up_app(browser)
        browser.get("/en/registration/mine/")
        address = provider.email
        drain(now)
        past.is_concluded = True
        past.save()
        page = text(browser.post("/en/account/close/", {"sure": "yes"}, follow=True))
        assert "Your account is closed" in page
        provider.refresh_from_db()
        assert (provider.is_active, provider.name, address in provider.email) == (False, "", False)
        assert not Authenticator.objects.exists()
        assert not EmailAddress.objects.filter(email=address).exists()
        assert not PersonalCalendar.objects.exists()
        for one in (registration, attended, waitlisted):
            one.refresh_from_db()
        assert (registration.state, waitlisted.state, attended.state) == ("cancelled", "confirmed", "confirmed")
        assert Series.objects.get(pk=series.pk).seats_taken == 1
        sent = drain(now)
        assert sorted(email.subject.partition(":")[0] for email in sent) == [
            "You have a seat",
            "Your account is closed",
        ]
        assert Message.objects.filter(to=address).values_list("message_type", flat=True).get() == "account-closed"

    def test_a_person_who_returns_gets_a_new_account(self, browser, provider, open_series):
        address = provider.email
        browser.post("/en/account/close/", {"sure": "yes"})
        other = Client()
        response = other.post(f"/en/registration/{open_series.slug}/", PROFILE | {"email": address})
        other.post(response.url, {"code": code()})
        assert Registration.objects.get().user != provider


class TestExpiredForms:
    def test_a_form_from_before_signing_in_elsewhere_can_be_sent_again(self, provider, open_series):
        tab = Client(enforce_csrf_checks=True)
        address = f"/en/registration/{open_series.slug}/"
        old = re.search(r'csrfmiddlewaretoken" value="(\w+)"', text(tab.get(address)))[1]
        tab.force_login(provider)
        tab.cookies["csrftoken"] = "n" * 32  # signing in changes it
        fields = {"csrfmiddlewaretoken": old, **PROFILE, "email": "zoe@example.ca"}
        response = tab.post(address, fields, HTTP_ORIGIN="http://testserver")
        assert response.status_code == 403
        assert "What you typed is still here." in text(response)
        assert 'name="email" value="zoe@example.ca"' in text(response)
        new = re.search(r'csrfmiddlewaretoken" value="(\w+)"', text(response))[1]
        assert (
            tab.post(address, fields | {"csrfmiddlewaretoken": new}, HTTP_ORIGIN="http://testserver").status_code == 302
        )

    @pytest.mark.parametrize("headers", [{}, {"HTTP_ORIGIN": "https://evil.example"}, {"HTTP_ORIGIN": "null"}])
    def test_a_form_from_another_site_is_not_shown_again(self, open_series, headers):
        response = Client(enforce_csrf_checks=True).post(f"/en/registration/{open_series.slug}/", PROFILE, **headers)
        assert response.status_code == 403
        assert "Amélie" not in text(response)

    def test_a_password_is_never_shown_on_a_page(self, browser):
        tab = Client(enforce_csrf_checks=True)
        fields = {"password1": "quiet-river", "csrfmiddlewaretoken": "x"}
        response = tab.post("/en/account/security/password/", fields, HTTP_ORIGIN="http://testserver")
        assert "quiet-river" not in text(response)

    def test_a_person_whose_session_ended_continues_signed_out_with_their_answers(self, browser, open_series, provider):
        from sessions_app.models import Question

        Question.objects.create(series=open_series, position=1, kind="text", label_en="Why?")
        name = f"question_{open_series.questions.get().pk}"
        WebSession.objects.all().delete()
        page = text(browser.post(f"/en/registration/{open_series.slug}/", {"asked": "1", name: "For my ward"}))
        assert "You’ve been signed out" in page
        assert 'value="For my ward"' in page
