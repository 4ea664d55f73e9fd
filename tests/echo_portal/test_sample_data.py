"""Sample data: a program that looks real, with every registration status, people to sign in as, and seats that add up."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import ProviderProfile, User
from echo_portal.checkout import sample
from echo_portal.checkout.sample import handful, many
from hubs.models import Hub
from outbox.models import Message
from registrations import queries
from registrations.models import Announcement, Attendance, Registration, RegistrationState
from registrations.services import close_due_waitlists, notify_session_changes
from registrations.tokens import make_join_token
from sessions_app import feeds
from sessions_app.models import Feed, Resource, Series, Session
from sessions_app.status import Status, registration_status

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.fixture
def loaded():
    with time_machine.travel(NOW, tick=False):
        call_command("sample_data")
        yield


def everything():
    models = (Series, Session, Registration, Resource, Attendance, Announcement, User, ProviderProfile, Message)
    return [list(model.objects.order_by("pk").values()) for model in models]


# The day of the last case is a Sunday, with sessions from the next day on; Christmas lies close to the second.
@pytest.mark.parametrize("day", [date(2026, 11, 24), date(2026, 12, 14), date(2027, 3, 22), date(2027, 6, 20)])
def test_every_registration_status_is_there_to_see_whenever_it_is_loaded(day):
    now = datetime(day.year, day.month, day.day, 18, 30, tzinfo=UTC)
    sample.load_handful(now)
    statuses = Counter(registration_status(series, now) for series in Series.objects.all())
    assert set(statuses) == set(Status)
    soon = Series.objects.filter(is_concluded=False, is_cancelled=False)
    soon = [series for series in soon if registration_status(series, now) == Status.SOON]
    assert {series.registration_opens_at is None for series in soon} == {True, False}
    assert Session.objects.filter(delivery="postponed", starts_at__gt=now).count() == 1


def test_one_can_sign_in_as_staff_and_as_a_provider(client, loaded):
    assert client.login(email=sample.STAFF_EMAIL, password=sample.STAFF_PASSWORD)
    assert User.objects.get(email=sample.PROVIDER_EMAIL).profile.province == "QC"
    assert User.objects.filter(email__in=[f"provider{n}@echo.example.ca" for n in (1, 2, 3)]).count() == 3


def test_seats_add_up_and_are_as_many_as_a_real_series_has(loaded):
    for series in Series.objects.exclude(capacity=None):
        assert 30 <= series.capacity <= 60
        assert series.seats_taken == series.registrations.confirmed().count()
    left = sorted(
        series.seats_left
        for series in Series.objects.exclude(capacity=None)
        if registration_status(series, NOW) == Status.OPEN
    )
    assert left[0] < 10 < left[-1]
    waiting = Registration.objects.waitlisted()
    assert waiting.count() >= 5
    assert {registration_status(registration.series, NOW) for registration in waiting} == {Status.WAITLIST}


def test_most_series_say_what_they_are_about_what_one_learns_and_who_speaks_in_both_languages(loaded):
    series = Series.objects.all()
    for name in ("summary", "description", "objectives"):
        assert series.exclude(**{f"{name}_fr": ""}).count() > 0.8 * series.count()
    in_english = series.exclude(language="fr")
    for name in ("title", "summary", "description", "objectives"):
        assert in_english.exclude(**{f"{name}_en": ""}).count() > 0.8 * in_english.count()
        assert not in_english.exclude(**{f"{name}_en": ""}).filter(**{f"{name}_fr": ""}).exists()
    sessions = Session.objects.all()
    assert sessions.exclude(speakers_fr="").count() > 0.7 * sessions.count()


def test_hubs_keep_the_clock_of_their_region(loaded):
    zones = set(Series.objects.values_list("hub__slug", "time_zone"))
    assert zones == {
        (None, "America/Toronto"),
        ("northern-ontario", "America/Toronto"),
        ("estrie", "America/Toronto"),
        ("maritimes", "America/Halifax"),
        ("prairies", "America/Edmonton"),
    }
    noon = Session.objects.filter(series__slug=handful.PAIN).first()
    assert noon.starts_at.astimezone(noon.series.zone).hour == 12


def test_the_provider_has_sessions_to_come_a_place_on_a_waitlist_and_a_past_series_with_a_recording(loaded):
    mine = queries.mine(User.objects.get(email=sample.PROVIDER_EMAIL), NOW, None)
    confirmed, [waiting] = mine.next, mine.waitlist
    assert mine.upcoming == []
    assert (confirmed.registration.state, len(confirmed.meetings_ahead)) == (RegistrationState.CONFIRMED, 3)
    assert all(session.join_url for session in confirmed.meetings_ahead)
    assert (
        waiting.registration.state,
        waiting.registration.waitlist_position,
        waiting.registration.waitlist_length,
    ) == (
        RegistrationState.WAITLISTED,
        4,
        5,
    )
    [over] = mine.past
    assert {resource.kind for resource in over.series.resources.all()} == {"recording", "slides"}
    assert over.registration.attendances.count() == 2


def test_past_series_have_dates_recordings_and_people_who_were_there(loaded):
    past = [
        series
        for series in Series.objects.exclude(last_ends_at=None)
        if registration_status(series, NOW) == Status.PAST
    ]
    assert len(past) >= 4
    assert sum(series.resources.filter(kind="recording").exists() for series in past) >= 3
    for series in past:
        for session in series.sessions.all():
            assert 0.5 < session.attendances.count() / series.seats_taken < 0.8


def test_only_those_one_can_sign_in_as_are_emailed(loaded):
    known = {sample.PROVIDER_EMAIL, *(f"provider{n}@echo.example.ca" for n in (1, 2, 3))}
    assert Message.objects.count() == len(handful.REGISTERED)
    assert set(Message.objects.values_list("to", flat=True)) <= known
    later = NOW + timedelta(minutes=10)
    assert (notify_session_changes(later), close_due_waitlists(later)) == (0, 0)


@pytest.mark.parametrize("once", [True, False])
def test_loading_it_again_later_changes_nothing(loaded, once):
    before = everything()
    with time_machine.travel(NOW + timedelta(days=60), tick=False):
        call_command("sample_data", once=once)
    assert everything() == before


def test_what_is_there_from_elsewhere_stays_as_it_is(loaded):
    """A database whose sample staff was deleted, or that had a series of the same name."""
    Series.objects.filter(slug=handful.GRIEF).update(title_en="Our own")
    Registration.objects.filter(series__slug=handful.PAIN).delete()
    before = everything()
    User.objects.filter(email=sample.STAFF_EMAIL).delete()
    call_command("sample_data")
    after = everything()
    assert after[:6] == before[:6]
    assert len(after[6]) == len(before[6])
    assert after[7:] == before[7:]


def test_a_larger_scale_keeps_seats_and_registrations_equal_and_lists_every_hub(monkeypatch):
    monkeypatch.setattr(many, "PER_SCALE", {"hubs": 2, "series": 20, "providers": 30, "registrations": 100})
    call_command("sample_data")
    feeds.build_missing(NOW)
    call_command("sample_data", scale=2)
    assert not Feed.objects.filter(name__in=["all", "language-en", "language-fr"]).exists()
    assert Feed.objects.filter(name="hub-estrie").exists()
    assert Hub.objects.listed().filter(slug__startswith="hub-").count() == 4
    made = Series.objects.filter(slug__startswith="sample-")
    assert (made.count(), Session.objects.filter(series__in=made).count()) == (40, 120)
    for series in made:
        assert series.seats_taken == series.registrations.confirmed().count()
    assert Registration.objects.filter(series__in=made).count() == 200
    with pytest.raises(CommandError, match="is already loaded"):
        call_command("sample_data", scale=2)


def test_the_provider_can_join_when_the_time_comes(client, loaded):
    registration = Registration.objects.get(user__email=sample.PROVIDER_EMAIL, series__slug=handful.DIFFICULT_CASES)
    session = registration.series.sessions.first()
    with time_machine.travel(session.starts_at, tick=False):
        response = client.post(f"/en/registration/join/{make_join_token(registration.pk, session.pk)}/")
    assert session.join_url in response.content.decode()
    assert session.join_url.startswith("https://video.example.ca/")
