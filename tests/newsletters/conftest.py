"""Fixtures for the newsletter's pages in the admin."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from tests.factories import UserFactory


@pytest.fixture
def person_in():
    """Return a function that makes a person of the staff in a role."""
    call_command("set_up_roles", verbosity=0)

    def make(role):
        person = UserFactory(is_staff=True, name=f"{role} person")
        person.groups.add(Group.objects.get(name=role))
        return person

    return make


@pytest.fixture
def editor(client, person_in):
    """Someone who writes the newsletter, signed in."""
    person = person_in("Newsletters")
    client.force_login(person)
    return person
