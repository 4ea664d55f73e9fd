"""A double click, a request that is sent again and the back button: the same page as the first time, and nothing twice."""

from datetime import timedelta

import pytest

from hubs.models import Role
from hubs.services import team
from outbox.models import Message
from registrations.models import Registration, StaffAction
from registrations.services import register
from sessions_app.models import Series
from tests.factories import MembershipFactory, SessionFactory, UserFactory

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

    def test_withdrawing_an_invitation(self, url, invitation, twice):
        assert "doesn’t work anymore" in twice(url("team_revoke", invitation.pk)).content.decode()

    def test_sending_an_invitation_again(self, client, url, invitation, twice):
        sent_at = invitation.sent_at.isoformat()
        assert f'name="sent_at" value="{sent_at}"' in client.get(url("team")).content.decode()
        twice(url("team_resend", invitation.pk), sent_at=sent_at)
        assert Message.objects.filter(message_type="team-invitation").count() == 2

    def test_two_requests_at_once_send_an_invitation_again_once(self, invitation, coordinator, now):
        for seconds in (5, 6):
            team.resend(invitation, by=coordinator.user, now=now + timedelta(seconds=seconds))
        assert Message.objects.filter(message_type="team-invitation").count() == 2
