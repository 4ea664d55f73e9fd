"""The team of a hub: invitations, roles, leaving, and the rule that a hub keeps a coordinator."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from hubs.models import Membership, Role, TeamInvitation
from hubs.services import team
from hubs.tasks import prune
from outbox.models import Message
from outbox.redaction import without_secret_links
from tests.factories import HubFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


@pytest.fixture
def hub(db):
    return HubFactory(name_en="Northern hub", name_fr="Pôle du Nord", contact_email="north@example.ca")


@pytest.fixture
def coordinator(hub):
    return MembershipFactory(hub=hub, user=UserFactory(name="Zoé Roy"))


@pytest.fixture
def invite(hub, coordinator, now):
    """Return a function that invites someone to the hub's team."""

    def make(email="anna@example.ca", role=Role.EDITOR, language="en", *, at=now):
        return team.invite(hub, email, role, language, by=coordinator.user, now=at)

    return make


class TestInviting:
    def test_the_email_names_the_hub_the_inviter_the_role_and_the_last_day(self, invite, drain, now):
        invitation = invite(language="fr")
        (letter,) = drain(now)
        assert letter.to == ["anna@example.ca"]
        assert letter.reply_to == ["north@example.ca"]
        for words in ("Pôle du Nord", "Zoé Roy", "Édition", "lundi 7 décembre 2026"):
            assert words in letter.body.replace("\u00a0", " ")
        assert f"/fr/poles/invitation/{invitation.secret}/" in letter.body

    def test_staff_cannot_read_the_link_in_the_copy_of_the_email(self, invite, drain, now):
        invitation = invite()
        (letter,) = drain(now)
        assert invitation.secret in letter.body
        assert invitation.secret not in without_secret_links(letter.body)

    def test_a_member_is_not_invited_again(self, invite, coordinator):
        with pytest.raises(team.AlreadyMemberError):
            invite(coordinator.user.email.upper())

    def test_an_address_has_one_pending_invitation_in_a_hub(self, invite, coordinator, now):
        first = invite("Anna@Example.ca")
        with pytest.raises(team.AlreadyInvitedError):
            invite(role=Role.VIEWER)
        assert invite(at=now + timedelta(seconds=59)) == first  # a double click
        with pytest.raises(team.AlreadyInvitedError):
            invite(at=now + timedelta(seconds=60))
        assert team.invite(HubFactory(), "anna@example.ca", Role.VIEWER, "en", by=coordinator.user, now=now)


class TestSendingAgainAndRevoking:
    def test_sending_again_makes_a_new_link_and_starts_the_14_days_again(self, invite, drain, now):
        invitation = invite()
        later = now + 20 * A_DAY
        again = team.resend(invitation, by=invitation.invited_by, now=later)
        assert again.secret != invitation.secret
        assert again.expires_at == later + timedelta(days=14)
        person = UserFactory(email="anna@example.ca")
        with pytest.raises(team.InvitationOverError):
            team.accept_invitation(invitation.secret, person, now=later)
        assert team.accept_invitation(again.secret, person, now=later).role == Role.EDITOR

    def test_only_the_newest_email_is_sent(self, invite, drain, now):
        invitation = invite()
        team.resend(invitation, by=invitation.invited_by, now=now + timedelta(seconds=5))
        assert len(drain(now + timedelta(minutes=1))) == 1

    def test_a_revoked_invitation_does_not_work_and_its_email_is_not_sent(self, invite, drain, now):
        invitation = invite()
        team.revoke(invitation, now=now)
        assert drain(now) == []
        with pytest.raises(team.InvitationOverError):
            team.accept_invitation(invitation.secret, UserFactory(email="anna@example.ca"), now=now)
        with pytest.raises(team.InvitationOverError):
            team.resend(invitation, by=invitation.invited_by, now=now)
        assert invite()

    def test_an_accepted_invitation_cannot_be_revoked(self, invite, now):
        invitation = invite()
        team.accept_invitation(invitation.secret, UserFactory(email="anna@example.ca"), now=now)
        with pytest.raises(team.InvitationOverError):
            team.revoke(invitation, now=now)

    def test_revoking_twice_changes_nothing(self, invite, now):
        invitation = invite()
        for later in (now, now + A_DAY):
            team.revoke(invitation, now=later)
        invitation.refresh_from_db()
        assert invitation.revoked_at == now

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("first", ["accept", "revoke"])
    def test_of_accepting_and_revoking_at_once_only_one_works(self, invite, now, first):
        """The second waits until the first is done, although it began before."""
        invitation, person = invite(), UserFactory(email="anna@example.ca")
        acts = {
            "accept": lambda: team.accept_invitation(invitation.secret, person, now=now),
            "revoke": lambda: team.revoke(invitation, now=now),
        }
        second, refused = acts["revoke" if first == "accept" else "accept"], []

        def act():
            try:
                second()
            except team.InvitationOverError:
                refused.append(second)
            connection.close()

        waiting = Thread(target=act)
        with transaction.atomic():
            acts[first]()
            waiting.start()
            waiting.join(0.3)
            assert waiting.is_alive()
        waiting.join()
        assert refused == [second]
        invitation.refresh_from_db()
        assert (invitation.accepted_at is None) == (first == "revoke")
        assert (invitation.revoked_at is None) == (first == "accept")


class TestAccepting:
    def test_the_person_joins_and_the_coordinators_are_told(self, invite, coordinator, drain, now):
        invitation, person = invite(), UserFactory(email="anna@example.ca", name="Anna Roy")
        drain(now)
        member = team.accept_invitation(invitation.secret, person, now=now)
        assert (member.hub, member.user, member.role) == (coordinator.hub, person, Role.EDITOR)
        (letter,) = drain(now)
        assert letter.to == [coordinator.user.email]
        assert letter.subject == "Anna Roy joined the team of Northern hub"

    def test_an_invitation_works_once_and_a_second_click_changes_nothing(self, invite, now):
        invitation, person = invite(), UserFactory(email="anna@example.ca")
        first = team.accept_invitation(invitation.secret, person, now=now)
        assert team.accept_invitation(invitation.secret, person, now=now) == first
        first.delete()
        with pytest.raises(team.InvitationOverError):
            team.accept_invitation(invitation.secret, person, now=now)

    def test_it_expires_after_14_days(self, invite, now):
        invitation, person = invite(), UserFactory(email="anna@example.ca")
        with pytest.raises(team.InvitationOverError):
            team.accept_invitation(invitation.secret, person, now=now + 14 * A_DAY)
        assert team.accept_invitation(invitation.secret, person, now=now + 14 * A_DAY - timedelta(seconds=1))

    def test_it_is_only_for_the_invited_address(self, invite, now):
        with pytest.raises(team.OtherAddressError):
            team.accept_invitation(invite().secret, UserFactory(), now=now)

    def test_an_unknown_link_is_refused(self, now):
        with pytest.raises(team.InvitationOverError):
            team.accept_invitation("nothing", UserFactory(), now=now)


class TestRolesAndLeaving:
    def test_a_changed_role_is_announced_to_the_person(self, hub, coordinator, drain, now):
        member = MembershipFactory(hub=hub, role=Role.VIEWER)
        team.change_role(member, Role.EDITOR, by=coordinator.user, now=now)
        member.refresh_from_db()
        assert member.role == Role.EDITOR
        (letter,) = drain(now)
        assert (letter.to, "Your role is now: Editor." in letter.body) == ([member.user.email], True)

    def test_a_removed_person_is_told_and_one_who_leaves_is_not(self, hub, coordinator, drain, now):
        removed, leaving = (MembershipFactory(hub=hub, role=Role.EDITOR) for _ in range(2))
        team.remove_member(removed, by=coordinator.user, now=now)
        team.remove_member(removed, by=coordinator.user, now=now)  # a second click
        team.leave(leaving, now=now)
        assert [letter.to for letter in drain(now)] == [[removed.user.email]]
        assert list(Membership.objects.filter(hub=hub)) == [coordinator]

    def test_the_only_coordinator_can_neither_leave_nor_change_role(self, hub, coordinator, now):
        MembershipFactory(hub=hub, role=Role.EDITOR)
        MembershipFactory(user=coordinator.user)
        with pytest.raises(team.LastCoordinatorError):
            team.leave(coordinator, now=now)
        with pytest.raises(team.LastCoordinatorError) as error:
            team.change_role(coordinator, Role.VIEWER, by=coordinator.user, now=now)
        assert error.value.hubs == [hub]
        inactive = MembershipFactory(hub=hub, user__is_active=False)
        with pytest.raises(team.LastCoordinatorError):
            team.leave(coordinator, now=now)
        inactive.delete()
        MembershipFactory(hub=hub)
        team.leave(coordinator, now=now)
        assert not Membership.objects.filter(pk=coordinator.pk).exists()

    @pytest.mark.parametrize("how", ["removed", "left", "demoted", "account closed"])
    def test_the_invitations_of_someone_who_no_longer_coordinates_are_revoked(self, hub, coordinator, now, how):
        former = MembershipFactory(hub=hub)
        MembershipFactory(hub=(elsewhere := HubFactory()))
        theirs = team.invite(hub, "a@example.ca", Role.COORDINATOR, "en", by=former.user, now=now)
        others = [
            team.invite(hub, "b@example.ca", Role.VIEWER, "en", by=coordinator.user, now=now),
            team.invite(elsewhere, "c@example.ca", Role.VIEWER, "en", by=former.user, now=now),
        ]
        if how == "removed":
            team.remove_member(former, by=coordinator.user, now=now)
        elif how == "left":
            team.leave(former, now=now)
        elif how == "demoted":
            team.change_role(former, Role.EDITOR, by=coordinator.user, now=now)
        else:
            team.leave_all(former.user, now=now)
        assert set(TeamInvitation.objects.pending()) == set(others)
        with pytest.raises(team.InvitationOverError):
            team.accept_invitation(theirs.secret, UserFactory(email="a@example.ca"), now=now)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("action", ["demote", "remove"])
    def test_two_coordinators_who_act_on_each_other_at_once_leave_one(self, hub, coordinator, now, action):
        other = MembershipFactory(hub=hub)
        barrier, refused = Barrier(2), []

        def act(by, on):
            barrier.wait()
            try:
                if action == "demote":
                    team.change_role(on, Role.VIEWER, by=by.user, now=now)
                else:
                    team.remove_member(on, by=by.user, now=now)
            except team.LastCoordinatorError:
                refused.append(by)
            connection.close()

        pairs = [(coordinator, other), (other, coordinator)]
        threads = [Thread(target=act, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1
        assert Membership.objects.filter(hub=hub, role=Role.COORDINATOR).count() == 1


class TestClosingAnAccount:
    def test_the_only_coordinator_is_asked_to_find_another_first(self, client, hub, coordinator):
        client.force_login(coordinator.user)
        page = client.get("/en/account/close/").content.decode()
        assert "A hub still needs you" in page
        assert reverse("workspace:team", args=[hub.slug]) in page
        assert "I want to close my account" not in page
        assert client.post("/en/account/close/", {"sure": "on"}).url == "/en/account/close/"
        coordinator.user.refresh_from_db()
        assert coordinator.user.is_active

    def test_anyone_else_leaves_their_teams_and_their_invitations_are_deleted(self, client, hub, coordinator, invite):
        member = MembershipFactory(hub=hub)
        invitation = team.invite(
            HubFactory(), member.user.email, Role.VIEWER, "en", by=coordinator.user, now=timezone.now()
        )
        client.force_login(member.user)
        assert "You leave the teams of these hubs" in client.get("/en/account/close/").content.decode()
        assert client.post("/en/account/close/", {"sure": "on"}).url == "/en/account/closed/"
        assert not Membership.objects.filter(user=member.user).exists()
        assert not TeamInvitation.objects.filter(pk=invitation.pk).exists()


def test_invitations_are_deleted_90_days_after_they_ended(invite, coordinator):
    today = timezone.now()
    old = invite("old@example.ca", at=today - 105 * A_DAY)
    recent = invite("recent@example.ca", at=today - 103 * A_DAY)
    accepted = invite("accepted@example.ca", at=today - 100 * A_DAY)
    team.accept_invitation(accepted.secret, UserFactory(email=accepted.email), now=today - 91 * A_DAY)
    prune()
    assert list(TeamInvitation.objects.all()) == [recent]
    assert not TeamInvitation.objects.filter(pk=old.pk).exists()
    assert Message.objects.filter(message_type="team-invitation").exists()
