"""Fixtures for tests of the workspace."""

import pytest
from django.urls import reverse

from hubs.models import Role
from tests.factories import MembershipFactory


@pytest.fixture
def editor(client):
    """An editor's membership. The editor is signed in."""
    membership = MembershipFactory(role=Role.EDITOR)
    client.force_login(membership.user)
    return membership


@pytest.fixture
def url(editor):
    """Return a function that gives the URL of a page of the editor's workspace."""

    def make(name, *args):
        return reverse(f"workspace:{name}", args=[editor.hub.slug, *args])

    return make
