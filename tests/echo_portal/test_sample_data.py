"""Sample data: a realistic program with every registration status, accounts to sign in with, and correct seat counts."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count
from django.urls import reverse
from django.utils import translation

from accounts.models import ProviderProfile, User
from echo_portal.checkout import sample
from echo_portal.checkout.sample import handful, many
from hubs.models import Hub
from newsletters.models import Issue, Subscriber
from newsletters.services.checklist import check
from newsletters.services.publications import read_pdf
from outbox.models import BulkSend, Message, State
from registrations import queries
from registrations.deliveries import Outcome, emails_of, outcomes
from registrations.models import Announcement, Attendance, HubMessage, Registration, RegistrationState
from registrations.services import close_due_waitlists, notify_session_changes
from registrations.tokens import make_join_token
from sessions_app import feeds
from sessions_app.models import Feed, Resource, Series, Session
from sessions_app.status import Status, registration_status

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def loaded_once(django_db_setup, django_db_blocker):
    """The sample data, loaded once for all tests of this file. The changes of each test are rolled back to this state."""
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(NOW, tick=False):
            call_command("sample_data")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def loaded(loaded_once):
    with time_machine.travel(NOW, tick=False):
        yield


def all_rows():
    models = (Series, Session, Registration, Resource, Attendance, Announcement, User, ProviderProfile, Message)
    return [list(model.objects.order_by("pk").values()) for model in models]


# The last day is a Sunday before sessions on Monday. The second day is close to Christmas.
@pytest.mark.parametrize("day", [date(2026, 11, 24), date(2026, 12, 14), date(2027, 3, 22), date(2027, 6, 20)])
def test_every_registration_status_appears_on_any_day(day):
    now = datetime(day.year, day.month, day.day, 18, 30, tzinfo=UTC)
    sample.load_handful(now)
    statuses = Counter(registration_status(series, now) for series in Series.objects.all())
    assert set(statuses) == set(Status)
    soon = Series.objects.filter(is_concluded=False, is_cancelled=False)
    soon = [series for series in soon if registration_status(series, now) == Status.SOON]
    assert {series.registration_opens_at is None for series in soon} == {True, False}
    assert Session.objects.filter(delivery="postponed", starts_at__gt=now).count() == 1


def test_there_are_staff_and_provider_accounts_to_sign_in_with(client, loaded):
    assert client.login(email=sample.STAFF_EMAIL, password=sample.STAFF_PASSWORD)
    assert User.objects.get(email=sample.PROVIDER_EMAIL).profile.province == "QC"
    assert User.objects.filter(email__in=[f"provider{n}@echo.example.ca" for n in (1, 2, 3)]).count() == 3


def test_two_hubs_have_teams_at_work(client, loaded):
    coordinator = User.objects.get(email=sample.COORDINATOR_EMAIL)
    assert Hub.objects.exclude(memberships=None).distinct().count() == 2
    assert Hub.objects.filter(is_trusted=True).count() == 1
    assert User.objects.annotate(hubs=Count("memberships")).filter(hubs=2).count() == 1
    for hub in Hub.objects.exclude(memberships=None).distinct():
        assert hub.memberships.filter(role="coordinator").exists()
    client.force_login(coordinator)
    page = client.get("/en/workspace/", follow=True).content.decode()
    assert "Returned to you:" in page
    assert "Waiting for Pallium Canada:" in page
    assert Series.objects.filter(publication="submitted", hub__memberships__user=coordinator).exists()


def test_a_message_of_a_hub_was_delivered_to_all_but_one_person(client, loaded):
    message = HubMessage.objects.get()
    seated = handful.SEATS[handful.FIRST_WORDS].taken
    assert (message.sent_to, emails_of([message]).count()) == (seated, seated)
    assert outcomes([message])[message.pk] == {Outcome.SENT: seated - 1, Outcome.BOUNCED: 1}
    assert (
        not message.series.registrations.confirmed()
        .filter(confirmed_at__gt=message.sent_at, confirmed_at__lt=NOW)
        .exists()
    )
    client.force_login(User.objects.get(email=sample.COORDINATOR_EMAIL))
    page = client.get(reverse("workspace:messages", args=[message.series.hub.slug, message.series_id]))
    assert f"Sent: <b>{seated - 1}</b>" in page.content.decode()
    assert "Bounced: <b>1</b>" in page.content.decode()


def test_seat_counts_are_correct_and_realistic(loaded):
    for series in Series.objects.exclude(capacity=None):
        assert 30 <= series.capacity <= 60
        assert series.seats_taken == series.registrations.confirmed().count()
    left = sorted(
        series.seats_left
        for series in Series.objects.exclude(capacity=None)
        if registration_status(series, NOW) == Status.OPEN
    )
    assert left[0] < 10 < left[-1]
    waitlisted = Registration.objects.waitlisted()
    assert waitlisted.count() >= 5
    assert {registration_status(registration.series, NOW) for registration in waitlisted} == {Status.WAITLIST}


def test_most_series_have_descriptions_objectives_and_speakers_in_both_languages(loaded):
    series = Series.objects.all()
    for name in ("summary", "description", "objectives"):
        assert series.exclude(**{f"{name}_fr": ""}).count() > 0.8 * series.count()
    in_english = series.exclude(language="fr")
    for name in ("title", "summary", "description", "objectives"):
        assert in_english.exclude(**{f"{name}_en": ""}).count() > 0.8 * in_english.count()
        assert not in_english.exclude(**{f"{name}_en": ""}).filter(**{f"{name}_fr": ""}).exists()
    sessions = Session.objects.all()
    assert sessions.exclude(speakers_fr="").count() > 0.7 * sessions.count()


def test_hubs_use_the_time_zone_of_their_region(loaded):
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


def test_the_sample_provider_has_upcoming_waitlisted_and_past_registrations(loaded):
    mine = queries.mine(User.objects.get(email=sample.PROVIDER_EMAIL), NOW, None)
    confirmed, [waitlisted] = mine.next, mine.waitlist
    assert mine.upcoming == []
    assert (confirmed.registration.state, len(confirmed.meetings_ahead)) == (RegistrationState.CONFIRMED, 3)
    assert all(session.join_url for session in confirmed.meetings_ahead)
    assert (
        waitlisted.registration.state,
        waitlisted.registration.waitlist_position,
        waitlisted.registration.waitlist_length,
    ) == (
        RegistrationState.WAITLISTED,
        4,
        5,
    )
    [past] = mine.past
    assert {resource.kind for resource in past.series.resources.all()} == {"recording", "slides"}
    assert past.registration.attendances.count() == 2


def test_past_series_have_dates_recordings_and_attendance(loaded):
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


def test_only_the_sample_providers_get_email(loaded):
    known = {sample.PROVIDER_EMAIL, *(f"provider{n}@echo.example.ca" for n in (1, 2, 3))}
    service_email = Message.objects.filter(is_bulk=False).exclude(state=State.SENT)
    assert service_email.count() == len(handful.REGISTERED)
    assert set(service_email.values_list("to", flat=True)) <= known
    assert not Message.objects.filter(is_bulk=True, state=State.QUEUED).exists()
    later = NOW + timedelta(minutes=10)
    assert (notify_session_changes(later), close_due_waitlists(later)) == (0, 0)


def test_two_issues_were_sent_with_their_results_and_a_third_is_a_draft(client, loaded):
    sent = Issue.objects.public()
    assert [issue.state for issue in sent] == ["sent", "sent"]
    for issue in sent:
        assert check(issue, audience=issue.bulk_send.audience) == []
        assert issue.bulk_send.messages.count() == issue.bulk_send.audience == Subscriber.objects.count()
        for language in ("en", "fr"):
            with translation.override(language):
                page = client.get(issue.get_absolute_url()).content.decode()
            assert getattr(issue, f"title_{language}") in page
            assert "[[" not in page
    assert set(Message.objects.filter(is_bulk=True).values_list("state", flat=True)) == {
        State.SENT,
        State.FAILED,
        State.SUPPRESSED,
        State.UNSUBSCRIBED,
    }
    assert BulkSend.objects.exclude(state="finished").count() == 0
    draft = Issue.objects.get(state="draft")
    assert [problem.code for problem in check(draft, audience=1) if problem.blocks] == ["no-text"]


def test_the_overview_can_be_downloaded_in_both_languages(client, loaded):
    page = client.get("/fr/").content.decode()
    for language in ("en", "fr"):
        address = f"/fr/bulletin/publications/project-overview-{language}.pdf"
        assert address in page
        content = client.get(address).content
        assert read_pdf(BytesIO(content)) == content
        assert f"/Lang ({language}-CA)".encode() in content


@pytest.mark.parametrize("once", [True, False])
def test_loading_again_later_changes_nothing(loaded, once):
    before = all_rows()
    with time_machine.travel(NOW + timedelta(days=60), tick=False):
        call_command("sample_data", once=once)
    assert all_rows() == before


def test_existing_data_is_not_changed(loaded):
    """Covers a series with the same slug, and sample staff that were deleted."""
    Series.objects.filter(slug=handful.GRIEF).update(title_en="Our own")
    Registration.objects.filter(series__slug=handful.PAIN).delete()
    before = all_rows()
    User.objects.filter(email=sample.STAFF_EMAIL).delete()
    call_command("sample_data")
    after = all_rows()
    assert after[:6] == before[:6]
    assert len(after[6]) == len(before[6])
    assert after[7:] == before[7:]


def test_a_larger_scale_has_correct_seat_counts_and_lists_every_hub(monkeypatch):
    monkeypatch.setattr(
        many, "PER_SCALE", {"hubs": 2, "series": 20, "providers": 30, "registrations": 100, "subscribers": 50}
    )
    call_command("sample_data")
    feeds.build_missing(NOW)
    call_command("sample_data", scale=2)
    assert not Feed.objects.filter(name__in=["all", "language-en", "language-fr"]).exists()
    assert Feed.objects.filter(name="hub-estrie").exists()
    assert Hub.objects.listed().filter(slug__startswith="hub-").count() == 4
    new_series = Series.objects.filter(slug__startswith="sample-")
    assert (new_series.count(), Session.objects.filter(series__in=new_series).count()) == (40, 120)
    for series in new_series:
        assert series.seats_taken == series.registrations.confirmed().count()
    assert Registration.objects.filter(series__in=new_series).count() == 200
    assert Subscriber.objects.filter(email__startswith="subscriber").count() == 100
    with pytest.raises(CommandError, match="is already loaded"):
        call_command("sample_data", scale=2)


def test_the_sample_provider_can_join_when_a_session_starts(client, loaded):
    registration = Registration.objects.get(user__email=sample.PROVIDER_EMAIL, series__slug=handful.DIFFICULT_CASES)
    session = registration.series.sessions.first()
    with time_machine.travel(session.starts_at, tick=False):
        response = client.post(f"/en/registration/join/{make_join_token(registration.pk, session.pk)}/")
    assert session.join_url in response.content.decode()
    assert session.join_url.startswith("https://video.example.ca/")
