"""The page behind the link in an invitation, with and without an account."""

import pytest
import time_machine
from allauth.account.models import EmailAddress

from accounts.models import User
from hubs.models import Membership, Role
from hubs.services import team
from outbox.models import Message
from tests.factories import HubFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def invitation(now):
    coordinator = MembershipFactory(hub=HubFactory(slug="north", name_en="Northern hub"), user__name="Zoé Roy")
    return team.invite(coordinator.hub, "anna@example.ca", Role.EDITOR, "fr", by=coordinator.user, now=now)


@pytest.fixture
def page(invitation):
    return f"/en/hubs/invitation/{invitation.secret}/"


def text(response):
    return " ".join(response.content.decode().split())


def sent_code():
    return Message.objects.filter(message_type="code").latest("pk").data["code"]


def test_someone_without_an_account_accepts_in_three_steps(client, page):
    first = client.get(page)
    assert "Zoé Roy invites you to join the team of this hub." in text(first)
    assert not User.objects.filter(email="anna@example.ca").exists()  # no GET changes anything
    response = client.post(page)
    assert response.url == f"/en/account/sign-in/code/?next={page.replace('/', '%2F')}"
    response = client.post(response.url, {"code": sent_code()})
    assert response.url == page
    assert "Enter your name" in text(client.post(page, {"name": ""}))
    welcome = client.post(page, {"name": "Anna Roy"}, follow=True)
    assert "Welcome to the team." in text(welcome)
    member = Membership.objects.get(user__email="anna@example.ca")
    assert (member.role, member.user.name, member.user.language) == (Role.EDITOR, "Anna Roy", "fr")
    assert EmailAddress.objects.get(user=member.user).verified


def test_the_code_page_shows_the_address_only_to_the_person_who_pressed_the_button(client, page):
    code_page = client.post(page).url
    assert "We sent a 6-digit code to anna@example.ca." in text(client.get(code_page))
    for response in (client.get(code_page), client.post(code_page, {"code": "000000"})):
        assert "We sent a 6-digit code to the address of your invitation." in text(response)
        assert "anna@example.ca" not in text(response)
    client.post("/en/account/sign-in/", {"email": "other@example.ca"})
    assert "If this address has an account" in text(client.get("/en/account/sign-in/code/"))


def test_someone_with_an_account_accepts_with_one_button(client, page):
    person = UserFactory(email="anna@example.ca", name="Anna Roy")
    client.force_login(person)
    assert "Your name" not in text(client.get(page))
    assert not Membership.objects.filter(user=person).exists()
    assert client.post(page).url == "/en/workspace/north/"
    assert client.get(page).url == client.post(page).url == "/en/workspace/north/"  # a second click
    assert Membership.objects.filter(user=person).count() == 1


def test_someone_signed_in_with_another_address_is_told_how_to_accept(client, page):
    other = UserFactory(email="other@example.ca")
    client.force_login(other)
    for response in (client.get(page), client.post(page)):
        assert "but you’re signed in as <b>other@example.ca</b>" in text(response)
    assert not Membership.objects.filter(user=other).exists()
    assert client.post(f"/en/account/sign-out/?next={page}").url == page
    assert "Continue" in text(client.get(page))


def test_a_link_that_is_over_says_what_to_do(client, invitation, page, clock, now):
    assert "Open the newest invitation" in text(client.get("/en/hubs/invitation/nothing/"))
    assert client.get("/en/hubs/invitation/nothing/").status_code == 404
    person = UserFactory(email="anna@example.ca")
    client.force_login(person)
    clock.shift(15 * 86400)
    response = client.get(page)
    assert (response.status_code, "It has expired." in text(response)) == (410, True)
    clock.shift(-15 * 86400)
    team.revoke(invitation, now=now)
    assert "coordinator withdrew it" in text(client.post(page))
    assert not Membership.objects.filter(user=person).exists()


def test_a_used_link_tells_others_nothing(client, invitation, page, now):
    team.accept_invitation(invitation.secret, UserFactory(email="anna@example.ca"), now=now)
    answer = text(client.get(page))
    assert "An invitation works once." in answer
    assert "anna@example.ca" not in answer
    assert "Northern hub" not in answer


def test_the_page_is_kept_out_of_search_engines_and_caches(client, page):
    response = client.get(page)
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]
    # "no-referrer" would make browsers send "Origin: null", which the CSRF check refuses
    assert response["Referrer-Policy"] == "same-origin"


def test_the_button_sends_a_limited_number_of_codes(client, page, settings):
    limits = settings.RATE_LIMITS["send-email"] | {"pair": (1, 600)}
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"send-email": limits}
    assert client.post(page).status_code == 302
    response = client.post(page)
    assert response.status_code == 429
    assert "We can’t send an email to this address right now" in text(response)


def test_the_page_exists_in_french(client, invitation):
    answer = text(client.get(f"/fr/poles/invitation/{invitation.secret}/"))
    assert "Vous joindre à l’équipe?" in answer
    assert "Votre rôle : Édition." in answer.replace("\u00a0", " ")
