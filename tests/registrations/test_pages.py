"""The registration pages: form, code and "My sessions", including expired codes, second clicks and other people."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session as WebSession
from django.urls import reverse

from accounts.models import User
from outbox.models import Message
from registrations.models import Registration, RegistrationState
from registrations.services import register
from tests.factories import SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db

FORM = {"name": "Amélie Tremblay", "email": "Amelie@Example.ca", "profession": "registered-nurse", "province": "NL"}


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
    return response.content.decode().replace("\u00a0", " ")


def test_a_newcomer_registers_in_two_pages(client, open_series, address):
    assert "6-digit code" in text(client.get(address))
    response = client.post(address, FORM)
    assert response.url == address + "code/"
    assert Registration.objects.count() == 0
    assert re.fullmatch(r"\d{6}", code())
    assert "We sent a 6-digit code to amelie@example.ca" in text(client.get(response.url))
    response = client.post(response.url, {"code": code()}, follow=True)
    assert response.redirect_chain == [("/en/registration/mine/", 302)]
    page = text(response)
    assert "You are registered, Amélie Tremblay." in page
    assert "with a calendar invitation to amelie@example.ca" in page
    assert open_series.title_en in page
    registration = Registration.objects.get()
    assert (registration.state, registration.user.email) == (RegistrationState.CONFIRMED, "amelie@example.ca")
    assert (registration.user.name, registration.user.profile.province) == ("Amélie Tremblay", "NL")
    assert (registration.user.language, registration.user.time_zone) == ("en", "America/St_Johns")
    assert registration.user.emailaddress_set.get().verified


def test_a_newcomer_registers_in_french(client, open_series):
    address = f"/fr/inscription/{open_series.slug}/"
    assert "Choisissez votre profession" in text(client.post(address, {**FORM, "profession": ""}))
    response = client.post(address, FORM)
    page = text(client.get(response.url))
    assert "Entrez le code reçu par courriel" in page
    page = text(client.post(response.url, {"code": code()}, follow=True))
    assert "Votre inscription est confirmée, Amélie Tremblay." in page
    assert User.objects.get().language == "fr"


def test_the_time_zone_of_the_browser_is_saved(client, address):
    client.cookies["zone"] = "America/Vancouver"
    assert '<option value="America/Vancouver" selected>' in text(client.get(address))
    response = client.post(address, FORM | {"time_zone": "America/Vancouver"})
    client.post(response.url, {"code": code()})
    assert User.objects.get().time_zone == "America/Vancouver"


def test_a_person_with_an_account_can_use_the_same_form(client, address):
    known = UserFactory(email="amelie@example.ca", with_profile=True)
    response = client.post(address, FORM)
    client.post(response.url, {"code": code()})
    assert Registration.objects.get().user == known


def test_a_stranger_who_enters_my_address_changes_nothing(client, address):
    known = UserFactory(email="amelie@example.ca", name="The real one", with_profile=True)
    response = client.post(address, FORM | {"name": "Mallory"})
    client.post(response.url, {"code": "000000" if code() != "000000" else "111111"})
    known.refresh_from_db()
    assert (known.name, Registration.objects.count()) == ("The real one", 0)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", "", "Enter your name"),
        ("email", "", "Enter your email address."),
        ("email", "amelie.example.ca", "Enter your email address with an @"),
        ("profession", "astronaut", "Select a valid choice"),
        ("province", "", "Choose your province or territory"),
    ],
)
def test_an_invalid_form_shows_each_error_twice_and_keeps_the_input(client, address, field, value, error):
    response = client.post(address, FORM | {field: value})
    assert response.status_code == 400
    assert text(response).count(error) == 2
    for name in ("name", "email"):
        if name != field:
            assert f'value="{FORM[name]}"' in text(response)
    assert Message.objects.count() == 0


def test_after_five_wrong_codes_the_form_is_shown_with_the_input(client, address):
    response = client.post(address, FORM)
    right = code()
    wrong = "111111" if right != "111111" else "222222"
    back = re.search(r'name="back" value="(\w+)"', text(client.get(response.url)))[1]
    assert "That’s not the code we sent" in text(client.post(response.url, {"code": wrong, "back": back}))
    for _ in range(4):
        last = client.post(response.url, {"code": wrong, "back": back})
    assert last.url == address
    page = text(client.get(address))
    assert "This code has expired" in page
    assert 'value="Amélie Tremblay"' in page
    assert 'value="amelie@example.ca"' in page
    assert client.post(response.url, {"code": right}).url == address
    assert Registration.objects.count() == 0


def test_a_code_expires_after_fifteen_minutes(client, address, clock):
    response = client.post(address, FORM)
    clock.shift(timedelta(minutes=15, seconds=1))
    assert client.post(response.url, {"code": code()}).url == address
    assert "This code has expired" in text(client.get(address))
    assert Registration.objects.count() == 0


def test_a_code_works_only_in_the_browser_that_requested_it(client, address):
    from django.test import Client

    response = client.post(address, FORM)
    assert Client().post(response.url, {"code": code()}).url == address
    assert Registration.objects.count() == 0


def test_sending_the_code_twice_leads_to_my_sessions(client, address):
    response = client.post(address, FORM)
    sent = code()
    client.post(response.url, {"code": sent})
    page = client.post(response.url, {"code": sent}, follow=True)
    assert page.redirect_chain[-1] == ("/en/registration/mine/", 302)
    assert Registration.objects.count() == 1


def test_a_new_code_replaces_the_old_one(client, address):
    response = client.post(address, FORM)
    first = code()
    assert "We sent you a new code" in text(client.post(response.url, {"action": "resend"}, follow=True))
    second = code()
    assert second != first
    assert "That’s not the code we sent" in text(client.post(response.url, {"code": first}))
    client.post(response.url, {"code": second})
    assert Registration.objects.count() == 1


def test_codes_for_one_address_are_limited(client, address):
    for _ in range(6):
        assert client.post(address, FORM).status_code == 302
    response = client.post(address, FORM)
    assert "We can’t send an email to this address right now" in text(response)
    assert Message.objects.filter(message_type="code").count() == 6
    assert client.post(address, FORM | {"email": "colleague@example.ca"}).status_code == 302


def test_a_person_is_waitlisted_if_the_last_seat_is_taken_in_the_meantime(client, now):
    series = SessionFactory(now=now, capacity=1).series
    response = client.post(f"/en/registration/{series.slug}/", FORM)
    page = text(client.get(response.url))
    assert "Confirm my registration" in page
    assert "This series is full." not in page
    register(series, UserFactory(), now=now)
    page = text(client.get(response.url))
    assert "This series is full. Enter the code to join its waitlist." in page
    assert "Confirm my registration" not in page
    page = text(client.post(response.url, {"code": code()}, follow=True))
    assert "You are on the waitlist." in page
    assert "Waitlist: 1st of 1" in page


def test_the_page_says_that_registration_closed_in_the_meantime(client, open_series, address):
    response = client.post(address, FORM)
    open_series.is_closed = True
    open_series.save()
    page = text(client.post(response.url, {"code": code()}, follow=True))
    assert "Registration for this series is closed." in page
    assert Registration.objects.count() == 0


def test_a_signed_in_person_registers_with_one_click(client, open_series, address, provider):
    client.force_login(provider)
    assert "Select “Register” to confirm." in text(client.get(address))
    assert Registration.objects.count() == 0
    page = client.post(address, follow=True)
    assert page.redirect_chain == [("/en/registration/mine/", 302)]
    client.post(address)
    assert Registration.objects.count() == 1


def test_a_signed_in_person_without_a_profile_gets_the_form(client, address):
    user = UserFactory()
    client.force_login(user)
    page = text(client.get(address))
    assert 'name="email"' not in page
    client.post(address, FORM)
    user.refresh_from_db()
    assert (user.name, Registration.objects.get().user) == ("Amélie Tremblay", user)


def test_a_closed_account_gets_no_code(client, address):
    UserFactory(email="amelie@example.ca", is_active=False)
    response = client.post(address, FORM)
    assert response.url == address + "code/"
    assert not Message.objects.filter(message_type="code").exists()


@pytest.mark.parametrize("page", ["", "code/", "panel/"])
def test_unpublished_and_unknown_series_are_a_404(client, page, now):
    series = SessionFactory(now=now, publication="draft").series
    assert client.get(f"/en/registration/{series.slug}/{page}").status_code == 404
    assert client.post(f"/en/registration/{series.slug}/").status_code == 404
    assert client.get(f"/en/registration/no-such-series/{page}").status_code == 404


def test_my_sessions_shows_only_my_registrations(client, open_series, provider, now):
    other = SessionFactory(now=now).series
    register(open_series, provider, now=now)
    register(other, UserFactory(), now=now)
    client.force_login(provider)
    page = text(client.get("/en/registration/mine/"))
    assert open_series.title_en in page
    assert other.title_en not in page


def test_my_sessions_makes_the_same_number_of_queries_for_one_series_and_ten(
    client, provider, now, django_assert_num_queries
):
    client.force_login(provider)
    client.get("/en/registration/mine/")  # the first visit creates the calendar address
    for count in (1, 9):
        for _ in range(count):
            register(SessionFactory(now=now).series, provider, now=now)
        with django_assert_num_queries(8):
            client.get("/en/registration/mine/")
    register(SessionFactory(now=now, capacity=0).series, provider, now=now)
    client.get("/en/registration/mine/")  # counts how many seats are usually given up
    with django_assert_num_queries(9):  # one more for all places on waitlists
        client.get("/en/registration/mine/")


def test_my_sessions_needs_a_sign_in_and_can_be_empty(client, provider):
    assert client.get("/en/registration/mine/").url == "/en/account/sign-in/?next=/en/registration/mine/"
    client.force_login(provider)
    page = text(client.get("/en/registration/mine/"))
    assert "You have no upcoming sessions." in page


def test_cancelling_needs_a_confirmation_and_offers_to_register_again(client, open_series, provider, now):
    register(open_series, provider, now=now)
    client.force_login(provider)
    address = f"/en/registration/{open_series.slug}/cancel/"
    assert "Cancel your registration?" in text(client.get(address))
    assert Registration.objects.get().state == RegistrationState.CONFIRMED
    page = text(client.post(address, follow=True))
    assert "Your registration is cancelled." in page
    assert "Made a mistake? Register again" in page
    assert Registration.objects.get().state == RegistrationState.CANCELLED
    assert client.post(address).url == "/en/registration/mine/"  # a second click


def test_another_persons_registration_cannot_be_seen_or_cancelled(client, open_series, provider, now):
    register(open_series, UserFactory(), now=now)
    address = f"/en/registration/{open_series.slug}/cancel/"
    assert client.post(address).url.startswith("/en/account/sign-in/")
    client.force_login(provider)
    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 404
    assert Registration.objects.get().state == RegistrationState.CONFIRMED


def test_a_person_can_leave_the_waitlist(client, provider, now):
    series = SessionFactory(now=now, capacity=0).series
    register(series, provider, now=now)
    client.force_login(provider)
    page = text(client.post(f"/en/registration/{series.slug}/cancel/", follow=True))
    assert "You left the waitlist." in page


def test_the_panel_shows_the_readers_registration(client, open_series, provider, now):
    address = f"/en/registration/{open_series.slug}/panel/"
    assert client.get(address).status_code == 204
    client.force_login(provider)
    assert f'action="/en/registration/{open_series.slug}/"' in text(client.get(address))
    register(open_series, provider, now=now)
    assert "You have a seat." in text(client.get(address))


class TestSignIn:
    def test_a_person_signs_in_with_a_code(self, client, provider):
        response = client.post("/en/account/sign-in/?next=/en/registration/mine/", {"email": provider.email.upper()})
        page = client.post(response.url, {"code": code()}, follow=True)
        assert page.redirect_chain[-1][0] == "/en/registration/mine/"
        assert page.wsgi_request.user == provider

    def test_signing_in_does_not_reveal_whether_an_address_has_an_account(self, client, provider):
        known = client.post("/en/account/sign-in/", {"email": provider.email})
        known_page = text(client.get(known.url))
        client.cookies.clear()
        unknown = client.post("/en/account/sign-in/", {"email": "nobody@example.ca"})
        strip = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
        assert unknown.url == known.url
        assert strip.sub("", text(client.get(unknown.url))) == strip.sub("", known_page)
        assert Message.objects.get(to="nobody@example.ca").message_type == "no-account"

    def test_signing_out_needs_a_post(self, client, provider):
        client.force_login(provider)
        assert client.get("/en/account/sign-out/").status_code == 200
        assert "_auth_user_id" in client.session
        client.post("/en/account/sign-out/")
        assert not WebSession.objects.filter(session_data__contains="_auth").exists()
        assert client.get("/en/registration/mine/").status_code == 302


def test_unproven_accounts_are_deleted_after_two_days(client, address, now):
    from registrations.services import delete_unproven_accounts

    client.post(address, FORM)
    assert delete_unproven_accounts(now + timedelta(days=1)) == 0
    assert delete_unproven_accounts(now + timedelta(days=3)) == 1
    assert not User.objects.exists()


def test_a_series_without_dates_can_be_registered_for(client, provider, now):
    series = SeriesFactory(registration_opens_at=now)
    client.force_login(provider)
    page = text(client.post(f"/en/registration/{series.slug}/", follow=True))
    assert "You are registered" in page
    assert series.title_en in page


def test_registering_works_without_the_cache_server(client, address, settings):
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    response = client.post(address, FORM)
    page = text(client.post(response.url, {"code": code()}, follow=True))
    assert "You are registered, Amélie Tremblay." in page


def test_guessing_codes_is_limited(client, address, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"try-code": {"ip": (3, 60)}}
    response = client.post(address, FORM)
    statuses = [client.post(response.url, {"code": "000000"}).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert "Too many attempts in a short time" in text(client.post(response.url, {"code": "000000"}))


def test_the_calendar_file_in_the_panel_has_the_join_link_only_with_a_seat(client, open_series, provider, now):
    address = f"/en/registration/{open_series.slug}/panel/"
    client.force_login(provider)
    page = client.get(address).content.decode()
    assert reverse("sessions:series_ics", args=[open_series.slug]) in page
    registration = register(open_series, provider, now=now)
    page = client.get(address).content.decode()
    assert reverse("sessions:series_ics", args=[open_series.slug]) not in page
    own = reverse("registrations:registration_ics", args=[registration.pk])
    assert own in page
    assert b"/registration/join/" in client.get(own).content.replace(b"\r\n ", b"")
