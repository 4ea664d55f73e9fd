"""Staff register, promote, move and cancel; what a change of the series means to everyone in it; both sides of the wall."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from outbox.models import Message
from registrations.models import Registration, StaffAction
from registrations.services import (
    NoSeatError,
    RegistrationRefusedError,
    cancel_for,
    close_due_waitlists,
    move,
    promote,
    register,
    register_for,
)
from sessions_app.models import Series
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def staff(db):
    return UserFactory(is_staff=True, is_superuser=True)


def full(now, *, waiting=2, capacity=1, **fields):
    series = SessionFactory(now=now, capacity=capacity, **fields).series
    places = [register(series, UserFactory(), now=now + timedelta(seconds=n)) for n in range(capacity + waiting)]
    return series, places


def states(places):
    return list(
        Registration.objects.filter(pk__in=[p.pk for p in places]).order_by("pk").values_list("state", flat=True)
    )


def told(place):
    return sorted(Message.objects.filter(data__registration=place.pk).values_list("message_type", flat=True))


def test_promoting_out_of_turn_adds_a_seat_and_keeps_why(now, staff):
    series, places = full(now)
    promote(places[2], by=staff, reason="She presents the case.", now=now)
    series.refresh_from_db()
    assert states(places) == ["confirmed", "waitlisted", "confirmed"]
    assert (series.capacity, series.seats_taken) == (2, 2)
    act = StaffAction.objects.get()
    assert (act.action, act.by, act.reason) == ("promoted", staff, "She presents the case.")
    assert told(places[2]) == ["seat-found", "waitlisted"]


def test_moving_gives_the_seat_there_frees_the_one_here_and_tells_once(now, staff, drain):
    series, places = full(now)
    other = SessionFactory(now=now, days=3, capacity=1).series
    drain(now)
    arrived = move(places[0], other, by=staff, reason="Asked for it.", now=now)
    assert (arrived.state, arrived.series) == ("confirmed", other)
    assert states(places) == ["cancelled", "confirmed", "waitlisted"]
    moved = next(mail for mail in drain(now) if mail.to == [places[0].user.email])
    methods = [
        part.get_param("method") for part in moved.message().walk() if part.get_content_type() == "text/calendar"
    ]
    assert methods == ["CANCEL", "REQUEST"]
    assert series.title_en in moved.body
    assert other.title_en in moved.body


def test_whoever_has_a_seat_is_not_moved_into_a_line(now, staff):
    _series, places = full(now)
    other, _others = full(now)
    with pytest.raises(NoSeatError):
        move(places[0], other, by=staff, reason="", now=now)
    assert states(places) == ["confirmed", "waitlisted", "waitlisted"]
    assert move(places[1], other, by=staff, reason="", now=now).state == "waitlisted"
    past = SessionFactory(now=now, days=-3).series
    with pytest.raises(RegistrationRefusedError):
        move(places[0], past, by=staff, reason="", now=now)


def test_cancelling_with_a_message_says_it_in_the_mail_and_offers_others(now, staff, drain):
    _series, places = full(now)
    other = SessionFactory(now=now, title_en="The other one").series
    drain(now)
    cancel_for(places[0], by=staff, note="The hub asked for nurses only.\nWe are sorry.", now=now)
    mails = {mail.to[0]: mail for mail in drain(now)}
    mail = mails[places[0].user.email]
    assert "The hub asked for nurses only." in mail.body
    assert other.title_en in mail.body
    assert mails[places[1].user.email].subject.startswith("You have a seat")


def test_staff_register_someone_before_it_opens_and_after_it_closes_but_never_past(now, staff):
    for fields in ({"registration_opens_at": None}, {"is_closed": True}):
        series = SessionFactory(now=now, **fields).series
        place = register_for(series, "new@example.ca", name="New Person", language="en", by=staff, now=now)
        assert (place.state, place.user.name) == ("confirmed", "New Person")
    for fields in ({"is_cancelled": True}, {"is_concluded": True}):
        with pytest.raises(RegistrationRefusedError):
            register_for(
                SessionFactory(now=now, **fields).series, "new@example.ca", name="", language="en", by=staff, now=now
            )


def test_nobody_is_put_in_line_where_registration_has_closed(now, staff):
    series = SessionFactory(now=now, capacity=0, is_closed=True).series
    with pytest.raises(RegistrationRefusedError):
        register_for(series, "new@example.ca", name="", language="en", by=staff, now=now)
    assert not Registration.objects.exists()


class TestWhenTheSeriesChanges:
    @pytest.mark.parametrize(
        ("change", "kind"),
        [({"is_cancelled": True}, "series-cancelled"), ({"publication": "draft"}, "series-withdrawn")],
    )
    def test_cancelled_or_withdrawn_tells_everyone_once(self, now, drain, change, kind):
        series, places = full(now)
        other = SessionFactory(now=now, title_en="The other one").series
        drain(now)
        for name, value in change.items():
            setattr(series, name, value)
        series.note_to_people = "Our speaker is ill."
        series.save()
        series.save()
        assert states(places) == ["cancelled"] * 3
        assert Series.objects.get(pk=series.pk).seats_taken == 0
        mails = drain(now)
        assert len(mails) == 3
        assert set(Message.objects.filter(state="sent").values_list("message_type", flat=True)) >= {kind}
        for mail in mails:
            assert "Our speaker is ill." in mail.body
            assert other.title_en in mail.body
        carried = [len(mail.attachments) for mail in mails]
        assert sorted(carried) == [0, 0, 1]  # who had a seat gets it taken out of the calendar

    def test_a_past_series_is_archived_quietly(self, now, clock, drain):
        series, _places = full(now, days=1)
        drain(now)
        clock.move_to(now + timedelta(days=5))
        close_due_waitlists(now + timedelta(days=5))
        drain(now + timedelta(days=5))
        series.publication = "archived"
        series.save()
        assert drain(now + timedelta(days=5)) == []

    def test_nobody_is_left_without_an_answer_when_the_closing_time_comes(self, now, drain):
        series, places = full(now, days=2)
        drain(now)
        later = series.first_starts_at
        assert close_due_waitlists(later - timedelta(seconds=1)) == 0
        assert close_due_waitlists(later) == 1
        assert close_due_waitlists(later) == 0
        assert states(places) == ["confirmed", "cancelled", "cancelled"]
        assert [mail.subject for mail in drain(later)] == [f"No seat opened up: {series.title_en}"] * 2

    def test_closing_by_hand_answers_the_line_at_once(self, now):
        series, places = full(now)
        series.is_closed = True
        series.save()
        assert states(places) == ["confirmed", "cancelled", "cancelled"]


class TestAdmin:
    @pytest.fixture
    def browser(self, client, staff):
        client.force_login(staff)
        return client

    def test_each_act_has_its_page(self, browser, now):
        _series, places = full(now)
        other = SessionFactory(now=now).series
        base = "/en/admin/registrations/registration"
        page = browser.get(f"{base}/{places[1].pk}/change/").content.decode()
        assert "Skip the waitlist" in page
        browser.post(f"{base}/{places[1].pk}/promote/", {"reason": "First case."})
        browser.post(f"{base}/{places[2].pk}/move/", {"to": other.pk, "reason": "Asked."})
        browser.post(f"{base}/{places[0].pk}/cancel/", {"note": "Sorry."})
        assert states(places) == ["cancelled", "confirmed", "cancelled"]
        browser.post(f"{base}/add/", {"series": other.pk, "email": "new@example.ca", "name": "New"})
        assert Registration.objects.filter(series=other).count() == 2
        assert StaffAction.objects.count() == 4

    def test_a_refusal_is_a_sentence_and_an_empty_reason_is_refused(self, browser, now):
        _series, places = full(now)
        other, _ = full(now)
        base = "/en/admin/registrations/registration"
        page = browser.post(f"{base}/{places[0].pk}/move/", {"to": other.pk, "reason": "x"}).content.decode()
        assert "That series has no seats left." in page
        browser.post(f"{base}/{places[0].pk}/cancel/", {"note": ""})
        assert states(places)[0] == "confirmed"

    @pytest.mark.parametrize("act", ["promote", "move", "cancel"])
    def test_staff_without_the_right_and_strangers_find_nothing(self, client, now, act):
        _series, places = full(now)
        viewer = UserFactory(is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_registration"))
        address = f"/en/admin/registrations/registration/{places[1].pk}/{act}/"
        client.force_login(viewer)
        assert client.post(address, {"reason": "x", "note": "x"}).status_code == 404
        assert client.get("/en/admin/registrations/registration/add/").status_code == 404
        assert states(places) == ["confirmed", "waitlisted", "waitlisted"]
        client.logout()
        assert client.get(address).status_code == 302

    def test_the_series_page_asks_before_it_ends_anybodys_place(self, browser, now):
        from tests.sessions_app.test_admin import fields

        series, places = full(now)
        data = fields(slug=series.slug, publication="published", capacity="1", is_cancelled="on")
        data |= {"sessions-TOTAL_FORMS": "0", "note_to_people": "Ill."}
        address = f"/en/admin/sessions_app/series/{series.pk}/change/"
        page = browser.post(address, data).content.decode()
        assert "This cancels the registrations of 3 people" in page
        assert states(places) == ["confirmed", "waitlisted", "waitlisted"]
        assert browser.post(address, data | {"notify_everyone": "on"}).status_code == 302
        assert states(places) == ["cancelled"] * 3
        assert Message.objects.filter(message_type="series-cancelled", data__note="Ill.").count() == 3

    def test_the_list_does_not_withdraw_what_people_are_registered_for(self, browser, now):
        series, places = full(now)
        empty = SessionFactory(now=now).series
        data = {"action": "withdraw", "_selected_action": [series.pk, empty.pk]}
        page = browser.post(reverse("admin:sessions_app_series_changelist"), data, follow=True).content.decode()
        assert "To take it off the site, open its page" in page
        assert set(Series.objects.values_list("publication", flat=True)) == {"published", "draft"}
        assert states(places)[0] == "confirmed"
