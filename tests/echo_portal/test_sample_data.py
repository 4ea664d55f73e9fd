"""Sample data: every registration status to look at, people to sign in as, and sizes that hold the portal's own rules."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from echo_portal import sample
from registrations.models import Registration
from sessions_app.models import Series, Session
from sessions_app.status import Status, registration_status

pytestmark = pytest.mark.django_db


def test_a_handful_shows_what_there_is_to_see(client):
    call_command("sample_data")
    now = timezone.now()
    assert {registration_status(series, now) for series in Series.objects.all()} >= {
        Status.OPEN,
        Status.WAITLIST,
        Status.SOON,
        Status.FULL,
        Status.PAST,
    }
    assert client.login(email=sample.STAFF_EMAIL, password=sample.STAFF_PASSWORD)
    assert User.objects.get(email=sample.PROVIDER_EMAIL).profile.province == "QC"


def test_once_is_once():
    call_command("sample_data")
    before = Series.objects.count(), Registration.objects.count()
    call_command("sample_data", once=True)
    assert (Series.objects.count(), Registration.objects.count()) == before


def test_a_larger_scale_keeps_seats_and_registrations_equal(monkeypatch):
    monkeypatch.setattr(sample, "PER_SCALE", {"hubs": 2, "series": 20, "providers": 30, "registrations": 100})
    call_command("sample_data", scale=2)
    made = Series.objects.filter(slug__startswith="sample-")
    assert (made.count(), Session.objects.filter(series__in=made).count()) == (40, 120)
    for series in made:
        assert series.seats_taken == series.registrations.confirmed().count()
    assert Registration.objects.filter(series__in=made).count() == 200
    with pytest.raises(CommandError, match="is there already"):
        call_command("sample_data", scale=2)
