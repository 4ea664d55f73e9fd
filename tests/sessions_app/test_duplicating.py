"""A past series becomes a new draft on new dates."""

from datetime import UTC, date, datetime, timedelta

import pytest

from registrations.models import Registration
from sessions_app.editing import removing, review
from sessions_app.editing.duplicate import duplicate
from sessions_app.editing.errors import NotAllowedToDuplicateError, NotAllowedToPublishError
from sessions_app.models import Question, Series, Session
from tests.factories import HubFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_duplicate_has_the_texts_and_settings_on_new_dates(now):
    first = datetime(2026, 9, 17, 16, tzinfo=UTC)  # noon in Toronto, in summer
    values = {"title_fr": "La douleur", "capacity": 30, "audience": ["physician"], "credits_en": "One hour."}
    series = SeriesFactory(title_en="Pain", hub=HubFactory(), registration_opens_at=now, **values)
    for week, title in ((0, "One"), (2, "Two"), (4, "Three")):
        starts_at = first + timedelta(weeks=week)
        link = {"join_url": "https://zoom.example.ca/1", "delivery": "cancelled" if week == 4 else "scheduled"}
        Session.objects.create(
            series=series, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), title_en=title, **link
        )
    Question.objects.create(series=series, label_en="Where?")
    Registration.objects.create(series=series, user=UserFactory(), state="confirmed", created_at=now)

    copy = duplicate(series, date(2027, 2, 25), by=UserFactory(), now=now)

    assert (copy.publication, copy.hub, copy.seats_taken, copy.registration_opens_at) == ("draft", series.hub, 0, None)
    assert {name: getattr(copy, name) for name in values} == values
    assert copy.slug not in (series.slug, series.slug_fr)
    sessions = [(one.title_en, one.starts_at.isoformat(), one.join_url) for one in copy.sessions.all()]
    assert sessions == [("One", "2027-02-25T17:00:00+00:00", ""), ("Two", "2027-03-11T17:00:00+00:00", "")]
    assert copy.questions.get().label_en == "Where?"
    assert series.sessions.count() == 3


def test_a_series_without_sessions_can_be_duplicated(now):
    copy = duplicate(SeriesFactory(is_unlisted=True), date(2027, 2, 25), by=UserFactory(), now=now)
    assert (copy.sessions.count(), copy.is_unlisted) == (0, True)


@pytest.fixture
def trusted(now):
    return SessionFactory(now=now, hub=HubFactory(is_trusted=True)).series


def copy_of(series, now):
    return duplicate(series, date(2027, 2, 25), by=UserFactory(), now=now)


def test_a_trusted_hub_cannot_copy_what_staff_took_off_the_site_until_they_publish_it_again(trusted, now):
    staff, member = UserFactory(is_staff=True, is_superuser=True), UserFactory()
    review.take_off_site(trusted, by=staff, now=now)
    with pytest.raises(NotAllowedToDuplicateError):
        copy_of(trusted, now)
    removing.archive(trusted, now=now)
    with pytest.raises(NotAllowedToDuplicateError):
        copy_of(trusted, now)
    Series.objects.update(publication="draft")
    review.submit(trusted, by=member, now=now)
    with pytest.raises(NotAllowedToDuplicateError):
        copy_of(trusted, now)
    assert Series.objects.count() == 1
    review.publish(trusted, by=staff, now=now)
    assert copy_of(trusted, now).publication == "draft"


def test_nor_what_staff_archived_on_its_page(trusted, now):
    staff = UserFactory(is_staff=True, is_superuser=True)
    trusted.publication = "archived"
    trusted.save()
    review.note_taken_off(trusted, "published", by=staff, now=now)
    with pytest.raises(NotAllowedToDuplicateError):
        copy_of(trusted, now)
    assert duplicate(trusted, date(2027, 2, 25), by=staff, now=now).publication == "draft"


def test_a_trusted_hub_publishes_the_copy_of_any_other_series_by_itself(trusted, now):
    member = UserFactory()
    removing.archive(SessionFactory(now=now, days=-9, hub=trusted.hub).series, now=now)
    for series in Series.objects.all():
        copy = copy_of(series, now)
        review.publish(copy, by=member, now=now)
        copy.refresh_from_db()
        assert copy.publication == "published"


def test_the_copy_of_a_hub_that_is_not_trusted_is_reviewed_anyway(now):
    series, staff = SessionFactory(now=now, hub=HubFactory()).series, UserFactory(is_staff=True, is_superuser=True)
    review.take_off_site(series, by=staff, now=now)
    copy = copy_of(series, now)
    with pytest.raises(NotAllowedToPublishError):
        review.publish(copy, by=UserFactory(), now=now)
