"""A series for certain professions is for nobody else, whichever way they come to a seat."""

import re

import pytest
import time_machine
from django.urls import reverse

from accounts.models import ProviderProfile, User
from outbox.models import Message
from registrations.models import Registration
from registrations.services import NotForThisAudienceError, confirm_invitation, invite, register
from registrations.services.colleagues import Colleague
from registrations.tokens import make_registration_token
from sessions_app.models import Series
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def series(now):
    return SessionFactory(now=now, capacity=9, audience=["registered-nurse"], audience_required=True).series


@pytest.fixture
def nurse(series, now):
    nurse = UserFactory(with_profile=True)
    register(series, nurse, now=now)
    return nurse


def invited(series, nurse, email, now):
    return invite(series, [Colleague("Anna Roy", email)], by=nurse, language="en", now=now)[0].registration


def link(registration):
    return f"/en/registration/place/{make_registration_token(registration.pk)}/"


def text(response):
    return response.content.decode().replace("\u00a0", " ")


@pytest.fixture
def physician():
    physician = UserFactory(with_profile=True)
    ProviderProfile.objects.filter(user=physician).update(profession="physician")
    return physician


@pytest.fixture
def held(series, nurse, physician, now):
    return invited(series, nurse, physician.email, now)


def test_confirming_and_registering_refuse_another_profession_and_keep_the_seat_held(held, physician, series, now):
    for act in (lambda: confirm_invitation(held, now=now), lambda: register(series, physician, now=now)):
        with pytest.raises(NotForThisAudienceError):
            act()
        held.refresh_from_db()
        assert held.is_held


def test_an_audience_that_is_required_meanwhile_counts_too(physician, now):
    series = SessionFactory(now=now, audience=["registered-nurse"]).series
    host = UserFactory()
    register(series, host, now=now)
    held = invited(series, host, physician.email, now)
    Series.objects.update(audience_required=True)
    with pytest.raises(NotForThisAudienceError):
        confirm_invitation(held, now=now)


def test_the_link_in_the_email_says_so_and_offers_to_decline(client, held, now):
    page = text(client.get(link(held)))
    assert "so you cannot confirm this seat" in page
    assert 'value="confirm"' not in page
    page = text(client.post(link(held), {"action": "confirm"}, follow=True))
    assert "so you cannot confirm this seat" in page
    held.refresh_from_db()
    assert held.is_held
    client.post(link(held), {"action": "give-up"})
    held.refresh_from_db()
    assert held.state == "cancelled"


def test_ones_own_second_address_does_not_get_round_it(client, series, nurse, physician, now):
    """What was seen: invite an address of one's own, then confirm."""
    held = invited(series, nurse, "other@example.ca", now)
    response = client.post(link(held), {"action": "confirm"})
    assert response.status_code == 400
    assert Registration.objects.get(pk=held.pk).is_held


class TestSomeoneWithoutAProfile:
    @pytest.fixture
    def held(self, series, nurse, now):
        return invited(series, nurse, "anna@example.ca", now)

    def test_is_asked_for_it_and_has_a_profile_then(self, client, held, now):
        page = text(client.get(link(held)))
        assert "Your profession" in page
        assert "Your province or territory" in page
        answer = {"action": "confirm", "profession": "registered-nurse", "province": "AB"}
        page = text(client.post(link(held), answer, follow=True))
        assert "You are registered" in page
        anna = User.objects.get(email="anna@example.ca")
        assert (anna.name, anna.profile.profession, anna.profile.province) == ("Anna Roy", "registered-nurse", "AB")
        assert anna.time_zone == "America/Edmonton"
        client.post(link(held), answer)
        assert Message.objects.filter(message_type="registered", to=anna.email).count() == 1

    @pytest.mark.parametrize(
        ("answer", "sentence"),
        [
            ({}, "Choose your profession"),
            ({"profession": "registered-nurse"}, "Choose your province or territory."),
            ({"profession": "physician", "province": "AB"}, "This series is only for: Registered nurse"),
        ],
    )
    def test_what_is_wrong_is_said_and_the_seat_stays_held(self, client, held, answer, sentence):
        response = client.post(link(held), answer | {"action": "confirm"})
        assert response.status_code == 400
        assert text(response).count(sentence) == 2
        assert "<title>Error:" in re.sub(r">\s+", ">", text(response))
        for value in answer.values():
            assert f'value="{value}" selected' in text(response)
        held.refresh_from_db()
        assert held.is_held
        assert not ProviderProfile.objects.filter(user=held.user).exists()

    def test_can_decline_without_saying_it(self, client, held):
        client.post(link(held), {"action": "give-up"})
        held.refresh_from_db()
        assert held.state == "cancelled"

    def test_is_not_asked_where_everyone_is_welcome(self, client, held):
        Series.objects.update(audience_required=False)
        assert "Your profession" not in text(client.get(link(held)))
        client.post(link(held), {"action": "confirm"})
        held.refresh_from_db()
        assert not held.is_held


def test_the_form_for_colleagues_refuses_ones_own_address(client, series, nurse, now):
    client.force_login(nurse)
    address = reverse("registrations:colleagues", args=[series.slug])
    data = {"colleague-TOTAL_FORMS": "1", "colleague-INITIAL_FORMS": "0", "colleague-0-name": "Me"}
    response = client.post(address, data | {"colleague-0-email": nurse.email.upper()})
    assert response.status_code == 400
    assert text(response).count("This is your own address. Enter a colleague’s.") == 2
    assert 'value="Me"' in text(response)


def test_without_a_seat_of_ones_own_the_page_says_to_register_first(client, series, physician, now):
    client.force_login(physician)
    address = reverse("registrations:colleagues", args=[series.slug])
    assert "Register for this series first" in text(client.get(address))
    data = {"colleague-TOTAL_FORMS": "1", "colleague-INITIAL_FORMS": "0", "colleague-0-name": "Bo"}
    response = client.post(address, data | {"colleague-0-email": "bo@example.ca"})
    assert response.status_code == 400
    assert "Register for this series yourself first." in text(response)
    assert 'value="bo@example.ca"' in text(response)
    panel = text(client.get(reverse("registrations:panel", args=[series.slug])))
    assert "Register colleagues" not in panel
