"""A past series becomes a new draft on new dates."""

from datetime import UTC, date, datetime, timedelta

import pytest

from registrations.models import Registration
from sessions_app.editing.duplicate import duplicate
from sessions_app.models import Question, Session
from tests.factories import HubFactory, SeriesFactory, UserFactory

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
