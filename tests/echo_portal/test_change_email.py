"""Changing your own email address: a code goes to the new address, and the pages do not reveal who has an account."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import User
from outbox.models import Message
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
CHANGE, CONFIRM = "/en/account/email/", "/en/account/email/code/"


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def browser(provider):
    browser = Client()
    page = browser.post("/en/account/sign-in/", {"email": provider.email}).url
    browser.post(page, {"code": code()})
    Message.objects.all().delete()
    return browser


def code():
    return Message.objects.filter(message_type="code").latest("pk").data["code"]


def wrong_code():
    return "111111" if code() != "111111" else "222222"


def text(response):
    return response.content.decode().replace("\u00a0", " ")


def test_a_code_to_the_new_address_changes_it_and_signs_out_other_devices(browser, provider, drain, now):
    old = provider.email
    elsewhere = Client()
    page = elsewhere.post("/en/account/sign-in/", {"email": old}).url
    elsewhere.post(page, {"code": code()})
    assert f"Your email address is {old}." in text(browser.get(CHANGE))
    assert browser.post(CHANGE, {"email": "Amelie@New.ca"}).url == CONFIRM
    message = Message.objects.latest("pk")
    assert (message.message_type, message.to) == ("code", "amelie@new.ca")
    assert "Confirm your new email address" in drain(now)[-1].body
    provider.refresh_from_db()
    assert provider.email == old
    browser.post(CHANGE, {"email": "Amelie@New.ca"})
    page = text(browser.post(CONFIRM, {"code": f" {code()[:3]} {code()[3:]}"}, follow=True))
    assert "Your email address has been changed." in page
    provider.refresh_from_db()
    assert provider.email == "amelie@new.ca"
    assert EmailAddress.objects.get(user=provider).verified
    assert browser.get("/en/account/profile/").status_code == 200
    assert elsewhere.get("/en/account/profile/").status_code == 302
    assert {email.to[0] for email in drain(now)} == {old, "amelie@new.ca"}


def test_the_pages_are_in_french_too(browser):
    page = text(browser.post("/fr/compte/courriel/", {"email": "amelie@new.ca"}, follow=True))
    assert "Entrez le code reçu par courriel" in page
    assert "amelie@new.ca" in page


def test_the_pages_do_not_reveal_that_an_address_has_an_account(browser, drain, now):
    UserFactory(email="taken@example.ca", name="Somebody", with_profile=True)
    pages = []
    for email in ("taken@example.ca", "free1@example.ca"):
        requested = browser.post(CHANGE, {"email": email})
        guess = browser.post(CONFIRM, {"code": "00000x"})
        pages.append(
            (
                requested.status_code,
                requested.url,
                guess.status_code,
                re.sub(r"csrf\S+ value=\S+|\w+@example.ca", "", text(guess)),
            )
        )
    assert pages[0] == pages[1]
    sent = {email.to[0]: email for email in drain(now)}
    assert "already has an account" in sent["taken@example.ca"].subject
    assert not re.search(r"\b\d{6}\b", sent["taken@example.ca"].body)


def test_no_code_is_accepted_for_a_taken_address(browser, provider):
    UserFactory(email="taken@example.ca", with_profile=True)
    browser.post(CHANGE, {"email": "taken@example.ca"})
    for guess in ("", " ", "0", "000000"):
        assert browser.post(CONFIRM, {"code": guess}).status_code == 400
    provider.refresh_from_db()
    assert provider.email != "taken@example.ca"


def test_an_address_that_someone_took_in_the_meantime_is_refused(browser):
    browser.post(CHANGE, {"email": "new@example.ca"})
    sent = code()
    UserFactory(email="new@example.ca", with_profile=True)
    page = text(browser.post(CONFIRM, {"code": sent}, follow=True))
    assert "This address already has an account. Sign in with it instead." in page


def test_after_five_wrong_codes_the_code_is_void(browser, provider):
    browser.post(CHANGE, {"email": "new@example.ca"})
    right, guess = code(), wrong_code()
    for _ in range(4):
        assert "not the code we sent" in text(browser.post(CONFIRM, {"code": guess}))
    assert browser.post(CONFIRM, {"code": guess}).url == CHANGE
    assert "This code has expired. Ask for a new one." in text(browser.get(CHANGE))
    assert browser.post(CONFIRM, {"code": right}).url == CHANGE
    provider.refresh_from_db()
    assert provider.email != "new@example.ca"


def test_a_code_expires_after_fifteen_minutes(browser, clock):
    browser.post(CHANGE, {"email": "new@example.ca"})
    clock.shift(timedelta(minutes=15, seconds=1))
    assert browser.post(CONFIRM, {"code": code()}).url == CHANGE
    assert browser.get(CONFIRM).url == CHANGE
    assert not User.objects.filter(email="new@example.ca").exists()


def test_the_eleventh_address_is_refused(browser):
    statuses = [browser.post(CHANGE, {"email": f"n{n}@example.ca"}).status_code for n in range(11)]
    assert statuses == [302] * 10 + [400]
    assert Message.objects.filter(message_type="code").count() == 10


def test_wrong_codes_count_towards_the_limit_of_the_network(browser, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"try-code": {"ip": (2, 60)}}
    browser.post(CHANGE, {"email": "new@example.ca"})
    assert [browser.post(CONFIRM, {"code": wrong_code()}).status_code for _ in range(3)] == [400, 400, 429]


@pytest.mark.parametrize("email", ["", "amelie", "x" * 260 + "@example.ca", "a\x00b@example.ca"])
def test_an_invalid_address_is_a_form_error(browser, email):
    response = browser.post(CHANGE, {"email": email})
    assert response.status_code == 400
    assert not Message.objects.exists()


def test_entering_the_current_address_is_a_form_error(browser, provider):
    page = text(browser.post(CHANGE, {"email": provider.email.upper()}))
    assert "This is already the email address of your account." in page


def test_a_person_with_a_password_must_enter_it_first(browser, provider):
    provider.set_password("quiet-river-stone")
    provider.save()
    browser.force_login(provider)
    assert browser.get(CHANGE).url.startswith("/en/account/again/")
    assert browser.post(CHANGE, {"email": "new@example.ca"}).url.startswith("/en/account/again/")
    assert not Message.objects.filter(message_type="code").exists()


def test_the_pages_need_a_sign_in_and_are_linked_from_the_account(client, browser):
    for page in (CHANGE, CONFIRM):
        assert client.get(page).url.startswith("/en/account/sign-in/")
        assert client.post(page, {"email": "new@example.ca", "code": "1"}).url.startswith("/en/account/sign-in/")
    for page in ("/en/account/profile/", "/en/registration/mine/"):
        assert f'href="{CHANGE}"' in text(browser.get(page))


def test_email_to_a_former_address_is_in_my_data_and_deleted_with_the_account(browser, provider):
    old = provider.email
    browser.post(CHANGE, {"email": "new@example.ca"})
    browser.post(CONFIRM, {"code": code()})
    data = json.loads(browser.get("/en/account/data/download/").content)
    assert data["account"]["former_emails"] == [old]
    assert [email["message_type"] for email in data["mail"]].count("email-changed") == 2
    browser.post("/en/account/close/", {"sure": "yes"})
    assert not Message.objects.filter(to=old).exists()
    provider.refresh_from_db()
    assert provider.former_emails == []


def test_email_to_a_former_address_that_is_now_another_persons_stays_theirs(browser, provider):
    old = provider.email
    browser.post(CHANGE, {"email": "new@example.ca"})
    browser.post(CONFIRM, {"code": code()})
    Message.objects.filter(to=old).delete()
    UserFactory(email=old)
    Client().post("/en/account/sign-in/", {"email": old})
    data = browser.get("/en/account/data/download/").json()
    assert old not in [email["message_type"] for email in data["mail"]]
    browser.post("/en/account/close/", {"sure": "yes"})
    assert Message.objects.get(to=old).message_type == "code"
