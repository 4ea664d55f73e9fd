"""The link in a mail that answers for a place: still coming, give up, the recording, not this one. No GET changes anything."""

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
    """The page as a person reads it: no tags, single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def place_of(registration):
    registration.refresh_from_db()
    return registration.state


def test_reading_any_link_changes_nothing(client, seat, sessions):
    before = list(Registration.objects.values()), Message.objects.count()
    for address in (link(seat), link(seat, sessions[0]), link(seat, sessions[0]) + "?answer=no"):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    assert (list(Registration.objects.values()), Message.objects.count()) == before
    assert not Intention.objects.exists()


def test_yes_i_am_coming_is_one_button(client, seat, sessions):
    address = link(seat, sessions[0])
    assert "Still coming?" in client.get(address).content.decode()
    page = client.post(address, {"action": "coming"}, follow=True).content.decode()
    assert "Great, see you there." in page
    assert Intention.objects.get().is_coming
    client.post(address, {"action": "coming"})
    assert Intention.objects.count() == 1


def test_giving_up_hands_the_seat_to_the_next_in_line_at_once(client, seat, sessions, now):
    waiting = register(sessions[0].series, UserFactory(), now=now)
    page = client.post(link(seat, sessions[0]), {"action": "give-up"}, follow=True).content.decode()
    assert "Your registration is cancelled" in page
    assert (place_of(seat), place_of(waiting)) == ("cancelled", "confirmed")
    client.post(link(seat, sessions[0]), {"action": "give-up"})  # the same button in another tab
    assert Message.objects.filter(message_type="cancelled").count() == 1


def test_the_recording_is_a_state_of_its_own_and_never_an_attendance(client, seat, sessions, now):
    page = client.post(link(seat), {"action": "recording"}, follow=True).content.decode()
    assert "You asked for the recording" in page
    assert place_of(seat) == "recording"
    assert Series.objects.get().seats_taken == 0
    assert record_attendance(seat, sessions[0], now=now) is None
    assert queue_due_reminders(sessions[0].starts_at - timedelta(minutes=30)) == 0
    assert not Attendance.objects.exists()


def test_who_settled_for_the_recording_can_come_after_all_at_the_end_of_the_line(seat, sessions, now, provider):
    switch_to_recording(seat, now=now)
    other = register(sessions[0].series, UserFactory(), now=now)
    again = register(sessions[0].series, provider, now=now)
    assert (place_of(seat), other.state, again.state) == ("cancelled", "confirmed", "waitlisted")


def test_not_this_one_keeps_the_seat_stops_its_reminders_and_tells_the_hub(client, seat, sessions, drain, now):
    drain(now)
    client.post(link(seat, sessions[0]), {"action": "absent"})
    assert place_of(seat) == "confirmed"
    (mail,) = drain(now)
    assert mail.to == ["north@example.ca"]
    assert f"{seat.user.name} cannot come to one session." in mail.body
    assert queue_due_reminders(sessions[0].starts_at - timedelta(minutes=30)) == 0
    assert queue_due_reminders(sessions[1].starts_at - timedelta(hours=23)) == 1


def test_an_absence_that_is_taken_back_before_the_mail_goes_is_not_told(client, seat, sessions, drain, now):
    drain(now)
    client.post(link(seat, sessions[0]), {"action": "absent"})
    client.post(link(seat, sessions[0]), {"action": "coming"})
    assert drain(now) == []


class TestTheTeamHears:
    """Of each absence, and of each that is taken back once the team knows of it."""

    def say(self, seat, session, is_coming, at):
        record_intention(seat, session, is_coming=is_coming, now=at)

    def test_that_someone_can_come_after_all(self, seat, sessions, drain, now):
        drain(now)
        self.say(seat, sessions[0], False, now)
        drain(now)
        self.say(seat, sessions[0], True, now + MINUTE)
        (mail,) = drain(now + MINUTE)
        assert mail.to == ["north@example.ca"]
        assert mail.subject.startswith("Absence withdrawn: ")
        assert f"{seat.user.name} can come after all." in mail.body

    def test_each_change_of_mind_once_and_a_double_click_not_twice(self, seat, sessions, drain, now):
        drain(now)
        told = []
        for n, is_coming in enumerate([False, False, True, True, False, True]):
            self.say(seat, sessions[0], is_coming, now + n * MINUTE)
            told += [mail.subject.partition(":")[0] for mail in drain(now + n * MINUTE)]
        assert told == ["Absence from one session", "Absence withdrawn"] * 2

    def test_nothing_of_what_was_taken_back_before_it_went(self, seat, sessions, drain, now):
        drain(now)
        for n, is_coming in enumerate([False, True, False, True]):
            self.say(seat, sessions[0], is_coming, now + n * MINUTE)
        assert drain(now + 4 * MINUTE) == []
        self.say(seat, sessions[0], False, now + 5 * MINUTE)
        assert len(drain(now + 5 * MINUTE)) == 1

    def test_nothing_where_the_absence_never_reached_them(self, seat, sessions, drain, now):
        """A worker had the absence, and could not deliver it; meanwhile the person comes after all."""
        drain(now)
        self.say(seat, sessions[0], False, now)
        absence = Message.objects.filter(message_type="absence")
        absence.update(state="sending", claimed_at=now)
        self.say(seat, sessions[0], True, now + MINUTE)
        absence.update(state="failed")
        assert drain(now + MINUTE) == []
        assert Message.objects.get(message_type="absence-withdrawn").reason == "The team was not told of the absence."

    def test_nothing_of_whoever_only_confirms(self, seat, sessions, drain, now):
        drain(now)
        self.say(seat, sessions[0], True, now)
        assert drain(now) == []

    def test_nothing_more_from_someone_who_changes_their_mind_without_end(self, seat, sessions, drain, now):
        drain(now)
        mails = []
        for n in range(40):
            self.say(seat, sessions[0], bool(n % 2), now + n * MINUTE)
            mails += drain(now + n * MINUTE)
        assert len(mails) == 2 * MOST_TOLD


@pytest.mark.parametrize("token", ["1-1", "nonsense", "1-1:forged", "9999999-0:x", "%00"])
@pytest.mark.parametrize("page", ["place", "join"])
def test_a_forged_or_mistyped_link_ends_in_a_clear_page(client, seat, page, token):
    for ask in (client.get, client.post):
        response = ask(f"/en/registration/{page}/{token}/")
        assert response.status_code == 404
        assert "This link does not work" in response.content.decode()


def test_a_token_of_one_kind_does_not_open_the_other(client, seat, sessions):
    assert client.get(f"/en/registration/join/{make_registration_token(seat.pk, sessions[0].pk)}/").status_code == 404
    assert client.get(f"/en/registration/place/{make_join_token(seat.pk, sessions[0].pk)}/").status_code == 404


def test_a_link_is_of_no_use_once_the_series_is_over_or_cancelled(client, seat, clock, now):
    clock.move_to(now + timedelta(days=30))
    page = client.post(link(seat), {"action": "give-up"}).content.decode()
    assert "No reply is needed." in page
    assert place_of(seat) == "confirmed"


def test_a_link_to_someone_elses_session_says_nothing_of_it(client, seat, now):
    other = SessionFactory(now=now, title_en="Somebody else’s")
    page = client.get(link(seat, other)).content.decode()
    assert "Somebody else" not in page
    client.post(link(seat, other), {"action": "coming"})
    assert not Intention.objects.exists()


class TestJoin:
    def test_the_button_notes_who_came_and_when_once(self, client, seat, sessions, clock):
        Session.objects.update(join_url="https://meet.example.ca/room?a=1&b=2")
        clock.move_to(sessions[0].starts_at)
        address = f"/en/registration/join/{make_join_token(seat.pk, sessions[0].pk)}/"
        page = client.post(address).content.decode()
        assert "https://meet.example.ca/room?a=1&amp;b=2" in page
        clock.move_to(sessions[0].starts_at + timedelta(minutes=5))
        client.post(address)
        attendance = Attendance.objects.get()
        assert (attendance.registration, attendance.joined_at) == (seat, sessions[0].starts_at)

    def test_neither_log_nor_public_page_nor_feed_holds_the_meetings_address(
        self, client, seat, sessions, caplog, provider
    ):
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

    def test_times_are_told_in_the_readers_zone_too(self, client, seat, sessions):
        """By the browser's cookie; without one by the account that the link names."""
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

    def test_a_page_in_french_says_them_in_french(self, client, seat, sessions):
        User.objects.update(time_zone="America/Edmonton")
        page = text(client.get(f"/fr/inscription/participer/{make_join_token(seat.pk, sessions[0].pk)}/"))
        assert "Dans votre fuseau horaire : 8 h 45 (heure de l’Alberta)." in page


class TestReadersZone:
    def test_the_page_behind_a_link_tells_every_time_in_the_readers_zone_too(self, client, seat):
        assert "Your time" not in text(client.get(link(seat)))
        User.objects.update(time_zone="America/Edmonton")
        assert text(client.get(link(seat))).count("Your time: 9:00–10:00 am (Alberta time)") == 2

    def test_so_is_the_time_until_which_a_seat_is_held(self, client, sessions, now):
        Series.objects.update(capacity=5)
        by, colleague = UserFactory(name="Ana"), Colleague("Bo", "bo@example.ca")
        register(sessions[0].series, by, now=now)
        (held,) = invite(sessions[0].series, [colleague], by=by, language="en", now=now)
        User.objects.update(time_zone="America/Edmonton")
        assert "Your time" not in text(client.get(link(held.registration)))
        ProviderProfile.objects.create(user=held.registration.user, profession="physician", province="AB")
        page = text(client.get(link(held.registration)))
        assert "Ana reserved a seat for you. Please confirm or decline by November 24, 2026, 10:00 am ET." in page
        assert "Your time: 9:00 am (Alberta time)" in page
        assert "waitlist" not in page
        assert "After that, the seat is released." in page


@pytest.mark.parametrize(
    ("someone_waits", "capacity", "promise"),
    [
        (True, 1, "your seat goes to the next person on the waitlist"),
        (False, 1, "your seat becomes available to someone else"),
        (False, None, "To keep your registration, just close this page."),
    ],
)
def test_the_seat_is_promised_to_the_waitlist_only_where_somebody_is_on_it(
    client, seat, sessions, now, someone_waits, capacity, promise
):
    if someone_waits:
        register(sessions[0].series, UserFactory(), now=now)
    Series.objects.update(capacity=capacity)
    page = text(client.get(link(seat)))
    assert promise in page
    assert ("waitlist" in page) == someone_waits
    assert ("becomes available" in page) == (promise == "your seat becomes available to someone else")


def test_after_the_recording_was_asked_for_nobody_is_said_to_have_the_seat(client, seat):
    page = client.post(link(seat), {"action": "recording"}, follow=True).content.decode()
    assert "went to someone else" not in page
    assert "You gave up your seat." in page


def test_who_said_no_can_say_yes_and_who_said_yes_can_say_no(client, seat, sessions):
    address = link(seat, sessions[0])
    page = client.post(address, {"action": "absent"}, follow=True).content.decode()
    assert "You said you can’t come to this one" in page
    assert "I can come after all" in page
    page = client.post(address, {"action": "coming"}, follow=True).content.decode()
    assert 'value="absent"' in page
    assert 'value="coming"' not in page
