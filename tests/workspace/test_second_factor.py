"""Who must set up a second factor before they can open the workspace of a hub, in production."""

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission

from hubs.models import Role
from tests.echo_portal.test_account import set_up_app
from tests.factories import HubFactory, MembershipFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
REQUIRED = "/en/account/security/?required=1"


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def _in_production(settings):
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def sign_in(client):
    def make(role, *, is_trusted=False):
        user = UserFactory()
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        hub = HubFactory(slug="north", is_trusted=is_trusted)
        client.force_login(user)
        return MembershipFactory(hub=hub, user=user, role=role)

    return make


@pytest.mark.parametrize(("role", "is_trusted"), [(Role.COORDINATOR, False), (Role.EDITOR, True)])
def test_coordinators_and_those_who_may_publish_are_led_through_setting_it_up(client, sign_in, role, is_trusted):
    sign_in(role, is_trusted=is_trusted)
    assert client.get("/en/workspace/north/team/?page=2").url == REQUIRED
    assert client.post("/en/workspace/north/team/leave/").url == REQUIRED
    page = client.get(REQUIRED).content.decode()
    assert "Before you continue" in page
    assert "Continue to the page you wanted" not in page
    set_up_app(client)
    assert 'href="/en/workspace/north/team/?page=2"' in client.get(REQUIRED).content.decode()
    assert client.get("/en/workspace/north/team/").status_code == 200
    assert "Continue to the page you wanted" not in client.get("/en/account/security/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_recovery_codes_follow_without_a_second_code(client, sign_in):
    sign_in(Role.COORDINATOR)
    client.get("/en/workspace/north/team/")
    set_up_app(client)
    page = client.get("/en/account/security/recovery-codes/").content.decode()
    assert "You have 10 of 10 codes left." in page
    assert 'href="/en/workspace/north/team/"' in page


@pytest.mark.parametrize(("role", "is_trusted"), [(Role.VIEWER, False), (Role.VIEWER, True), (Role.EDITOR, False)])
def test_others_need_none(client, sign_in, role, is_trusted):
    sign_in(role, is_trusted=is_trusted)
    assert client.get("/en/workspace/north/").status_code == 200


def test_it_depends_on_the_hub(client, sign_in):
    member = sign_in(Role.VIEWER)
    MembershipFactory(user=member.user, hub=HubFactory(slug="south"))
    assert client.get("/en/workspace/north/").status_code == 200
    assert client.get("/en/workspace/south/").url == REQUIRED
    assert client.get("/en/workspace/").status_code == 200


def test_a_hub_that_someone_does_not_belong_to_is_not_found(client, sign_in):
    sign_in(Role.COORDINATOR)
    HubFactory(slug="south")
    assert client.get("/en/workspace/south/").status_code == 404


def test_outside_production_nobody_needs_one(client, sign_in, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    sign_in(Role.COORDINATOR)
    assert client.get("/en/workspace/north/").status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, None])
def test_staff_need_it_in_every_workspace_and_for_previews(client, sign_in, now, role):
    member = sign_in(Role.VIEWER)
    preview = f"/en/sessions/{SessionFactory(now=now, hub=member.hub, publication='draft').series.slug}/preview/"
    assert client.get(preview).status_code == 404
    member.user.is_staff = True
    member.user.save()
    if role is None:
        member.delete()
    assert client.get(preview).status_code == 404  # not every member of staff may see it
    member.user.user_permissions.add(Permission.objects.get(codename="view_series"))
    for address in ("/en/workspace/", "/en/workspace/north/", "/fr/espace/north/", preview):
        assert client.get(address).url.endswith("?required=1")
    assert client.post("/en/workspace/north/team/leave/").url == REQUIRED
    set_up_app(client)
    assert client.get(preview).status_code == 200
    assert client.get("/en/workspace/north/").status_code == (404 if role is None else 200)
