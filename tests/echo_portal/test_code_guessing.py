"""Guessing codes over HTTP, on both pages that take one: in parallel, from one network, and against accounts that change."""

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
def ask(request, now):
    """Asks for a code for an address on one of the two pages; gives the address of the page that takes it."""

    def run(browser, email):
        if request.param == "sign-in":
            return browser.post("/en/account/sign-in/", {"email": email}).url
        series = SessionFactory(now=now).series
        return browser.post(f"/en/registration/{series.slug}/", FORM | {"email": email}).url

    return run


def code():
    return Message.objects.filter(message_type="code").latest("pk").data["code"]


def wrong():
    return "111111" if code() != "111111" else "222222"


def is_signed_in(browser):
    return "_auth_user_id" in browser.session


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_get_five_guesses_together(ask):
    person = UserFactory(with_profile=True)
    browser = Client()
    page, guess = ask(browser, person.email), wrong()
    cookies = browser.cookies

    def attempt(_number):
        try:
            one = Client()
            one.cookies = cookies
            response = one.post(page, {"code": guess})
            return response.status_code == 200 and "not the code we sent" in response.content.decode()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        looked_at = sum(pool.map(attempt, range(36)))
    assert looked_at <= 5


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_guesses_over_many_accounts_are_refused_once_their_network_had_its_share(self, ask, settings):
        limits = settings.RATE_LIMITS["try-code"]
        assert limits["ip"] == [(300, 600), (2000, 86400)]
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"try-code": limits | {"ip": [(30, 600)]}}
        answers = []
        for number in range(8):
            person, browser = UserFactory(email=f"n{number}@example.ca", with_profile=True), Client()
            page = ask(browser, person.email)
            answers += [browser.post(page, {"code": wrong()}).status_code for _ in range(5)]
        assert answers[30:] == [429] * 10
        assert set(answers[:30]) == {200, 302}

    def test_a_stranger_who_types_my_address_does_not_lock_me_out(self, ask):
        me = UserFactory(with_profile=True)
        for _ in range(12):
            stranger = Client(REMOTE_ADDR="198.51.100.7")
            stranger.post("/en/account/sign-in/", {"email": me.email})
            for _guess in range(5):
                stranger.post("/en/account/sign-in/code/", {"code": "000000"})
        mine = Client(REMOTE_ADDR="192.0.2.1")
        mine.post(ask(mine, me.email), {"code": code()})
        assert is_signed_in(mine)

    def test_nor_does_a_colleague_on_my_own_network_nor_many_strangers(self, ask):
        me, mine = UserFactory(with_profile=True), Client(REMOTE_ADDR="192.0.2.1")
        mine.post(ask(mine, me.email), {"code": code()})
        mine.post("/en/account/sign-out/")
        assert not is_signed_in(mine)
        for ip in ["192.0.2.1", *(f"198.51.100.{n}" for n in range(1, 8))]:
            for _ in range(7):
                stranger = Client(REMOTE_ADDR=ip)
                stranger.post("/en/account/sign-in/", {"email": me.email})
                stranger.post("/en/account/sign-in/code/", {"code": "000000"})
        mine.post(ask(mine, me.email), {"code": code()})
        assert is_signed_in(mine)

    def test_a_new_code_is_limited_too(self, settings):
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

    def test_who_has_no_account_meets_the_same_limits(self):
        pages = []
        for email in (UserFactory(with_profile=True).email, "nobody@example.ca"):
            browser = Client()
            page = browser.post("/en/account/sign-in/", {"email": email}).url
            answers = [browser.post(page, {"code": "000000"}) for _ in range(5)]
            pages.append([(one.status_code, one.headers.get("Location")) for one in answers])
        assert pages[0] == pages[1]

    @pytest.mark.parametrize("guess", ["000000", "-", "  ", "\u0660\u0661\u0662\u0663\u0664\u0665"])
    def test_an_address_without_an_account_has_no_right_code(self, guess):
        browser = Client()
        page = browser.post("/en/account/sign-in/", {"email": "nobody@example.ca"}).url
        browser.post(page, {"action": "resend"})
        assert browser.post(page, {"code": guess}).status_code == 200
        state = browser.session["account_login"]["state"]["stages"]["login_by_code"]["data"]
        if state.get("code"):  # allauth makes one for it, and sends it to nobody
            assert browser.post(page, {"code": state["code"]}).status_code == 200
        assert not is_signed_in(browser)

    def test_the_sign_in_page_says_why_one_is_back(self):
        person, browser = UserFactory(with_profile=True), Client()
        page = browser.post("/en/account/sign-in/", {"email": person.email}).url
        for _ in range(5):
            response = browser.post(page, {"code": wrong()})
        assert "This code has expired. Ask for a new one." in browser.get(response.url).content.decode()

    def test_a_code_for_an_account_that_is_gone_leads_back_and_not_to_an_error(self, ask):
        browser = Client()
        person = UserFactory(with_profile=True)
        page = ask(browser, person.email)
        sent = code()
        person.delete()
        response = browser.post(page, {"code": sent})
        assert response.status_code == 302
        assert "code" not in response.url
        assert browser.get(response.url).status_code == 200

    def test_a_code_for_an_old_address_is_of_no_use(self, ask, now):
        browser = Client()
        person = UserFactory(with_profile=True)
        page, sent = ask(browser, person.email), code()
        change_email(person, "new@example.ca", now=now)
        assert browser.post(page, {"code": sent}).status_code == 302
        assert not is_signed_in(browser)


@pytest.mark.django_db
def test_an_unproven_account_is_not_forgotten_in_the_middle_of_a_second_attempt(client, open_series, clock):
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
def test_nor_while_its_owner_signs_in(client, open_series, clock):
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
def test_the_limits_hold_while_a_code_is_asked_for_in_french():
    page = Client().post("/fr/compte/connexion/", {"email": "x" * 260 + "@example.ca"})
    assert page.status_code == 200
    assert re.search("Cette adresse courriel est trop longue", page.content.decode())
