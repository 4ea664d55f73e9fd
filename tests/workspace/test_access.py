"""Who gets what from every URL of the workspace: seven kinds of people, GET and POST.

The URLs come from the URL configuration. One without a row in TABLE fails, so a new page needs one line here.
"""

from dataclasses import dataclass
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import reverse

from hubs.models import Role, TeamInvitation
from registrations.models import HubMessage
from registrations.services import register
from tests.factories import HubFactory, MembershipFactory, SessionFactory, UserFactory
from tests.workspace.urls import HUB_URLS, URLS, address, key_of

pytestmark = pytest.mark.django_db

VIEWERS = frozenset(Role)
EDITORS = frozenset({Role.COORDINATOR, Role.EDITOR})
COORDINATORS = frozenset({Role.COORDINATOR})
# What a request may answer: a page, another page to go to, or the page again with what is wrong.
PAGE, DONE, NOT_ALLOWED = {200}, {200, 302, 303, 400, 409}, {405}


@dataclass(frozen=True)
class Row:
    """Who may open the page, and what they get. Everyone else gets a 404, and signed-out people are asked to sign in."""

    roles: frozenset[Role]
    get: set[int]
    post: set[int]


def reads(roles):
    """A page that only shows something."""
    return Row(roles, PAGE, NOT_ALLOWED)


def form(roles):
    """A page with a form, or one that asks before it acts. It may lead elsewhere if there is nothing to do."""
    return Row(roles, PAGE | {302}, DONE)


def acts(roles):
    """A button: only POST."""
    return Row(roles, NOT_ALLOWED, DONE)


TABLE = {
    "home": reads(VIEWERS),
    "history": reads(COORDINATORS),
    # the hub's page and its embedded list
    "hub_page": form(COORDINATORS),
    "hub_logo": form(COORDINATORS),
    "hub_logo_remove": form(COORDINATORS),
    "embed": reads(VIEWERS),
    # the team
    "team": reads(VIEWERS),
    "team_invite": form(COORDINATORS),
    "team_leave": form(VIEWERS),
    "team_resend": acts(COORDINATORS),
    "team_revoke": acts(COORDINATORS),
    "team_role": form(COORDINATORS),
    "team_remove": form(COORDINATORS),
    # listings
    "listings": reads(VIEWERS),
    "listing": reads(VIEWERS),
    "listing_preview": reads(VIEWERS),
    "listing_new": form(EDITORS),
    "listing_edit": form(EDITORS),
    "listing_submit": form(EDITORS),
    "listing_publish": form(EDITORS),
    "listing_withdraw": acts(EDITORS),
    "listing_comment": acts(EDITORS),
    "listing_take_back": acts(EDITORS),
    "listing_duplicate": form(EDITORS),
    "listing_cancel": form(EDITORS),
    "listing_session": form(EDITORS),
    "listing_archive": form(EDITORS),
    "listing_delete": form(EDITORS),
    # the people of a series, and messages to them
    "registrants": reads(VIEWERS),
    "registrants_export": reads(VIEWERS),
    "registrants_print": reads(VIEWERS),
    "registrants_attendance": reads(VIEWERS),
    "registrants_add": form(EDITORS),
    "registrant": reads(VIEWERS),
    "registrant_promote": form(EDITORS),
    "registrant_move": form(EDITORS),
    "registrant_cancel": form(EDITORS),
    "messages": reads(VIEWERS),
    "message_new": form(EDITORS),
    "message": reads(VIEWERS),
}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def objects_of(hub, now):
    """Create one of everything that a URL can name, and return their keys by (URL name or None, converter)."""
    session = SessionFactory(now=now, hub=hub, capacity=1)
    series = session.series
    register(series, UserFactory(with_profile=True), now=now)
    waitlisted = register(series, UserFactory(with_profile=True), now=now)
    message = HubMessage.objects.create(
        series=series, recipients="everyone", subject_en="Hello", body_en="Hello", sent_at=now, sent_to=1, token=uuid4()
    )
    invitation = TeamInvitation.objects.create(
        hub=hub, email=f"{hub.slug}@example.ca", role="viewer", created_at=now, sent_at=now, expires_at=now
    )
    return {
        "series": series.pk,
        "session": session.pk,
        "registration": waitlisted.pk,
        "message": message.pk,
        "membership": MembershipFactory(hub=hub, role=Role.VIEWER).pk,
        "invitation": invitation.pk,
    }


@pytest.fixture
def hub():
    return HubFactory(slug="northern")


@pytest.fixture
def people(hub):
    """Everyone who might come, with their role in the hub."""
    return {
        "anonymous": (None, None),
        "provider": (UserFactory(with_profile=True), None),
        "viewer": (MembershipFactory(hub=hub, role=Role.VIEWER).user, Role.VIEWER),
        "editor": (MembershipFactory(hub=hub, role=Role.EDITOR).user, Role.EDITOR),
        "coordinator": (MembershipFactory(hub=hub).user, Role.COORDINATOR),
        "coordinator of another hub": (MembershipFactory().user, None),
        "staff": (UserFactory(is_staff=True, is_superuser=True), None),
    }


def answer(method, url, person):
    """Return the response, and undo what the request has changed."""
    client = Client()
    if person:
        client.force_login(person)
    with transaction.atomic():
        response = getattr(client, method)(url)
        if response.streaming:
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    return response


def test_every_url_has_a_row():
    assert not set(HUB_URLS) - set(TABLE), "Add a row to TABLE for each of these URLs."


def test_every_view_has_a_decorator_for_the_roles_of_its_row():
    assert [name for name in HUB_URLS if set(URLS[name][0].roles) != TABLE[name].roles] == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_each_person_gets_what_the_table_says(method, hub, people, now):
    objects, wrong = objects_of(hub, now), []
    for name in HUB_URLS:
        url = address(name, hub, objects)
        for who, (person, role) in people.items():
            response = answer(method, url, person)
            if not is_as_the_table_says(name, method, who, role, response):
                wrong.append(f"{method} {name} as {who}: {response.status_code}")
    assert wrong == []


def is_as_the_table_says(name, method, who, role, response):
    row = TABLE[name]
    expected = getattr(row, method)
    if role in row.roles:
        return response.status_code in expected
    if expected == NOT_ALLOWED:  # the method is refused before anyone is asked who they are
        return response.status_code in (302, 404, 405)
    if who == "anonymous":
        return response.status_code == 302 and response.url.startswith(f"{resolve_url(settings.LOGIN_URL)}?next=")
    return response.status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_belongs_to_another_hub_is_a_404(method, hub, people, now):
    """Also for someone who coordinates both hubs: each page is about one hub."""
    other = HubFactory(slug="southern")
    own, theirs = objects_of(hub, now), objects_of(other, now)
    coordinator = people["coordinator"][0]
    MembershipFactory(hub=other, user=coordinator)
    wrong = []
    for name in HUB_URLS:
        refused = (404, 405) if getattr(TABLE[name], method) == NOT_ALLOWED else (404,)
        for converter in set(URLS[name][1]) - {"slug"}:
            key = key_of(name, converter)
            response = answer(method, address(name, hub, own | {key: theirs[key]}), coordinator)
            if response.status_code not in refused:
                wrong.append(f"{method} {name} with their {key}: {response.status_code}")
    assert wrong == []


def test_a_hub_that_does_not_exist_is_a_404_like_one_that_is_not_yours(people, now):
    nowhere, objects, wrong = HubFactory.build(slug="nowhere"), objects_of(HubFactory(), now), []
    for name in HUB_URLS:
        method = "post" if TABLE[name].get == NOT_ALLOWED else "get"
        response = answer(method, address(name, nowhere, objects), people["coordinator"][0])
        if response.status_code != 404:
            wrong.append(f"{name}: {response.status_code}")
    assert wrong == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_choice_between_hubs_leads_only_to_ones_own(method, hub, people):
    url = reverse("workspace:choose")
    for who, (person, _role) in people.items():
        response = answer(method, url, person)
        if who == "anonymous":
            assert response.url.startswith(resolve_url(settings.LOGIN_URL))
        elif method == "post":
            assert response.status_code == 405
        elif who in ("provider", "staff"):
            assert response.status_code == 404
        else:
            own = person.memberships.get().hub
            assert response.url == reverse("workspace:home", args=[own.slug])
