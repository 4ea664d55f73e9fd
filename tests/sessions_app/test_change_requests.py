"""On a published listing some changes go live at once and others wait for staff, who approve or return them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from outbox.models import Message
from registrations.services import register
from sessions_app.editing import review
from sessions_app.editing.changes import Group
from sessions_app.editing.data import SessionData, read
from sessions_app.editing.errors import (
    CapacityTooLowError,
    ChangesConflictError,
    EditedMeanwhileError,
    WrongStepError,
)
from sessions_app.editing.saving import preview_save, read_for_editing, save_listing, waiting_request
from sessions_app.models import ChangeRequest, Series
from tests.factories import HubFactory, MembershipFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def published(now, *, is_trusted):
    hub = HubFactory(is_trusted=is_trusted)
    MembershipFactory(hub=hub)
    return SessionFactory(now=now, series=SeriesFactory(hub=hub, title_en="Pain", capacity=20)).series


@pytest.fixture
def trusted(now):
    return published(now, is_trusted=True)


@pytest.fixture
def staff():
    return UserFactory(is_staff=True, is_superuser=True)


def everything_changed(data):
    moved = {
        "starts_at": data.sessions[0].starts_at + timedelta(days=1),
        "ends_at": data.sessions[0].ends_at + timedelta(days=1),
    }
    session = replace(data.sessions[0], title_en="One", join_url="https://zoom.example.ca/2", **moved)
    values = {"title_en": "Breath", "capacity": 30, "credits_en": "One hour.", "late_joining": True}
    return replace(data.with_values(**values), sessions=[session])


def save(series, change, now, by=None):
    series.refresh_from_db()
    editing = read_for_editing(series)
    return save_listing(series, change(editing.data), revision=editing.revision, by=by or UserFactory(), now=now)


def approve(series, staff, now, **more):
    series.refresh_from_db()
    review.approve(series.change_requests.get(), revision=series.revision, by=staff, now=now, **more)


def groups(changes):
    return {change.group for change in changes}


def test_wording_links_and_settings_of_a_trusted_hub_go_live_at_once(trusted, now):
    saved = save(trusted, everything_changed, now)
    assert groups(saved.live) == {Group.WORDING, Group.LINK, Group.SETTINGS}
    assert groups(saved.waiting) == {Group.DATES, Group.SEATS, Group.CREDITS}
    series = Series.objects.get()
    assert (series.title_en, series.capacity, series.credits_en, series.late_joining) == ("Breath", 20, "", True)
    session = series.sessions.get()
    assert (session.title_en, session.join_url, session.starts_at) == (
        "One",
        "https://zoom.example.ca/2",
        now + timedelta(days=10),
    )


def test_of_another_hub_only_the_link_goes_live_at_once(now):
    series = published(now, is_trusted=False)
    saved = save(series, everything_changed, now)
    assert groups(saved.live) == {Group.LINK}
    assert groups(saved.waiting) == set(Group) - {Group.LINK}
    assert Series.objects.get().title_en == "Pain"


def test_the_page_can_say_beforehand_what_will_wait(trusted, now):
    edit = preview_save(trusted, read_for_editing(trusted), everything_changed(read(trusted)), now)
    assert (len(edit.live), len(edit.waiting)) == (4, 3)
    assert not ChangeRequest.objects.exists()


def test_a_new_session_waits_and_is_added_when_it_is_approved(trusted, staff, now):
    starts_at = now + timedelta(days=17)
    new = SessionData(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), title_en="Two")
    save(trusted, lambda data: replace(data, sessions=[*data.sessions, new]), now)
    assert trusted.sessions.count() == 1
    approve(trusted, staff, now)
    assert trusted.sessions.count() == 2


def test_staff_get_one_email_with_before_and_after(trusted, now, drain, settings):
    for capacity in (30, 40):
        save(trusted, lambda data: data.with_values(capacity=capacity), now)  # noqa: B023 - called at once
    [email] = [email for email in drain(now) if email.to == [settings.CONTACT_EMAIL]]
    assert email.subject == "Changes to review: Pain"
    assert "Seats\n  Before: 20\n  After: 40\n" in email.body


def test_changes_sent_and_taken_back_again_and_again_are_one_email_an_hour(trusted, staff, now, drain):
    for minutes, emails in ((0, 1), (20, 0), (59, 0), (61, 1)):
        later = now + timedelta(minutes=minutes)
        save(trusted, lambda data: data.with_values(capacity=30), later)
        assert len(drain(later)) == emails, minutes
        review.take_back(trusted.change_requests.get(state="waiting"), by=staff, now=later)


def test_the_editor_goes_on_from_the_changes_that_wait(trusted, now):
    save(trusted, lambda data: data.with_values(capacity=30), now)
    assert read_for_editing(trusted).data.values["capacity"] == 30
    saved = save(trusted, lambda data: data.with_values(credits_en="One hour.", title_en="Breath"), now)
    assert (groups(saved.live), groups(saved.waiting)) == ({Group.WORDING}, {Group.SEATS, Group.CREDITS})
    assert ChangeRequest.objects.count() == 1


def test_undoing_the_changes_in_the_form_takes_them_back(trusted, now):
    save(trusted, lambda data: data.with_values(capacity=30), now)
    save(trusted, lambda data: data.with_values(capacity=20), now)
    assert ChangeRequest.objects.get().state == "taken-back"


def test_approved_changes_go_live_once_and_the_hub_is_told(trusted, staff, now):
    save(trusted, everything_changed, now)
    Message.objects.all().delete()
    for _ in range(2):
        approve(trusted, staff, now)
    series, request = Series.objects.get(), ChangeRequest.objects.get()
    assert (series.capacity, series.credits_en, series.sessions.get().starts_at) == (
        30,
        "One hour.",
        now + timedelta(days=11),
    )
    assert (request.state, request.settled_by, request.settled_at) == ("approved", staff, now)
    assert list(series.review.values_list("step", flat=True)) == ["changes-sent", "changes-approved"]
    assert [message.message_type for message in Message.objects.all()] == ["listing-changes-approved"]
    assert waiting_request(series) is None


def test_returned_changes_leave_the_listing_as_it_is(trusted, staff, now):
    save(trusted, lambda data: data.with_values(capacity=30), now)
    request = ChangeRequest.objects.get()
    for _ in range(2):
        review.return_changes(request, comment="The room has 25 seats.", by=staff, now=now)
    request.refresh_from_db()
    assert (request.state, Series.objects.get().capacity) == ("returned", 20)
    assert read_for_editing(trusted).data.values["capacity"] == 20
    assert read_for_editing(trusted, continue_from=request).data.values["capacity"] == 30
    with pytest.raises(WrongStepError):
        approve(trusted, staff, now)
    assert Message.objects.filter(message_type="listing-changes-returned").count() == 1


def test_the_hub_takes_its_changes_back(trusted, staff, now):
    save(trusted, lambda data: data.with_values(capacity=30), now)
    for _ in range(2):
        review.take_back(ChangeRequest.objects.get(), by=UserFactory(), now=now)
    with pytest.raises(WrongStepError):
        review.return_changes(ChangeRequest.objects.get(), comment="Why?", by=staff, now=now)


def test_staff_never_approve_what_they_have_not_seen(trusted, staff, now):
    save(trusted, lambda data: data.with_values(capacity=30), now)
    seen = Series.objects.get().revision
    save(trusted, lambda data: data.with_values(capacity=500), now)
    with pytest.raises(EditedMeanwhileError):
        review.approve(ChangeRequest.objects.get(), revision=seen, by=staff, now=now)
    assert Series.objects.get().capacity == 20


def test_what_staff_changed_meanwhile_is_replaced_only_if_they_say_so(trusted, staff, now):
    save(trusted, lambda data: data.with_values(capacity=30, credits_en="One hour."), now)
    Series.objects.update(capacity=25, title_fr="Une autre")
    request = ChangeRequest.objects.select_related("series").get()
    [conflict] = review.read_request(request).conflicts
    assert (conflict.base, conflict.mine, conflict.theirs) == ("20", "30", "25")
    with pytest.raises(ChangesConflictError):
        approve(trusted, staff, now)
    approve(trusted, staff, now, overwrite=True)
    series = Series.objects.get()
    assert (series.capacity, series.credits_en, series.title_fr) == (30, "One hour.", "Une autre")


def test_approving_checks_the_seats_again(trusted, staff, now):
    save(trusted, lambda data: data.with_values(capacity=1), now)
    Series.objects.update(registration_opens_at=now)
    for _ in range(2):
        register(trusted, UserFactory(), now=now)
    with pytest.raises(CapacityTooLowError):
        approve(trusted, staff, now)


def test_a_refused_capacity_is_refused_before_it_is_sent(trusted, now):
    Series.objects.update(registration_opens_at=now)
    for _ in range(2):
        register(trusted, UserFactory(), now=now)
    with pytest.raises(CapacityTooLowError):
        save(trusted, lambda data: data.with_values(capacity=1), now)
    assert not ChangeRequest.objects.exists()


def test_a_series_has_one_open_request(trusted, now, staff):
    save(trusted, lambda data: data.with_values(capacity=30), now)
    approve(trusted, staff, now)
    save(trusted, lambda data: data.with_values(capacity=40), now)
    assert sorted(ChangeRequest.objects.values_list("state", flat=True)) == ["approved", "waiting"]
