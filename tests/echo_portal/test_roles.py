"""The staff groups: each has the permissions that its work needs, and no others."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from tests.factories import HubFactory, UserFactory

pytestmark = pytest.mark.django_db

PAGES = {
    "hubs/hub": {"Program"},
    "hubs/partnerinterest": {"Program"},
    "sessions_app/series": {"Program", "Registrations"},
    "registrations/registration": {"Program", "Registrations", "Support"},
    "accounts/user": {"Registrations", "Support"},
    "newsletters/consentevent": {"Newsletters"},
    "outbox/message": {"Registrations", "Support"},
    "outbox/suppression": {"Support"},
    "mfa/authenticator": {"Support"},
    "newsletters/issue": {"Newsletters"},
    "newsletters/publication": {"Newsletters"},
    "newsletters/subscriber": {"Newsletters", "Support"},
    "auth/group": set(),
}
ADDING = {
    "hubs/hub": "Program",
    "sessions_app/series": "Program",
    "registrations/registration": "Registrations",
    "newsletters/issue": "Newsletters",
    "newsletters/publication": "Newsletters",
}


@pytest.fixture(params=["Program", "Registrations", "Newsletters", "Support"])
def role(request, client):
    call_command("set_up_roles", verbosity=0)
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name=request.param))
    client.force_login(person)
    return request.param


def test_each_role_can_open_its_pages_and_no_others(client, role):
    opened = {page for page in PAGES if client.get(f"/en/admin/{page}/").status_code == 200}
    assert opened == {page for page, roles in PAGES.items() if role in roles}


def test_each_role_can_add_only_its_own_objects(client, role):
    added = {page for page in ADDING if client.get(f"/en/admin/{page}/add/").status_code == 200}
    assert added == {page for page, name in ADDING.items() if name == role}


def test_set_up_roles_restores_the_permissions_of_a_group(role):
    group = Group.objects.get(name=role)
    before = set(group.permissions.all())
    group.permissions.clear()
    call_command("set_up_roles", verbosity=0)
    assert set(group.permissions.all()) == before
    assert Group.objects.count() == 4


def test_only_who_may_add_members_invites_to_a_team(client, role):
    page = f"/en/admin/hubs/hub/{HubFactory().pk}/invite/"
    assert client.get(page).status_code == (200 if role == "Program" else 404)
    editor = UserFactory(is_staff=True)
    editor.user_permissions.add(*Permission.objects.filter(codename__in=["view_hub", "change_hub"]))
    client.force_login(editor)
    assert client.get(page).status_code == 404
