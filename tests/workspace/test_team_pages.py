"""The team's pages in the workspace: who sees and changes what."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from hubs.models import Membership, Role, TeamInvitation
from hubs.services import team
from outbox.models import Message
from tests.factories import HubFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
TYPED = {"email": "anna@example.ca", "role": "editor", "language": "fr"}


@pytest.fixture
def hub(db):
    return HubFactory(slug="north", name_en="Northern hub")


@pytest.fixture
def coordinator(hub):
    return MembershipFactory(hub=hub, user=UserFactory(name="Zoé Roy"))


@pytest.fixture
def browser(client, coordinator):
    client.force_login(coordinator.user)
    return client


@pytest.fixture
def invitation(hub, coordinator):
    return team.invite(hub, "anna@example.ca", Role.EDITOR, "en", by=coordinator.user, now=timezone.now())


def address(name, *args, hub="north"):
    return reverse(f"workspace:{name}", args=[hub, *args])


def text(response):
    return " ".join(response.content.decode().split())


def test_the_page_shows_members_and_unanswered_invitations(browser, hub, invitation, django_assert_num_queries):
    for n in range(4):
        MembershipFactory(hub=hub, role=Role.VIEWER, user__name=f"Viewer {n}")
        TeamInvitation.objects.create(
            hub=hub,
            email=f"old{n}@example.ca",
            role=Role.VIEWER,
            created_at=timezone.now(),
            sent_at=timezone.now(),
            expires_at=timezone.now() - timedelta(days=1),
        )
    with django_assert_num_queries(5):
        page = text(browser.get(address("team")))
    assert "Zoé Roy" in page
    assert "Viewer 3" in page
    assert page.count("Expired") == 4
    assert page.count("valid until") == 1


def test_editors_and_viewers_see_the_members_but_no_invitations(client, hub, coordinator, invitation):
    for role in (Role.EDITOR, Role.VIEWER):
        client.force_login(MembershipFactory(hub=hub, role=role).user)
        page = text(client.get(address("team")))
        assert "Zoé Roy" in page
        assert "anna@example.ca" not in page
        assert "Change the role" not in page
        for name in ("team_invite", "team_role", "team_remove"):
            args = [coordinator.pk] if name != "team_invite" else []
            assert client.get(address(name, *args)).status_code == 404
            assert client.post(address(name, *args), TYPED).status_code == 404
        for name in ("team_resend", "team_revoke"):
            assert client.post(address(name, invitation.pk)).status_code == 404


def test_someone_is_invited(browser, hub):
    page = text(browser.post(address("team_invite"), TYPED, follow=True))
    assert "We sent the invitation to anna@example.ca." in page
    invitation = TeamInvitation.objects.get()
    assert (invitation.role, invitation.language, invitation.hub) == ("editor", "fr", hub)
    refused = browser.post(address("team_invite"), TYPED | {"role": "viewer"})
    assert refused.status_code == 400
    assert "This address already has an invitation." in text(refused)
    assert 'value="anna@example.ca"' in text(refused)


def test_a_role_that_does_not_exist_is_refused(browser):
    assert browser.post(address("team_invite"), TYPED | {"role": "owner"}).status_code == 400
    assert not TeamInvitation.objects.exists()


def test_an_address_does_not_get_many_invitations(browser, settings, invitation):
    limits = settings.RATE_LIMITS["send-email"] | {"pair": (1, 600)}
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"send-email": limits}
    browser.post(address("team_resend", invitation.pk))
    page = text(browser.post(address("team_resend", invitation.pk), follow=True))
    assert "We can’t send an email to this address right now." in page


def test_a_hub_sends_a_limited_number_a_day_and_sending_again_counts(browser, client, settings, hub, invitation):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"team-invitation": {"key": (2, 86400)}}
    assert "Only the new link works." in text(browser.post(address("team_resend", invitation.pk), follow=True))
    assert browser.post(address("team_invite"), TYPED | {"email": "b@example.ca"}).status_code == 302
    refused = "Your hub sent many invitations today. Try again tomorrow."
    assert refused in text(browser.post(address("team_resend", invitation.pk), follow=True))
    assert refused in text(browser.post(address("team_invite"), TYPED | {"email": "c@example.ca"}))
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    page = client.post(f"/en/admin/hubs/hub/{hub.pk}/invite/", TYPED | {"email": "c@example.ca"})
    assert "This hub sent many invitations today." in text(page)
    assert TeamInvitation.objects.count() == 2
    client.force_login((other := MembershipFactory(hub__slug="south")).user)
    assert client.post(address("team_invite", hub="south"), TYPED).status_code == 302
    assert TeamInvitation.objects.filter(hub=other.hub).exists()


def test_an_invitation_is_sent_again_and_withdrawn(browser, invitation):
    page = text(browser.post(address("team_resend", invitation.pk), follow=True))
    assert "Only the new link works." in page
    assert Message.objects.filter(message_type="team-invitation").count() == 2
    page = text(browser.post(address("team_revoke", invitation.pk), follow=True))
    assert "doesn’t work anymore" in page
    page = text(browser.post(address("team_resend", invitation.pk), follow=True))
    assert "already accepted or withdrawn" in page
    for name in ("team_resend", "team_revoke"):
        assert browser.get(address(name, invitation.pk)).status_code == 405


def test_a_role_is_changed(browser, hub):
    member = MembershipFactory(hub=hub, role=Role.VIEWER)
    page = text(browser.post(address("team_role", member.pk), {"role": "coordinator"}, follow=True))
    assert f"The role of {member.user} is changed." in page
    member.refresh_from_db()
    assert member.role == Role.COORDINATOR


def test_the_only_coordinator_reads_why_their_role_stays(browser, coordinator):
    response = browser.post(address("team_role", coordinator.pk), {"role": "viewer"})
    assert response.status_code == 400
    assert "A hub needs a coordinator. Make someone else a coordinator first." in text(response)
    assert "You can’t leave this team yet" in text(browser.get(address("team_leave")))
    assert browser.post(address("team_leave")).url == address("team")
    assert Membership.objects.get() == coordinator


def test_someone_is_removed_after_a_question(browser, hub, coordinator):
    member = MembershipFactory(hub=hub, role=Role.EDITOR, user__name="Anne Roy")
    assert "Remove Anne Roy from the team?" in text(browser.get(address("team_remove", member.pk)))
    assert Membership.objects.filter(pk=member.pk).exists()
    page = text(browser.post(address("team_remove", member.pk), follow=True))
    assert "Anne Roy is no longer in the team." in page
    assert browser.get(address("team_remove", coordinator.pk)).url == address("team_leave")


def test_anyone_may_leave(client, hub, coordinator):
    viewer = MembershipFactory(hub=hub, role=Role.VIEWER)
    client.force_login(viewer.user)
    assert "Leave this team?" in text(client.get(address("team_leave")))
    page = text(client.post(address("team_leave"), follow=True))
    assert "You left the team of Northern hub." in page
    assert client.get(address("team")).status_code == 404


def test_members_and_invitations_of_another_hub_are_not_found(browser, coordinator):
    elsewhere = MembershipFactory(role=Role.VIEWER)
    other = team.invite(elsewhere.hub, "x@example.ca", Role.VIEWER, "en", by=elsewhere.user, now=timezone.now())
    for name in ("team_role", "team_remove"):
        assert browser.get(address(name, elsewhere.pk)).status_code == 404
        assert browser.post(address(name, elsewhere.pk), {"role": "viewer"}).status_code == 404
    for name in ("team_resend", "team_revoke"):
        assert browser.post(address(name, other.pk)).status_code == 404
    for name in ("team", "team_invite", "team_leave"):
        assert browser.get(address(name, hub=elsewhere.hub.slug)).status_code == 404


def test_someone_in_several_hubs_chooses_one(browser, coordinator):
    assert browser.get("/en/workspace/").url == address("home")
    other = MembershipFactory(user=coordinator.user, role=Role.VIEWER, hub__name_en="Southern hub")
    page = text(browser.get("/en/workspace/"))
    assert page.index("Northern hub") < page.index("Southern hub")
    assert "Your role: Viewer." in page
    assert address("home", hub=other.hub.slug) in page
