"""Staff actions: register, promote, move, cancel, and cancel a whole series. Also who can and cannot use them."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from outbox.models import Message
from registrations.emails import registration_link
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


def full_series(now, *, waitlisted=2, capacity=1, **fields):
    series = SessionFactory(now=now, capacity=capacity, **fields).series
    registrations = [
        register(series, UserFactory(), now=now + timedelta(seconds=n)) for n in range(capacity + waitlisted)
    ]
    return series, registrations


def states(registrations):
    return list(
        Registration.objects.filter(pk__in=[each.pk for each in registrations])
        .order_by("pk")
        .values_list("state", flat=True)
    )


def message_types(registration):
    return sorted(Message.objects.filter(data__registration=registration.pk).values_list("message_type", flat=True))


def test_promoting_out_of_turn_adds_a_seat_and_records_the_reason(now, staff):
    series, registrations = full_series(now)
    promote(registrations[2], by=staff, reason="She presents the case.", now=now)
    before = series.revision
    series.refresh_from_db()
    assert series.revision == before + 1  # so that nobody who edits the listing meanwhile sets the old capacity
    assert states(registrations) == ["confirmed", "waitlisted", "confirmed"]
    assert (series.capacity, series.seats_taken) == (2, 2)
    action = StaffAction.objects.get()
    assert (action.action, action.by, action.reason) == ("promoted", staff, "She presents the case.")
    assert message_types(registrations[2]) == ["seat-found", "waitlisted"]


def test_moving_takes_a_seat_releases_the_old_one_and_sends_one_email(now, staff, drain):
    series, registrations = full_series(now)
    other = SessionFactory(now=now, days=3, capacity=1).series
    drain(now)
    new = move(registrations[0], other, by=staff, reason="Asked for it.", now=now)
    assert (new.state, new.series) == ("confirmed", other)
    assert states(registrations) == ["cancelled", "confirmed", "waitlisted"]
    moved = next(email for email in drain(now) if email.to == [registrations[0].user.email])
    methods = [
        part.get_param("method") for part in moved.message().walk() if part.get_content_type() == "text/calendar"
    ]
    assert methods == ["CANCEL", "REQUEST"]
    assert series.title_en in moved.body
    assert other.title_en in moved.body
    assert "The attached entries update your calendar." in moved.body
    assert "Give up your seat" in moved.body
    assert registration_link(new) in moved.body


def test_a_person_with_a_seat_is_not_moved_to_a_waitlist(now, staff):
    _series, registrations = full_series(now)
    other, _others = full_series(now)
    with pytest.raises(NoSeatError):
        move(registrations[0], other, by=staff, reason="", now=now)
    assert states(registrations) == ["confirmed", "waitlisted", "waitlisted"]
    assert move(registrations[1], other, by=staff, reason="", now=now).state == "waitlisted"
    past = SessionFactory(now=now, days=-3).series
    with pytest.raises(RegistrationRefusedError):
        move(registrations[0], past, by=staff, reason="", now=now)


def test_the_cancellation_email_has_the_note_and_suggests_other_series(now, staff, drain):
    _series, registrations = full_series(now)
    other = SessionFactory(now=now, title_en="The other one").series
    drain(now)
    cancel_for(registrations[0], by=staff, note="The hub asked for nurses only.\nWe are sorry.", now=now)
    emails = {email.to[0]: email for email in drain(now)}
    email = emails[registrations[0].user.email]
    assert "The hub asked for nurses only." in email.body
    assert other.title_en in email.body
    assert emails[registrations[1].user.email].subject.startswith("You have a seat")


def test_staff_can_register_people_before_opening_and_after_closing_but_not_once_past(now, staff):
    for fields in ({"registration_opens_at": None}, {"is_closed": True}):
        series = SessionFactory(now=now, **fields).series
        registration = register_for(series, "new@example.ca", name="New Person", language="en", by=staff, now=now)
        assert (registration.state, registration.user.name) == ("confirmed", "New Person")
    for fields in ({"is_cancelled": True}, {"is_concluded": True}):
        with pytest.raises(RegistrationRefusedError):
            register_for(
                SessionFactory(now=now, **fields).series, "new@example.ca", name="", language="en", by=staff, now=now
            )


def test_nobody_is_waitlisted_after_registration_has_closed(now, staff):
    series = SessionFactory(now=now, capacity=0, is_closed=True).series
    with pytest.raises(RegistrationRefusedError):
        register_for(series, "new@example.ca", name="", language="en", by=staff, now=now)
    assert not Registration.objects.exists()


class TestSeriesChanges:
    @pytest.mark.parametrize(
        ("change", "message_type"),
        [({"is_cancelled": True}, "series-cancelled"), ({"publication": "draft"}, "series-withdrawn")],
    )
    def test_cancelling_or_withdrawing_a_series_sends_one_email_to_everyone(self, now, drain, change, message_type):
        series, registrations = full_series(now)
        other = SessionFactory(now=now, title_en="The other one").series
        drain(now)
        for name, value in change.items():
            setattr(series, name, value)
        series.note_to_people = {"en": "Our speaker is ill.", "fr": ""}
        series.save()
        series.save()
        assert states(registrations) == ["cancelled"] * 3
        assert Series.objects.get(pk=series.pk).seats_taken == 0
        emails = drain(now)
        assert len(emails) == 3
        assert set(Message.objects.filter(state="sent").values_list("message_type", flat=True)) >= {message_type}
        for email in emails:
            assert "Our speaker is ill." in email.body
            assert other.title_en in email.body
        attachments = [len(email.attachments) for email in emails]
        assert sorted(attachments) == [0, 0, 1]  # only the seat has calendar entries to remove

    def test_archiving_a_past_series_sends_nothing(self, now, clock, drain):
        series, _registrations = full_series(now, days=1)
        drain(now)
        clock.move_to(now + timedelta(days=5))
        close_due_waitlists(now + timedelta(days=5))
        drain(now + timedelta(days=5))
        series.publication = "archived"
        series.save()
        assert drain(now + timedelta(days=5)) == []

    def test_at_the_closing_time_everyone_on_the_waitlist_gets_an_email(self, now, drain):
        series, registrations = full_series(now, days=2)
        drain(now)
        later = series.first_starts_at
        assert close_due_waitlists(later - timedelta(seconds=1)) == 0
        assert close_due_waitlists(later) == 1
        assert close_due_waitlists(later) == 0
        assert states(registrations) == ["confirmed", "cancelled", "cancelled"]
        assert [email.subject for email in drain(later)] == [f"No seat opened up: {series.title_en}"] * 2

    def test_closing_a_series_by_hand_ends_the_waitlist_at_once(self, now):
        series, registrations = full_series(now)
        series.is_closed = True
        series.save()
        assert states(registrations) == ["confirmed", "cancelled", "cancelled"]


class TestAdmin:
    @pytest.fixture
    def browser(self, client, staff):
        client.force_login(staff)
        return client

    def test_each_action_has_its_own_page(self, browser, now):
        _series, registrations = full_series(now)
        other = SessionFactory(now=now).series
        base = "/en/admin/registrations/registration"
        page = browser.get(f"{base}/{registrations[1].pk}/change/").content.decode()
        assert "Skip the waitlist" in page
        browser.post(f"{base}/{registrations[1].pk}/promote/", {"reason": "First case."})
        browser.post(f"{base}/{registrations[2].pk}/move/", {"to": other.pk, "reason": "Asked."})
        browser.post(f"{base}/{registrations[0].pk}/cancel/", {"note": "Sorry."})
        assert states(registrations) == ["cancelled", "confirmed", "cancelled"]
        browser.post(f"{base}/add/", {"series": other.pk, "email": "new@example.ca", "name": "New"})
        assert Registration.objects.filter(series=other).count() == 2
        assert StaffAction.objects.count() == 4

    def test_a_refused_action_shows_an_error_and_the_note_is_required(self, browser, now):
        _series, registrations = full_series(now)
        other, _ = full_series(now)
        base = "/en/admin/registrations/registration"
        page = browser.post(f"{base}/{registrations[0].pk}/move/", {"to": other.pk, "reason": "x"}).content.decode()
        assert "That series has no seats left." in page
        browser.post(f"{base}/{registrations[0].pk}/cancel/", {"note": ""})
        assert states(registrations)[0] == "confirmed"

    @pytest.mark.parametrize("action", ["promote", "move", "cancel"])
    def test_the_actions_are_a_404_without_the_permission(self, client, now, action):
        _series, registrations = full_series(now)
        viewer = UserFactory(is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_registration"))
        address = f"/en/admin/registrations/registration/{registrations[1].pk}/{action}/"
        client.force_login(viewer)
        assert client.post(address, {"reason": "x", "note": "x"}).status_code == 404
        assert client.get("/en/admin/registrations/registration/add/").status_code == 404
        assert states(registrations) == ["confirmed", "waitlisted", "waitlisted"]
        client.logout()
        assert client.get(address).status_code == 302

    def test_cancelling_a_series_with_registrations_needs_a_confirmation(self, browser, now):
        from tests.sessions_app.test_admin import fields

        series, registrations = full_series(now)
        data = fields(slug=series.slug, publication="published", capacity="1", is_cancelled="on")
        data |= {"sessions-TOTAL_FORMS": "0", "note_en": "Ill."}
        address = f"/en/admin/sessions_app/series/{series.pk}/change/"
        page = browser.post(address, data).content.decode()
        assert "This cancels the registrations of 3 people" in page
        assert states(registrations) == ["confirmed", "waitlisted", "waitlisted"]
        assert browser.post(address, data | {"notify_everyone": "on"}).status_code == 302
        assert states(registrations) == ["cancelled"] * 3
        assert Message.objects.filter(message_type="series-cancelled", data__note__en="Ill.").count() == 3

    def test_the_list_action_does_not_withdraw_a_series_with_registrations(self, browser, now):
        series, registrations = full_series(now)
        empty = SessionFactory(now=now).series
        data = {"action": "withdraw", "_selected_action": [series.pk, empty.pk]}
        page = browser.post(reverse("admin:sessions_app_series_changelist"), data, follow=True).content.decode()
        assert "To take it off the site, open its page" in page
        assert set(Series.objects.values_list("publication", flat=True)) == {"published", "draft"}
        assert states(registrations)[0] == "confirmed"


def test_registering_someone_who_is_registered_already_records_nothing(now, staff, provider):
    series = SessionFactory(now=now).series
    registration = register(series, provider, now=now)
    later = now + timedelta(hours=1)
    assert register_for(series, provider.email, name="", language="en", by=staff, now=later) == registration
    assert not StaffAction.objects.exists()


def test_a_moved_registration_is_still_one_that_staff_made(now, staff):
    series, other = (SessionFactory(now=now).series for _ in range(2))
    added = register_for(series, "new@example.ca", name="", language="en", by=staff, now=now)
    moved = move(added, other, by=staff, reason="", now=now + timedelta(hours=1))
    assert list(moved.staff_actions.values_list("action", "by", "at")) == [("registered", staff.pk, now)]


def test_the_reason_says_who_can_read_it(client, now, staff):
    _series, registrations = full_series(now)
    client.force_login(staff)
    page = client.get(reverse("admin:registrations_registration_promote", args=[registrations[1].pk]))
    assert "Hubs can’t see this. The person can, in a copy of their data." in page.content.decode()
