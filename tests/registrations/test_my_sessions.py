""" "My sessions": what stands under which heading, what an "I can't come" leaves behind, and what each card offers."""

import re
from datetime import timedelta

import icalendar
import pytest
import time_machine
from django.contrib import messages
from django.contrib.messages.storage.base import Message as Note
from django.contrib.messages.storage.cookie import CookieStorage
from django.utils.safestring import mark_safe

from accounts.models import User
from outbox.models import Message
from registrations.models import Registration
from registrations.services import cancel, invite, record_intention, register, switch_to_recording
from registrations.services.colleagues import Colleague
from sessions_app.models import Session
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db

MINE = "/en/registration/mine/"


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def signed_in(client, provider):
    client.force_login(provider)
    return client


def read(client, address=MINE):
    """The page's main part as a person reads it: no tags, single spaces."""
    page = client.get(address).content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace(" )", ")").replace("( ", "(")


def sections(client):
    """Heading → what stands under it, in the order of the page."""
    page = client.get(MINE).content.decode()
    parts = re.split(r"<h2[^>]*>", page)[1:]
    return {part.partition("</h2>")[0]: part for part in parts}


def series_of(now, *days, **fields):
    first = SessionFactory(now=now, days=days[0], **fields)
    for more in days[1:]:
        SessionFactory(now=now, days=more, series=first.series)
    return first.series


def registered(series, now):
    """Someone with a seat in the series, as whoever invites colleagues has."""
    return register(series, UserFactory(), now=now).user


class TestSections:
    def test_a_waitlisted_series_is_never_the_next_session(self, signed_in, provider, now):
        sooner, later = series_of(now, 2, capacity=0), series_of(now, 9)
        register(sooner, provider, now=now)
        register(later, provider, now=now)
        shown = sections(signed_in)
        assert later.title_en in shown["Next session"]
        assert sooner.title_en not in shown["Next session"]
        assert sooner.title_en in shown["Waitlist"]
        assert "Waitlist: 1st of 1" in shown["Waitlist"]

    def test_with_a_waitlist_alone_there_is_no_next_session(self, signed_in, provider, now):
        register(series_of(now, 2, capacity=0), provider, now=now)
        assert "Next session" not in sections(signed_in)
        assert "You have no upcoming sessions." in read(signed_in)

    def test_each_kind_of_registration_has_a_section_of_its_own_in_this_order(self, signed_in, provider, now, clock):
        past = series_of(now, 1)
        register(past, provider, now=now)
        clock.move_to(now := now + timedelta(days=3))
        held, seat, other = series_of(now, 1), series_of(now, 5), series_of(now, 7)
        invite(held, [Colleague("Me", provider.email)], by=registered(held, now), language="en", now=now)
        register(seat, provider, now=now)
        register(other, provider, now=now)
        register(waitlist := series_of(now, 2, capacity=0), provider, now=now)
        switch_to_recording(register(recording := series_of(now, 3), provider, now=now), now=now)
        shown = sections(signed_in)
        assert list(shown)[:5] == ["Please confirm", "Next session", "Upcoming", "Waitlist", "Recordings you asked for"]
        expected = [held, seat, other, waitlist, recording, past]
        for heading, series in zip([*list(shown)[:5], "Past"], expected, strict=True):
            assert series.title_en in shown[heading], heading
            assert [one for one in expected if one.title_en in shown[heading]] == [series]

    def test_the_next_session_of_several_series_leads_whichever_was_registered_first(self, signed_in, provider, now):
        later, sooner = series_of(now, 9), series_of(now, 2)
        register(later, provider, now=now)
        register(sooner, provider, now=now)
        shown = sections(signed_in)
        assert sooner.title_en in shown["Next session"]
        assert "Wednesday, November\u00a025, 2026" in shown["Next session"]
        assert "In 2 days" in shown["Next session"]
        assert later.title_en in shown["Upcoming"]

    def test_a_series_whose_date_is_not_set_is_registered_for_and_not_next(self, signed_in, provider, now):
        undated = series_of(now, 5)
        register(undated, provider, now=now)
        undated.sessions.update(delivery="postponed")
        shown = sections(signed_in)
        assert "Next session" not in shown
        assert undated.title_en in shown["Upcoming"]
        assert "Date to come" in shown["Upcoming"]


class TestICannotCome:
    def test_the_card_says_so_and_next_is_the_session_that_one_comes_to(self, signed_in, provider, now):
        series = series_of(now, 3, 10, 17)
        seat = register(series, provider, now=now)
        first = series.sessions.first()
        assert "Thursday, November\u00a026, 2026" in sections(signed_in)["Next session"].partition("<h3>")[0]
        record_intention(seat, first, is_coming=False, now=now)
        card = sections(signed_in)["Next session"]
        assert "Thursday, December\u00a03, 2026" in card.partition("<h3>")[0]
        assert "November" not in card.partition("<h3>")[0]
        assert "You said you can’t come on Thursday, November\u00a026." in card
        assert "Session 2 of 3" in card
        page = signed_in.post(f"/en/registration/mine/session/{first.pk}/", {"coming": "yes"}, follow=True)
        assert "You said you can’t come" not in page.content.decode()

    def test_another_series_is_next_where_one_comes_to_it_sooner(self, signed_in, provider, now):
        declined, other = series_of(now, 1, 20), series_of(now, 5)
        seat = register(declined, provider, now=now)
        register(other, provider, now=now)
        record_intention(seat, declined.sessions.first(), is_coming=False, now=now)
        shown = sections(signed_in)
        assert other.title_en in shown["Next session"]
        assert "You said you can’t come on Tuesday, November\u00a024." in shown["Upcoming"]

    def test_who_comes_to_none_has_no_next_session_and_can_come_after_all(self, signed_in, provider, now):
        series = series_of(now, 1)
        record_intention(register(series, provider, now=now), series.sessions.get(), is_coming=False, now=now)
        shown = sections(signed_in)
        assert "Next session" not in shown
        assert "You said you can’t come on Tuesday, November\u00a024." in shown["Upcoming"]
        assert "I can come after all" in shown["Upcoming"]
        assert "Join" not in shown["Upcoming"].partition("<h2")[0]

    def test_each_button_stands_open_on_the_card_and_names_its_date_and_series(self, signed_in, provider, now):
        register(series_of(now, 3, 10), provider, now=now)
        assert "<details" not in sections(signed_in)["Next session"]
        title = Registration.objects.get().series.title_en
        page = read(signed_in).replace("\u00a0", " ")
        assert f"I can’t come to this one (Thursday, November 26, {title})" in page
        assert f"I can’t come (Thursday, December 3, {title})" in page

    def test_of_a_long_series_the_first_sessions_show_and_so_does_every_no(self, signed_in, provider, now):
        series = series_of(now, *range(3, 60, 7))
        seat = register(series, provider, now=now)
        last = series.sessions.last()
        open_part, _summary, folded = sections(signed_in)["Next session"].partition("<details")
        assert (open_part.count("I can’t come"), folded.count("I can’t come")) == (4, 5)
        assert "5 more sessions" in folded
        record_intention(seat, last, is_coming=False, now=now)
        open_part, _summary, folded = sections(signed_in)["Next session"].partition("<details")
        assert "You said you can’t come on" in open_part
        assert "4 more sessions" in folded

    def test_a_one_off_is_cancelled_rather_than_missed(self, signed_in, provider, now):
        register(series_of(now, 3), provider, now=now)
        card = sections(signed_in)["Next session"]
        assert "can’t come to this one" not in card
        assert "Cancel my registration" in card


class TestRegisterColleagues:
    def test_a_card_offers_it_while_the_series_is_open(self, signed_in, provider, now):
        series = series_of(now, 3)
        register(series, provider, now=now)
        link = f"/en/registration/{series.slug}/colleagues/"
        assert link in sections(signed_in)["Next session"]
        series.is_closed = True
        series.save()
        assert link not in sections(signed_in)["Next session"]

    def test_who_waits_or_has_not_confirmed_is_not_offered_it(self, signed_in, provider, now):
        register(series_of(now, 3, capacity=0), provider, now=now)
        held = series_of(now, 4)
        invite(held, [Colleague("Me", provider.email)], by=registered(held, now), language="en", now=now)
        assert "Register colleagues" not in read(signed_in)


class TestAddToMyCalendar:
    def file_of(self, registration, language="en"):
        return f"/{language}/registration/mine/{registration.pk}.ics"

    def test_it_holds_the_sessions_ahead_under_the_uids_of_the_invitation(self, signed_in, provider, now, drain, clock):
        series = series_of(now, 1, 8, 15)
        seat = register(series, provider, now=now)
        (mail,) = drain(now)
        mailed = {
            str(icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]["UID"])
            for part in mail.message().walk()
            if part.get_content_type() == "text/calendar"
        }
        assert self.file_of(seat) in sections(signed_in)["Next session"]
        response = signed_in.get(self.file_of(seat))
        assert response["Content-Type"] == "text/calendar; charset=utf-8"
        assert "no-store" in response["Cache-Control"]
        calendar = icalendar.Calendar.from_ical(response.content)
        events = calendar.walk("VEVENT")
        assert {str(event["UID"]) for event in events} == mailed
        assert len(events) == 3
        assert calendar["METHOD"] == "PUBLISH"
        assert b"ATTENDEE" not in response.content
        assert all("/registration/join/" in str(event["URL"]) for event in events)
        first, second, _third = series.sessions.all()
        record_intention(seat, second, is_coming=False, now=now)
        clock.move_to(first.ends_at)
        assert len(icalendar.Calendar.from_ical(signed_in.get(self.file_of(seat)).content).walk("VEVENT")) == 1

    def test_a_cancelled_or_postponed_session_is_not_added(self, signed_in, provider, now):
        series = series_of(now, 1, 8, 15)
        seat = register(series, provider, now=now)
        for session, delivery in zip(series.sessions.all(), ("cancelled", "postponed"), strict=False):
            Session.objects.filter(pk=session.pk).update(delivery=delivery)
        assert signed_in.get(self.file_of(seat)).content.count(b"BEGIN:VEVENT") == 1

    def test_it_is_its_owners_alone(self, client, signed_in, provider, now):
        theirs = register(series_of(now, 3), UserFactory(), now=now)
        assert signed_in.get(self.file_of(theirs)).status_code == 404
        assert signed_in.get("/en/registration/mine/999999.ics").status_code == 404
        mine = register(series_of(now, 3), provider, now=now)
        assert signed_in.get(f"/fr/inscription/mes-seances/{mine.pk}.ics").status_code == 200
        assert signed_in.post(self.file_of(mine)).status_code == 405
        signed_in.logout()
        assert signed_in.get(self.file_of(mine)).url.startswith("/en/account/sign-in/")

    def test_without_a_seat_of_ones_own_there_is_none(self, signed_in, provider, now):
        waits = register(series_of(now, 3, capacity=0), provider, now=now)
        series = series_of(now, 4)
        (held,) = invite(series, [Colleague("Me", provider.email)], by=registered(series, now), language="en", now=now)
        ended = cancel(register(series_of(now, 5), provider, now=now), now=now)
        for registration in (waits, held.registration, ended):
            assert signed_in.get(self.file_of(registration)).status_code == 404


def test_the_feed_can_be_subscribed_to_from_the_page(signed_in, provider):
    page = signed_in.get(MINE).content.decode()
    feed = f"/en/registration/calendar/{provider.calendar.secret}.ics"
    assert re.search(rf'href="webcal://[^"]+{feed}"', page)
    assert re.search(rf"<textarea[^>]+readonly[^>]*>http[^<]+{feed}</textarea>", page)
    for host in ("calendar.google.com", "outlook.live.com", "outlook.office.com"):
        assert f'href="https://{host}/' in page


def test_a_reader_elsewhere_sees_their_own_time_too_by_cookie_or_by_account(signed_in, provider, now):
    register(series_of(now, 3), provider, now=now)
    User.objects.update(time_zone="America/Edmonton")
    assert "You can join from 9:45 am ET. Your time: 8:45 am (Alberta time)" in read(signed_in)
    signed_in.cookies["zone"] = "America/Vancouver"
    assert "Your time: 8:00–9:00 am (B.C. time)" in read(signed_in)


def test_a_message_that_is_not_known_to_be_safe_is_escaped(rf, signed_in):
    """allauth's own messages are plain text, and an address may hold what looks like HTML."""
    notes = [Note(messages.SUCCESS, '"<img src=x>"@example.ca'), Note(messages.SUCCESS, mark_safe("<h2>Done</h2>"))]
    signed_in.cookies["messages"] = CookieStorage(rf.get("/"))._encode(notes)
    page = signed_in.get(MINE).content.decode()
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page
    assert '<div class="note" role="status"><h2>Done</h2></div>' in page


class TestCancelPage:
    @pytest.mark.parametrize(
        ("capacity", "someone_waits", "promise"),
        [
            (1, True, "Your seat goes to the next person on the waitlist."),
            (1, False, "Your seat becomes available to someone else."),
            (None, False, ""),
        ],
    )
    def test_it_promises_the_seat_to_the_waitlist_only_where_somebody_is_on_it(
        self, signed_in, provider, now, capacity, someone_waits, promise
    ):
        series = series_of(now, 3, capacity=capacity)
        register(series, provider, now=now)
        if someone_waits:
            register(series, UserFactory(), now=now)
        page = read(signed_in, f"/en/registration/{series.slug}/cancel/")
        assert promise in page
        assert ("waitlist" in page) == someone_waits
        assert ("becomes available" in page) == (promise.endswith("to someone else."))
        assert "removes the sessions from your calendar" in page
        assert Message.objects.filter(message_type="cancelled").count() == 0


@pytest.mark.parametrize(
    ("end_reason", "text"),
    [
        ("waitlist-closed", "Registration has closed and no seat opened up for you."),
        ("series-cancelled", "This series will not take place."),
        ("staff", "The team cancelled your registration. Our email explains why."),
    ],
)
def test_a_registration_that_the_team_ended_says_why(signed_in, provider, now, end_reason, text):
    registration = register(series_of(now, 3), provider, now=now)
    Registration.objects.filter(pk=registration.pk).update(
        state="cancelled", end_reason=end_reason, cancelled_at=now, confirmed_at=None
    )
    assert text in read(signed_in)
