"""The page behind the link in an email: confirm attendance, decline a session, cancel, get the recording. A GET changes nothing."""

import re
from datetime import timedelta

import pytest
import time_machine

from accounts.models import ProviderProfile, User
from outbox.models import Message
from registrations.models import Attendance, Intention, Registration
from registrations.services import (
    invite,
    queue_due_reminders,
    record_attendance,
    record_intention,
    register,
    switch_to_recording,
)
from registrations.services.attendance import MOST_TOLD
from registrations.services.colleagues import Colleague
from registrations.tokens import make_join_token, make_registration_token
from sessions_app.models import Series, Session
from tests.factories import HubFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sessions(now):
    first = SessionFactory(now=now, days=1, capacity=1, hub=HubFactory(contact_email="north@example.ca"))
    return first, SessionFactory(now=now, days=8, series=first.series)


@pytest.fixture
def seat(sessions, now, provider):
    return register(sessions[0].series, provider, now=now)


def link(registration, session=None):
    return f"/en/registration/place/{make_registration_token(registration.pk, session.pk if session else None)}/"


def text(response):
    """Return the text of a page without tags and repeated spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def state_of(registration):
    registration.refresh_from_db()
    return registration.state


def test_opening_a_link_changes_nothing(client, seat, sessions):
    before = list(Registration.objects.values()), Message.objects.count()
    for address in (link(seat), link(seat, sessions[0]), link(seat, sessions[0]) + "?answer=no"):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    assert (list(Registration.objects.values()), Message.objects.count()) == before
    assert not Intention.objects.exists()


def test_a_person_can_confirm_attendance_with_one_button(client, seat, sessions):
    address = link(seat, sessions[0])
    assert "Still coming?" in client.get(address).content.decode()
    page = client.post(address, {"action": "coming"}, follow=True).content.decode()
    assert "Great, see you there." in page
    assert Intention.objects.get().is_coming
    client.post(address, {"action": "coming"})
    assert Intention.objects.count() == 1


def test_cancelling_gives_the_seat_to_the_next_person_on_the_waitlist(client, seat, sessions, now):
    waitlisted = register(sessions[0].series, UserFactory(), now=now)
    page = client.post(link(seat, sessions[0]), {"action": "give-up"}, follow=True).content.decode()
    assert "Your registration is cancelled" in page
    assert (state_of(seat), state_of(waitlisted)) == ("cancelled", "confirmed")
    client.post(link(seat, sessions[0]), {"action": "give-up"})  # the same button in another tab
    assert Message.objects.filter(message_type="cancelled").count() == 1


def test_recording_only_releases_the_seat_and_never_counts_as_attendance(client, seat, sessions, now):
    page = client.post(link(seat), {"action": "recording"}, follow=True).content.decode()
    assert "You asked for the recording" in page
    assert state_of(seat) == "recording"
    assert Series.objects.get().seats_taken == 0
    assert record_attendance(seat, sessions[0], now=now) is None
    assert queue_due_reminders(sessions[0].starts_at - timedelta(minutes=30)) == 0
    assert not Attendance.objects.exists()


def test_a_recording_only_person_can_register_again_at_the_end_of_the_waitlist(seat, sessions, now, provider):
    switch_to_recording(seat, now=now)
    other = register(sessions[0].series, UserFactory(), now=now)
    again = register(sessions[0].series, provider, now=now)
    assert (state_of(seat), other.state, again.state) == ("cancelled", "confirmed", "waitlisted")


def test_declining_a_session_keeps_the_seat_stops_its_reminders_and_notifies_the_hub(
    client, seat, sessions, drain, now
):
    drain(now)
    client.post(link(seat, sessions[0]), {"action": "absent"})
    assert state_of(seat) == "confirmed"
    (email,) = drain(now)
    assert email.to == ["north@example.ca"]
    assert f"{seat.user.name} cannot come to one session." in email.body
    assert queue_due_reminders(sessions[0].starts_at - timedelta(minutes=30)) == 0
    assert queue_due_reminders(sessions[1].starts_at - timedelta(hours=23)) == 1


def test_a_declined_session_accepted_before_the_email_is_sent_notifies_nobody(client, seat, sessions, drain, now):
    drain(now)
    client.post(link(seat, sessions[0]), {"action": "absent"})
    client.post(link(seat, sessions[0]), {"action": "coming"})
    assert drain(now) == []


class TestEmailsToTheTeam:
    """The team gets an email when a person declines a session, and when they accept it again afterwards."""

    def record(self, seat, session, is_coming, at):
        record_intention(seat, session, is_coming=is_coming, now=at)

    def test_the_team_is_notified_when_a_person_can_come_after_all(self, seat, sessions, drain, now):
        drain(now)
        self.record(seat, sessions[0], False, now)
        drain(now)
        self.record(seat, sessions[0], True, now + MINUTE)
        (email,) = drain(now + MINUTE)
        assert email.to == ["north@example.ca"]
        assert email.subject.startswith("Absence withdrawn: ")
        assert f"{seat.user.name} can come after all." in email.body

    def test_the_team_gets_one_email_per_change_even_after_a_double_click(self, seat, sessions, drain, now):
        drain(now)
        subjects = []
        for n, is_coming in enumerate([False, False, True, True, False, True]):
            self.record(seat, sessions[0], is_coming, now + n * MINUTE)
            subjects += [email.subject.partition(":")[0] for email in drain(now + n * MINUTE)]
        assert subjects == ["Absence from one session", "Absence withdrawn"] * 2

    def test_changes_undone_before_the_email_is_sent_notify_nobody(self, seat, sessions, drain, now):
        drain(now)
        for n, is_coming in enumerate([False, True, False, True]):
            self.record(seat, sessions[0], is_coming, now + n * MINUTE)
        assert drain(now + 4 * MINUTE) == []
        self.record(seat, sessions[0], False, now + 5 * MINUTE)
        assert len(drain(now + 5 * MINUTE)) == 1

    def test_nothing_is_sent_if_the_email_about_the_absence_failed(self, seat, sessions, drain, now):
        """The person accepts again while a worker is sending the email about the absence, which then fails."""
        drain(now)
        self.record(seat, sessions[0], False, now)
        absence = Message.objects.filter(message_type="absence")
        absence.update(state="sending", claimed_at=now)
        self.record(seat, sessions[0], True, now + MINUTE)
        absence.update(state="failed")
        assert drain(now + MINUTE) == []
        assert Message.objects.get(message_type="absence-withdrawn").reason == "The team was not told of the absence."

    def test_confirming_attendance_does_not_notify_the_team(self, seat, sessions, drain, now):
        drain(now)
        self.record(seat, sessions[0], True, now)
        assert drain(now) == []

    def test_emails_about_one_person_are_limited(self, seat, sessions, drain, now):
        drain(now)
        emails = []
        for n in range(40):
            self.record(seat, sessions[0], bool(n % 2), now + n * MINUTE)
            emails += drain(now + n * MINUTE)
        assert len(emails) == 2 * MOST_TOLD


@pytest.mark.parametrize("token", ["1-1", "nonsense", "1-1:forged", "9999999-0:x", "%00"])
@pytest.mark.parametrize("page", ["place", "join"])
def test_a_forged_or_mistyped_link_gets_a_clear_error_page(client, seat, page, token):
    for send in (client.get, client.post):
        response = send(f"/en/registration/{page}/{token}/")
        assert response.status_code == 404
        assert "This link does not work" in response.content.decode()


def test_a_join_token_and_a_registration_token_are_not_interchangeable(client, seat, sessions):
    assert client.get(f"/en/registration/join/{make_registration_token(seat.pk, sessions[0].pk)}/").status_code == 404
    assert client.get(f"/en/registration/place/{make_join_token(seat.pk, sessions[0].pk)}/").status_code == 404


def test_a_link_does_nothing_once_the_series_is_over(client, seat, clock, now):
    clock.move_to(now + timedelta(days=30))
    page = client.post(link(seat), {"action": "give-up"}).content.decode()
    assert "No reply is needed." in page
    assert state_of(seat) == "confirmed"


def test_a_link_for_a_session_of_another_series_does_not_show_it(client, seat, now):
    other = SessionFactory(now=now, title_en="Other session")
    page = client.get(link(seat, other)).content.decode()
    assert "Other session" not in page
    client.post(link(seat, other), {"action": "coming"})
    assert not Intention.objects.exists()


class TestJoin:
    def test_the_join_button_records_attendance_once(self, client, seat, sessions, clock):
        Session.objects.update(join_url="https://meet.example.ca/room?a=1&b=2")
        clock.move_to(sessions[0].starts_at)
        address = f"/en/registration/join/{make_join_token(seat.pk, sessions[0].pk)}/"
        page = client.post(address).content.decode()
        assert "https://meet.example.ca/room?a=1&amp;b=2" in page
        clock.move_to(sessions[0].starts_at + timedelta(minutes=5))
        client.post(address)
        attendance = Attendance.objects.get()
        assert (attendance.registration, attendance.joined_at) == (seat, sessions[0].starts_at)

    def test_no_log_page_or_feed_contains_the_meeting_link(self, client, seat, sessions, caplog, provider):
        Session.objects.update(join_url="https://meet.example.ca/room")
        client.force_login(provider)
        series = sessions[0].series
        client.get("/en/registration/mine/")
        feed = f"/en/registration/calendar/{provider.calendar.secret}.ics"
        for address in (
            f"/en/sessions/{series.slug}/",
            f"/en/sessions/{series.slug}.ics",
            "/en/sessions/",
            f"/en/registration/{series.slug}/panel/",
            "/en/registration/mine/",
            feed,
        ):
            assert "meet.example.ca" not in client.get(address).content.decode()
        assert "meet.example.ca" not in caplog.text

    def test_times_are_also_in_the_readers_time_zone(self, client, seat, sessions):
        """The time zone comes from the cookie, or else from the account in the link."""
        address = f"/en/registration/join/{make_join_token(seat.pk, sessions[0].pk)}/"
        assert "Your time" not in text(client.get(address))
        User.objects.update(time_zone="America/Edmonton")
        page = text(client.get(address))
        assert "Your time: 9:00–10:00 am (Alberta time)" in page
        assert (
            "You can join from November 24, 2026, 9:45 am ET, with this same link. Your time: 8:45 am (Alberta time)"
            in page
        )
        client.cookies["zone"] = "America/St_Johns"
        page = text(client.get(address))
        assert "Your time: 11:30 am–12:30 pm (NT)" in page
        assert "Your time: 11:15 am (NT)" in page

    def test_times_in_the_readers_time_zone_are_in_french(self, client, seat, sessions):
        User.objects.update(time_zone="America/Edmonton")
        page = text(client.get(f"/fr/inscription/participer/{make_join_token(seat.pk, sessions[0].pk)}/"))
        assert "Dans votre fuseau horaire : 8 h 45 (heure de l’Alberta)." in page


class TestReadersTimeZone:
    def test_all_session_times_are_also_in_the_readers_time_zone(self, client, seat):
        assert "Your time" not in text(client.get(link(seat)))
        User.objects.update(time_zone="America/Edmonton")
        assert text(client.get(link(seat))).count("Your time: 9:00–10:00 am (Alberta time)") == 2

    def test_the_deadline_of_a_held_seat_is_also_in_the_readers_time_zone(self, client, sessions, now):
        Series.objects.update(capacity=5)
        host, colleague = UserFactory(name="Ana"), Colleague("Bo", "bo@example.ca")
        register(sessions[0].series, host, now=now)
        (held,) = invite(sessions[0].series, [colleague], by=host, language="en", now=now)
        User.objects.update(time_zone="America/Edmonton")
        assert "Your time" not in text(client.get(link(held.registration)))
        ProviderProfile.objects.create(user=held.registration.user, profession="physician", province="AB")
        page = text(client.get(link(held.registration)))
        assert "Ana reserved a seat for you. Please confirm or decline by November 24, 2026, 10:00 am ET." in page
        assert "Your time: 9:00 am (Alberta time)" in page
        assert "waitlist" not in page
        assert "After that, the seat is released." in page


@pytest.mark.parametrize(
    ("has_waitlist", "capacity", "promise"),
    [
        (True, 1, "your seat goes to the next person on the waitlist"),
        (False, 1, "your seat becomes available to someone else"),
        (False, None, "To keep your registration, just close this page."),
    ],
)
def test_the_page_promises_the_seat_to_the_waitlist_only_if_there_is_one(
    client, seat, sessions, now, has_waitlist, capacity, promise
):
    if has_waitlist:
        register(sessions[0].series, UserFactory(), now=now)
    Series.objects.update(capacity=capacity)
    page = text(client.get(link(seat)))
    assert promise in page
    assert ("waitlist" in page) == has_waitlist
    assert ("becomes available" in page) == (promise == "your seat becomes available to someone else")


def test_after_switching_to_recording_only_the_page_does_not_say_who_has_the_seat(client, seat):
    page = client.post(link(seat), {"action": "recording"}, follow=True).content.decode()
    assert "You gave up your seat." in page


def test_a_person_can_switch_between_declining_and_accepting(client, seat, sessions):
    address = link(seat, sessions[0])
    page = client.post(address, {"action": "absent"}, follow=True).content.decode()
    assert "You said you can’t come to this one" in page
    assert "I can come after all" in page
    page = client.post(address, {"action": "coming"}, follow=True).content.decode()
    assert 'value="absent"' in page
    assert 'value="coming"' not in page
