"""A series for certain professions accepts nobody else, not even through an invitation."""

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


def test_confirming_and_registering_refuse_other_professions_and_keep_the_seat_held(held, physician, series, now):
    for action in (lambda: confirm_invitation(held, now=now), lambda: register(series, physician, now=now)):
        with pytest.raises(NotForThisAudienceError):
            action()
        held.refresh_from_db()
        assert held.is_held


def test_an_audience_that_becomes_required_later_applies(physician, now):
    series = SessionFactory(now=now, audience=["registered-nurse"]).series
    host = UserFactory()
    register(series, host, now=now)
    held = invited(series, host, physician.email, now)
    Series.objects.update(audience_required=True)
    with pytest.raises(NotForThisAudienceError):
        confirm_invitation(held, now=now)


def test_the_page_behind_the_link_explains_it_and_offers_to_decline(client, held, now):
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


def test_inviting_your_own_second_address_does_not_bypass_it(client, series, nurse, physician, now):
    """A person invites a second address of their own, then confirms."""
    held = invited(series, nurse, "other@example.ca", now)
    response = client.post(link(held), {"action": "confirm"})
    assert response.status_code == 400
    assert Registration.objects.get(pk=held.pk).is_held


class TestPersonWithoutProfile:
    @pytest.fixture
    def held(self, series, nurse, now):
        return invited(series, nurse, "anna@example.ca", now)

    def test_confirming_asks_for_the_profession_and_creates_a_profile(self, client, held, now):
        page = text(client.get(link(held)))
        assert "Your profession" in page
        assert "Your province or territory" in page
        details = {"action": "confirm", "profession": "registered-nurse", "province": "AB"}
        page = text(client.post(link(held), details, follow=True))
        assert "You are registered" in page
        anna = User.objects.get(email="anna@example.ca")
        assert (anna.name, anna.profile.profession, anna.profile.province) == ("Anna Roy", "registered-nurse", "AB")
        assert anna.time_zone == "America/Edmonton"
        client.post(link(held), details)
        assert Message.objects.filter(message_type="registered", to=anna.email).count() == 1

    @pytest.mark.parametrize(
        ("details", "error"),
        [
            ({}, "Choose your profession"),
            ({"profession": "registered-nurse"}, "Choose your province or territory."),
            ({"profession": "physician", "province": "AB"}, "This series is only for: Registered nurse"),
        ],
    )
    def test_an_invalid_answer_is_an_error_and_the_seat_stays_held(self, client, held, details, error):
        response = client.post(link(held), details | {"action": "confirm"})
        assert response.status_code == 400
        assert text(response).count(error) == 2
        assert "<title>Error:" in re.sub(r">\s+", ">", text(response))
        for value in details.values():
            assert f'value="{value}" selected' in text(response)
        held.refresh_from_db()
        assert held.is_held
        assert not ProviderProfile.objects.filter(user=held.user).exists()

    def test_declining_does_not_need_the_profession(self, client, held):
        client.post(link(held), {"action": "give-up"})
        held.refresh_from_db()
        assert held.state == "cancelled"

    def test_an_open_series_does_not_ask_for_the_profession(self, client, held):
        Series.objects.update(audience_required=False)
        assert "Your profession" not in text(client.get(link(held)))
        client.post(link(held), {"action": "confirm"})
        held.refresh_from_db()
        assert not held.is_held


def test_the_form_for_colleagues_refuses_your_own_address(client, series, nurse, now):
    client.force_login(nurse)
    address = reverse("registrations:colleagues", args=[series.slug])
    data = {"colleague-TOTAL_FORMS": "1", "colleague-INITIAL_FORMS": "0", "colleague-0-name": "Me"}
    response = client.post(address, data | {"colleague-0-email": nurse.email.upper()})
    assert response.status_code == 400
    assert text(response).count("This is your own address. Enter a colleague’s.") == 2
    assert 'value="Me"' in text(response)


def test_without_a_seat_the_page_says_to_register_first(client, series, physician, now):
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
