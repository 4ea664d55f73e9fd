"""The record of consent in the admin: read-only, found by the exact address, and printed as evidence."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from newsletters.models import ConsentEvent
from newsletters.services.consent import Origin, record
from tests.factories import UserFactory
from tests.newsletters.conftest import words

pytestmark = pytest.mark.django_db
LIST = "/en/admin/newsletters/consentevent/"


@pytest.fixture
def event(subscribe):
    subscribe()
    return ConsentEvent.objects.get(action="confirmed")


@pytest.fixture
def staff(client):
    call_command("set_up_roles", verbosity=0)
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name="Newsletters"))
    client.force_login(person)
    return person


def test_staff_find_an_address_and_print_the_evidence(client, event, staff):
    page = words(client.get(LIST, {"q": "Zoe@example.ca"}))
    assert f"{LIST}{event.pk}/evidence/" in page
    evidence = words(client.get(f"{LIST}{event.pk}/evidence/"))
    for text in (
        "zoe@example.ca",
        "Filled in the form",
        "Confirmed by the link in the email",
        "☑ Yes, I want these emails",
        "2026-11, English",
        "/en/newsletter/stay-connected/",
        "/en/newsletter/confirm/…/",
        "127.0.0.1",
        "2026-11-23T15:00:30+00:00",
    ):
        assert text in evidence


def test_a_part_of_an_address_finds_nothing(client, event, staff):
    assert "zoe@example.ca" not in words(client.get(LIST, {"q": "zoe"}))


def test_nobody_can_add_change_or_delete_there(admin_client, event):
    assert admin_client.get(f"{LIST}add/").status_code == 403
    for page in ("change/", "delete/"):
        response = admin_client.post(f"{LIST}{event.pk}/{page}", {"email": "x@example.ca", "post": "yes"})
        assert response.status_code == 403
    response = admin_client.post(LIST, {"action": "delete_selected", "_selected_action": event.pk, "post": "yes"})
    assert ConsentEvent.objects.count() == 2
    assert 'name="_save"' not in words(admin_client.get(f"{LIST}{event.pk}/change/"))


def test_others_of_the_staff_do_not_see_it(client, event):
    client.force_login(UserFactory(is_staff=True))
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{event.pk}/evidence/").status_code == 404


def test_the_list_takes_few_queries(admin_client, now, django_assert_max_num_queries):
    from newsletters.models import ConsentAction

    for number in range(120):
        record(ConsentAction.CONFIRMED, f"p{number}@example.ca", now=now, origin=Origin(), topics=["newsletter"])
    with django_assert_max_num_queries(6):
        admin_client.get(LIST)
