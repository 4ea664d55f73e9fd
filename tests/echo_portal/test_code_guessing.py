"""Guessing codes on both pages that accept one: in parallel, from one network, and while the account changes."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.test import Client

from accounts.models import User
from accounts.services import change_email, unproven
from outbox.models import Message
from registrations.models import Registration
from registrations.services import delete_unproven_accounts
from tests.factories import SessionFactory, UserFactory

FORM = {"name": "Zoé", "profession": "physician", "province": "QC"}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture(params=["sign-in", "registration"])
def request_code(request, now):
    """Return a function that requests a code on one of the two pages and returns the URL where it is entered."""

    def run(browser, email):
        if request.param == "sign-in":
            return browser.post("/en/account/sign-in/", {"email": email}).url
        series = SessionFactory(now=now).series
        return browser.post(f"/en/registration/{series.slug}/", FORM | {"email": email}).url

    return run


def code():
    return Message.objects.filter(message_type="code").latest("pk").data["code"]


def wrong_code():
    return "111111" if code() != "111111" else "222222"


def is_signed_in(browser):
    return "_auth_user_id" in browser.session


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_get_five_guesses_in_total(request_code):
    person = UserFactory(with_profile=True)
    browser = Client()
    page, guess = request_code(browser, person.email), wrong_code()
    cookies = browser.cookies

    def guess_once(_number):
        try:
            client = Client()
            client.cookies = cookies
            response = client.post(page, {"code": guess})
            return response.status_code == 200 and "not the code we sent" in response.content.decode()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        checked = sum(pool.map(guess_once, range(36)))
    assert checked <= 5


@pytest.mark.django_db
class TestGuesses:
    def test_guesses_at_many_accounts_stop_at_the_limit_of_the_network(self, request_code, settings):
        limits = settings.RATE_LIMITS["try-code"]
        assert limits["ip"] == [(300, 600), (2000, 86400)]
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"try-code": limits | {"ip": [(30, 600)]}}
        statuses = []
        for number in range(8):
            person, browser = UserFactory(email=f"n{number}@example.ca", with_profile=True), Client()
            page = request_code(browser, person.email)
            statuses += [browser.post(page, {"code": wrong_code()}).status_code for _ in range(5)]
        assert statuses[30:] == [429] * 10
        assert set(statuses[:30]) == {200, 302}

    def test_a_stranger_who_enters_my_address_does_not_lock_me_out(self, request_code):
        me = UserFactory(with_profile=True)
        for _ in range(12):
            stranger = Client(REMOTE_ADDR="198.51.100.7")
            stranger.post("/en/account/sign-in/", {"email": me.email})
            for _guess in range(5):
                stranger.post("/en/account/sign-in/code/", {"code": "000000"})
        mine = Client(REMOTE_ADDR="192.0.2.1")
        mine.post(request_code(mine, me.email), {"code": code()})
        assert is_signed_in(mine)

    def test_neither_a_colleague_on_my_network_nor_many_strangers_lock_me_out(self, request_code):
        me, mine = UserFactory(with_profile=True), Client(REMOTE_ADDR="192.0.2.1")
        mine.post(request_code(mine, me.email), {"code": code()})
        mine.post("/en/account/sign-out/")
        assert not is_signed_in(mine)
        for ip in ["192.0.2.1", *(f"198.51.100.{n}" for n in range(1, 8))]:
            for _ in range(7):
                stranger = Client(REMOTE_ADDR=ip)
                stranger.post("/en/account/sign-in/", {"email": me.email})
                stranger.post("/en/account/sign-in/code/", {"code": "000000"})
        mine.post(request_code(mine, me.email), {"code": code()})
        assert is_signed_in(mine)

    def test_resending_a_code_is_limited(self, settings):
        person = UserFactory(with_profile=True)
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"send-email": {"pair": [(1, 600)]}}
        browser = Client()
        page = browser.post("/en/account/sign-in/", {"email": person.email}).url
        response = browser.post(page, {"action": "resend"})
        assert response.status_code == 429
        assert "We can’t send an email to this address right now." in response.content.decode()
        assert 'name="code"' in response.content.decode()
        assert Message.objects.filter(message_type="code").count() == 1
        browser.post(page, {"code": code()})
        assert is_signed_in(browser)

    def test_an_address_without_an_account_has_the_same_limits(self):
        pages = []
        for email in (UserFactory(with_profile=True).email, "nobody@example.ca"):
            browser = Client()
            page = browser.post("/en/account/sign-in/", {"email": email}).url
            responses = [browser.post(page, {"code": "000000"}) for _ in range(5)]
            pages.append([(response.status_code, response.headers.get("Location")) for response in responses])
        assert pages[0] == pages[1]

    @pytest.mark.parametrize("guess", ["000000", "-", "  ", "\u0660\u0661\u0662\u0663\u0664\u0665"])
    def test_no_code_is_accepted_for_an_address_without_an_account(self, guess):
        browser = Client()
        page = browser.post("/en/account/sign-in/", {"email": "nobody@example.ca"}).url
        browser.post(page, {"action": "resend"})
        assert browser.post(page, {"code": guess}).status_code == 200
        state = browser.session["account_login"]["state"]["stages"]["login_by_code"]["data"]
        if state.get("code"):  # allauth creates one but does not send it
            assert browser.post(page, {"code": state["code"]}).status_code == 200
        assert not is_signed_in(browser)

    def test_after_five_wrong_codes_the_sign_in_page_explains_why(self):
        person, browser = UserFactory(with_profile=True), Client()
        page = browser.post("/en/account/sign-in/", {"email": person.email}).url
        for _ in range(5):
            response = browser.post(page, {"code": wrong_code()})
        assert "This code has expired. Ask for a new one." in browser.get(response.url).content.decode()

    def test_a_code_for_a_deleted_account_redirects_back(self, request_code):
        browser = Client()
        person = UserFactory(with_profile=True)
        page = request_code(browser, person.email)
        sent = code()
        person.delete()
        response = browser.post(page, {"code": sent})
        assert response.status_code == 302
        assert "code" not in response.url
        assert browser.get(response.url).status_code == 200

    def test_a_code_for_a_former_address_is_void(self, request_code, now):
        browser = Client()
        person = UserFactory(with_profile=True)
        page, sent = request_code(browser, person.email), code()
        change_email(person, "new@example.ca", now=now)
        assert browser.post(page, {"code": sent}).status_code == 302
        assert not is_signed_in(browser)


@pytest.mark.django_db
def test_an_unproven_account_is_not_deleted_during_a_second_attempt(client, open_series, clock):
    address = f"/en/registration/{open_series.slug}/"
    client.post(address, FORM | {"email": "zoe@example.ca"})
    clock.shift(timedelta(days=2, minutes=-5))
    response = client.post(address, FORM | {"email": "zoe@example.ca"})
    clock.shift(timedelta(minutes=10))
    from django.utils import timezone

    assert delete_unproven_accounts(timezone.now()) == 0
    client.post(response.url, {"code": code()})
    assert Registration.objects.get().user.email == "zoe@example.ca"
    assert not unproven(timezone.now() + timedelta(days=9)).exists()


@pytest.mark.django_db
def test_an_unproven_account_is_not_deleted_while_its_owner_signs_in(client, open_series, clock):
    client.post(f"/en/registration/{open_series.slug}/", FORM | {"email": "zoe@example.ca"})
    clock.shift(timedelta(days=2, minutes=-5))
    browser = Client()
    page = browser.post("/en/account/sign-in/", {"email": "zoe@example.ca"}).url
    clock.shift(timedelta(minutes=10))
    from django.utils import timezone

    assert delete_unproven_accounts(timezone.now()) == 0
    browser.post(page, {"code": code()})
    assert is_signed_in(browser)
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_an_address_that_is_too_long_is_refused_in_french():
    page = Client().post("/fr/compte/connexion/", {"email": "x" * 260 + "@example.ca"})
    assert page.status_code == 200
    assert re.search("Cette adresse courriel est trop longue", page.content.decode())
