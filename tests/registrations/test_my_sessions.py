"""The page "My sessions": its sections, declined sessions, and the actions on each card."""

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
    """Return the main text of a page without tags and repeated spaces."""
    page = client.get(address).content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace(" )", ")").replace("( ", "(")


def sections(client):
    """Return {heading: HTML of the section}, in the order of the page."""
    page = client.get(MINE).content.decode()
    parts = re.split(r"<h2[^>]*>", page)[1:]
    return {part.partition("</h2>")[0]: part for part in parts}


def series_of(now, *days, **fields):
    first = SessionFactory(now=now, days=days[0], **fields)
    for day in days[1:]:
        SessionFactory(now=now, days=day, series=first.series)
    return first.series


def registered(series, now):
    """Return a new person with a seat in the series, who can invite colleagues."""
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

    def test_with_only_a_waitlisted_series_there_is_no_next_session(self, signed_in, provider, now):
        register(series_of(now, 2, capacity=0), provider, now=now)
        assert "Next session" not in sections(signed_in)
        assert "You have no upcoming sessions." in read(signed_in)

    def test_each_kind_of_registration_has_its_own_section_in_order(self, signed_in, provider, now, clock):
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

    def test_the_earliest_session_is_next_in_any_order_of_registration(self, signed_in, provider, now):
        later, sooner = series_of(now, 9), series_of(now, 2)
        register(later, provider, now=now)
        register(sooner, provider, now=now)
        shown = sections(signed_in)
        assert sooner.title_en in shown["Next session"]
        assert "Wednesday, November\u00a025, 2026" in shown["Next session"]
        assert "In 2 days" in shown["Next session"]
        assert later.title_en in shown["Upcoming"]

    def test_a_series_without_a_date_is_upcoming_but_not_next(self, signed_in, provider, now):
        undated = series_of(now, 5)
        register(undated, provider, now=now)
        undated.sessions.update(delivery="postponed")
        shown = sections(signed_in)
        assert "Next session" not in shown
        assert undated.title_en in shown["Upcoming"]
        assert "Date to come" in shown["Upcoming"]


class TestDeclinedSessions:
    def test_the_card_shows_declined_sessions_and_the_next_accepted_one(self, signed_in, provider, now):
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

    def test_after_declining_another_series_can_be_next(self, signed_in, provider, now):
        declined, other = series_of(now, 1, 20), series_of(now, 5)
        seat = register(declined, provider, now=now)
        register(other, provider, now=now)
        record_intention(seat, declined.sessions.first(), is_coming=False, now=now)
        shown = sections(signed_in)
        assert other.title_en in shown["Next session"]
        assert "You said you can’t come on Tuesday, November\u00a024." in shown["Upcoming"]

    def test_with_all_sessions_declined_there_is_no_next_session(self, signed_in, provider, now):
        series = series_of(now, 1)
        record_intention(register(series, provider, now=now), series.sessions.get(), is_coming=False, now=now)
        shown = sections(signed_in)
        assert "Next session" not in shown
        assert "You said you can’t come on Tuesday, November\u00a024." in shown["Upcoming"]
        assert "I can come after all" in shown["Upcoming"]
        assert "Join" not in shown["Upcoming"].partition("<h2")[0]

    def test_each_button_is_visible_and_names_its_date_and_series(self, signed_in, provider, now):
        register(series_of(now, 3, 10), provider, now=now)
        assert "<details" not in sections(signed_in)["Next session"]
        title = Registration.objects.get().series.title_en
        page = read(signed_in).replace("\u00a0", " ")
        assert f"I can’t come to this one (Thursday, November 26, {title})" in page
        assert f"I can’t come (Thursday, December 3, {title})" in page

    def test_a_long_series_shows_the_first_sessions_and_all_declined_ones(self, signed_in, provider, now):
        series = series_of(now, *range(3, 60, 7))
        seat = register(series, provider, now=now)
        last = series.sessions.last()
        visible, _summary, collapsed = sections(signed_in)["Next session"].partition("<details")
        assert (visible.count("I can’t come"), collapsed.count("I can’t come")) == (4, 5)
        assert "5 more sessions" in collapsed
        record_intention(seat, last, is_coming=False, now=now)
        visible, _summary, collapsed = sections(signed_in)["Next session"].partition("<details")
        assert "You said you can’t come on" in visible
        assert "4 more sessions" in collapsed

    def test_a_one_off_can_only_be_cancelled(self, signed_in, provider, now):
        register(series_of(now, 3), provider, now=now)
        card = sections(signed_in)["Next session"]
        assert "can’t come to this one" not in card
        assert "Cancel my registration" in card


class TestInviteColleagues:
    def test_the_card_links_to_the_form_while_the_series_is_open(self, signed_in, provider, now):
        series = series_of(now, 3)
        register(series, provider, now=now)
        link = f"/en/registration/{series.slug}/colleagues/"
        assert link in sections(signed_in)["Next session"]
        series.is_closed = True
        series.save()
        assert link not in sections(signed_in)["Next session"]

    def test_waitlisted_and_invited_people_have_no_link_to_the_form(self, signed_in, provider, now):
        register(series_of(now, 3, capacity=0), provider, now=now)
        held = series_of(now, 4)
        invite(held, [Colleague("Me", provider.email)], by=registered(held, now), language="en", now=now)
        assert "Register colleagues" not in read(signed_in)


class TestAddToMyCalendar:
    def calendar_url(self, registration, language="en"):
        return f"/{language}/registration/mine/{registration.pk}.ics"

    def test_the_file_has_the_upcoming_sessions_with_the_uids_of_the_email(
        self, signed_in, provider, now, drain, clock
    ):
        series = series_of(now, 1, 8, 15)
        seat = register(series, provider, now=now)
        (email,) = drain(now)
        emailed_uids = {
            str(icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]["UID"])
            for part in email.message().walk()
            if part.get_content_type() == "text/calendar"
        }
        assert self.calendar_url(seat) in sections(signed_in)["Next session"]
        response = signed_in.get(self.calendar_url(seat))
        assert response["Content-Type"] == "text/calendar; charset=utf-8"
        assert "no-store" in response["Cache-Control"]
        calendar = icalendar.Calendar.from_ical(response.content)
        events = calendar.walk("VEVENT")
        assert {str(event["UID"]) for event in events} == emailed_uids
        assert len(events) == 3
        assert calendar["METHOD"] == "PUBLISH"
        assert b"ATTENDEE" not in response.content
        assert all("/registration/join/" in str(event["URL"]) for event in events)
        first, second, _third = series.sessions.all()
        record_intention(seat, second, is_coming=False, now=now)
        clock.move_to(first.ends_at)
        assert len(icalendar.Calendar.from_ical(signed_in.get(self.calendar_url(seat)).content).walk("VEVENT")) == 1

    def test_the_file_has_no_cancelled_or_postponed_session(self, signed_in, provider, now):
        series = series_of(now, 1, 8, 15)
        seat = register(series, provider, now=now)
        for session, delivery in zip(series.sessions.all(), ("cancelled", "postponed"), strict=False):
            Session.objects.filter(pk=session.pk).update(delivery=delivery)
        assert signed_in.get(self.calendar_url(seat)).content.count(b"BEGIN:VEVENT") == 1

    def test_only_the_owner_can_download_the_file(self, client, signed_in, provider, now):
        theirs = register(series_of(now, 3), UserFactory(), now=now)
        assert signed_in.get(self.calendar_url(theirs)).status_code == 404
        assert signed_in.get("/en/registration/mine/999999.ics").status_code == 404
        mine = register(series_of(now, 3), provider, now=now)
        assert signed_in.get(f"/fr/inscription/mes-seances/{mine.pk}.ics").status_code == 200
        assert signed_in.post(self.calendar_url(mine)).status_code == 405
        signed_in.logout()
        assert signed_in.get(self.calendar_url(mine)).url.startswith("/en/account/sign-in/")

    def test_without_a_confirmed_seat_there_is_no_file(self, signed_in, provider, now):
        waitlisted = register(series_of(now, 3, capacity=0), provider, now=now)
        series = series_of(now, 4)
        (held,) = invite(series, [Colleague("Me", provider.email)], by=registered(series, now), language="en", now=now)
        ended = cancel(register(series_of(now, 5), provider, now=now), now=now)
        for registration in (waitlisted, held.registration, ended):
            assert signed_in.get(self.calendar_url(registration)).status_code == 404


def test_the_page_has_links_to_subscribe_to_the_feed(signed_in, provider):
    page = signed_in.get(MINE).content.decode()
    feed = f"/en/registration/calendar/{provider.calendar.secret}.ics"
    assert re.search(rf'href="webcal://[^"]+{feed}"', page)
    assert re.search(rf"<textarea[^>]+readonly[^>]*>http[^<]+{feed}</textarea>", page)
    for host in ("calendar.google.com", "outlook.live.com", "outlook.office.com"):
        assert f'href="https://{host}/' in page


def test_times_are_also_in_the_time_zone_of_the_cookie_or_the_account(signed_in, provider, now):
    register(series_of(now, 3), provider, now=now)
    User.objects.update(time_zone="America/Edmonton")
    assert "You can join from 9:45 am ET. Your time: 8:45 am (Alberta time)" in read(signed_in)
    signed_in.cookies["zone"] = "America/Vancouver"
    assert "Your time: 8:00–9:00 am (B.C. time)" in read(signed_in)


def test_a_message_that_is_not_marked_safe_is_escaped(rf, signed_in):
    """allauth's messages are plain text, and an email address can contain HTML."""
    notes = [Note(messages.SUCCESS, '"<img src=x>"@example.ca'), Note(messages.SUCCESS, mark_safe("<h2>Done</h2>"))]
    signed_in.cookies["messages"] = CookieStorage(rf.get("/"))._encode(notes)
    page = signed_in.get(MINE).content.decode()
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page
    assert '<div class="note" role="status"><h2>Done</h2></div>' in page


class TestCancelPage:
    @pytest.mark.parametrize(
        ("capacity", "has_waitlist", "promise"),
        [
            (1, True, "Your seat goes to the next person on the waitlist."),
            (1, False, "Your seat becomes available to someone else."),
            (None, False, ""),
        ],
    )
    def test_the_page_promises_the_seat_to_the_waitlist_only_if_there_is_one(
        self, signed_in, provider, now, capacity, has_waitlist, promise
    ):
        series = series_of(now, 3, capacity=capacity)
        register(series, provider, now=now)
        if has_waitlist:
            register(series, UserFactory(), now=now)
        page = read(signed_in, f"/en/registration/{series.slug}/cancel/")
        assert promise in page
        assert ("waitlist" in page) == has_waitlist
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
