"""A double click, a request that is sent again and the back button: the same page as the first time, and nothing twice."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from hubs.models import Hub, Logo, Membership, Role, TeamInvitation
from hubs.services import team
from outbox.models import Message
from registrations.models import Registration, StaffAction
from registrations.services import register
from sessions_app.models import ReviewEntry, Series
from tests.factories import MembershipFactory, SessionFactory, UserFactory
from tests.workspace.listing_forms import sent_from

pytestmark = pytest.mark.django_db


@pytest.fixture
def series(editor, now):
    return SessionFactory(now=now, days=30, hub=editor.hub, capacity=1).series


@pytest.fixture
def twice(client):
    """Return a function that sends a form twice, and gives the second response once both lead to the same page."""

    def send(url, **data):
        first, second = (client.post(url, data or {"csrfmiddlewaretoken": "x"}) for _click in range(2))
        assert (first.status_code, second.status_code) == (302, 302)
        assert first["Location"] == second["Location"]
        page = client.get(second["Location"])
        assert page.status_code == 200
        assert 'class="note note--error' not in page.content.decode()
        return page

    return send


class TestRegistrants:
    def test_giving_a_seat(self, client, url, series, twice, now):
        _seat, waiting = (register(series, UserFactory(), now=now) for _ in range(2))
        Series.objects.update(capacity=2)
        page = url("registrant_promote", series.pk, waiting.pk)
        twice(page, reason="She presents the case.")
        assert client.get(page)["Location"] == url("registrant", series.pk, waiting.pk)
        assert Message.objects.filter(message_type="seat-found").count() == 1
        assert StaffAction.objects.count() == 1
        assert Series.objects.get().seats_taken == 2

    def test_cancelling(self, client, url, series, twice, now):
        registration = register(series, UserFactory(), now=now)
        page = url("registrant_cancel", series.pk, registration.pk)
        twice(page, note="As you asked on the phone.")
        assert client.get(page)["Location"] == url("registrant", series.pk, registration.pk)
        assert Message.objects.filter(message_type="cancelled-by-us").count() == 1
        assert StaffAction.objects.count() == 1

    def test_moving(self, client, url, series, editor, twice, now):
        registration = register(series, UserFactory(), now=now)
        other = SessionFactory(now=now, days=30, hub=editor.hub).series
        page = url("registrant_move", series.pk, registration.pk)
        twice(page, to=other.pk, reason="Asked for it.")
        assert Registration.objects.filter(series=other).count() == 1
        assert Message.objects.filter(message_type="moved").count() == 1
        assert StaffAction.objects.count() == 1
        assert client.get(page)["Location"] == url("registrant", series.pk, registration.pk)

    def test_someone_who_cancelled_meanwhile_is_not_said_to_have_been_moved(self, client, url, series, editor, now):
        registration = register(series, UserFactory(), now=now)
        other = SessionFactory(now=now, days=30, hub=editor.hub).series
        Registration.objects.update(state="cancelled", end_reason="self", cancelled_at=now)
        page = client.post(
            url("registrant_move", series.pk, registration.pk), {"to": other.pk, "reason": "Asked"}, follow=True
        )
        assert page.redirect_chain[-1][0] == url("registrant", series.pk, registration.pk)
        assert "We moved this person" not in page.content.decode()


class TestTeam:
    @pytest.fixture(autouse=True)
    def coordinator(self, editor):
        editor.role = Role.COORDINATOR
        editor.save()
        return editor

    @pytest.fixture
    def invitation(self, coordinator, now):
        return team.invite(coordinator.hub, "anna@example.ca", Role.EDITOR, "en", by=coordinator.user, now=now)

    def test_removing_someone(self, client, url, coordinator, twice):
        member = MembershipFactory(hub=coordinator.hub)
        twice(url("team_remove", member.pk))
        assert client.get(url("team_remove", member.pk))["Location"] == url("team")
        assert Message.objects.filter(message_type="team-removed").count() == 1

    def test_giving_up_coordinating(self, client, url, coordinator, twice):
        MembershipFactory(hub=coordinator.hub)
        twice(url("team_role", coordinator.pk), role="viewer")
        assert client.post(url("team_role", coordinator.pk), {"role": "coordinator"}).status_code == 404
        assert client.get(url("team_role", coordinator.pk)).status_code == 404

    def test_leaving(self, client, url, coordinator, twice):
        MembershipFactory(hub=coordinator.hub)
        twice(url("team_leave"))
        assert client.get(url("team_leave")).status_code == 404

    def test_inviting_someone(self, client, url, twice):
        sent = {"email": "zoe@example.ca", "role": "editor", "language": "fr"}
        twice(url("team_invite"), **sent)
        assert Message.objects.filter(message_type="team-invitation").count() == 1
        assert client.post(url("team_invite"), sent | {"role": "viewer"}).status_code == 400
        TeamInvitation.objects.update(sent_at=timezone.now() - timedelta(minutes=2))
        assert client.post(url("team_invite"), sent).status_code == 400

    def test_inviting_someone_again_after_withdrawing_is_no_second_click(self, client, url):
        sent = {"email": "zoe@example.ca", "role": "editor", "language": "fr"}
        client.post(url("team_invite"), sent)
        client.post(url("team_revoke", TeamInvitation.objects.get().pk))
        assert client.post(url("team_invite"), sent).status_code == 302
        assert TeamInvitation.objects.pending().count() == 1
        assert Message.objects.filter(message_type="team-invitation").count() == 2

    def test_withdrawing_an_invitation(self, url, invitation, twice):
        assert "doesn’t work anymore" in twice(url("team_revoke", invitation.pk)).content.decode()

    def test_sending_an_invitation_again(self, client, url, invitation, twice):
        sent_at = invitation.sent_at.isoformat()
        assert f'name="sent_at" value="{sent_at}"' in client.get(url("team")).content.decode()
        twice(url("team_resend", invitation.pk), sent_at=sent_at)
        assert Message.objects.filter(message_type="team-invitation").count() == 2

    def test_a_page_from_last_week_still_sends_an_invitation_again(self, client, url, invitation):
        seen = invitation.sent_at - timedelta(days=7)
        client.post(url("team_resend", invitation.pk), {"sent_at": seen.isoformat()})
        assert Message.objects.filter(message_type="team-invitation").count() == 2

    def test_an_old_page_does_not_say_that_a_withdrawn_invitation_was_sent(self, client, url, invitation, coordinator):
        seen, now = invitation.sent_at, timezone.now()
        team.revoke(team.resend(invitation, by=coordinator.user, now=now), now=now)
        page = client.post(url("team_resend", invitation.pk), {"sent_at": seen.isoformat()}, follow=True)
        assert 'class="note note--error' in page.content.decode()
        assert "Only the new link works" not in page.content.decode()

    def test_two_requests_at_once_send_an_invitation_again_once(self, invitation, coordinator, now):
        for seconds in (5, 6):
            team.resend(invitation, by=coordinator.user, now=now + timedelta(seconds=seconds))
        assert Message.objects.filter(message_type="team-invitation").count() == 2


class TestListings:
    """Each step of a listing, sent twice. Deleting a draft twice is in test_deleted_drafts.py."""

    @pytest.fixture
    def draft(self, series):
        Series.objects.update(publication="draft")
        return series

    @pytest.mark.parametrize(
        ("name", "publication", "after", "sent"),
        [
            ("listing_submit", "draft", "submitted", {"comment": "Our first one."}),
            ("listing_withdraw", "submitted", "draft", {}),
            ("listing_archive", "draft", "archived", {}),
        ],
    )
    def test_a_step_of_the_review(self, url, series, twice, name, publication, after, sent):
        Series.objects.update(publication=publication)
        twice(url(name, series.pk), **sent)
        assert Series.objects.get().publication == after
        assert ReviewEntry.objects.count() == (0 if after == "archived" else 1)

    def test_publishing(self, client, url, draft, editor, twice):
        Hub.objects.update(is_trusted=True)
        twice(url("listing_publish", draft.pk), revision=Series.objects.get().revision)
        assert ReviewEntry.objects.get().step == "published"

    def test_a_comment(self, url, series, twice):
        twice(url("listing_comment", series.pk), comment="The link follows.")
        assert Message.objects.filter(message_type="listing-comment-of-hub").count() == 1

    def test_taking_back_changes(self, client, url, series, twice):
        edit = url("listing_edit", series.pk)
        client.post(edit, sent_from(client.get(edit), capacity="20"))
        page = twice(url("listing_take_back", series.pk))
        assert "Your changes are taken back." in page.content.decode()
        assert ReviewEntry.objects.filter(step="withdrawn").count() == 1

    def test_duplicating(self, client, url, series, twice):
        page = client.get(url("listing_duplicate", series.pk))
        token = page.context["form"]["token"].value()
        assert token in page.content.decode()
        sent = {"first_date": "2040-03-15", "action": "duplicate", "token": token}
        twice(url("listing_duplicate", series.pk), **sent)
        assert Series.objects.count() == 2
        client.post(url("listing_duplicate", series.pk), sent | {"first_date": "2040-04-15"})
        assert Series.objects.count() == 3

    def test_cancelling_a_series(self, url, series, twice, now):
        register(series, UserFactory(), now=now)
        twice(url("listing_cancel", series.pk), note_en="The team is ill.")
        assert Message.objects.filter(message_type="series-cancelled").count() == 1

    @pytest.mark.parametrize("action", ["postpone", "cancel"])
    def test_cancelling_or_postponing_a_session(self, url, series, twice, action):
        session = series.sessions.get()
        twice(url("listing_session", series.pk, session.pk), action=action)
        sequence = series.sessions.get().sequence
        twice(url("listing_session", series.pk, session.pk), action=action)
        assert series.sessions.get().sequence == sequence


def test_a_message_is_sent_once_also_by_the_last_one_that_is_allowed(client, url, series, twice, settings, now):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"hub-message": {"key": (1, 3600)}}
    register(series, UserFactory(), now=now)
    sent = {"recipients": "everyone", "subject_en": "Room", "body_en": "Room 5", "token": uuid4(), "step": "send"}
    twice(url("message_new", series.pk), **sent)
    assert Message.objects.filter(message_type="hub-message").count() == 1


def test_the_hub_page_and_its_logo(client, url, editor, twice):
    Membership.objects.update(role=Role.COORDINATOR)
    twice(url("hub_page"), website="https://example.ca")
    Logo.objects.create(hub=editor.hub, content=b"", width=1, height=1, checksum="x", made_at=timezone.now())
    twice(url("hub_logo_remove"))
