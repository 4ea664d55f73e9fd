"""Rate limits that stop one person but not a hospital, and the estimated chances on a waitlist."""

import pytest
import time_machine
from django.test import Client

from outbox.models import Message
from registrations import queries
from registrations.models import Registration
from registrations.services import cancel, fill_free_seats, register
from sessions_app.models import Series
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
FORM = {"name": "Zoé", "profession": "physician", "province": "QC"}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def test_codes_for_one_email_address_are_limited(client, open_series):
    address = f"/en/registration/{open_series.slug}/"
    for _ in range(6):
        assert client.post(address, FORM | {"email": "zoe@example.ca"}).status_code == 302
    response = client.post(address, FORM | {"email": "zoe@example.ca"})
    assert response.status_code == 400
    assert "Wait ten minutes" in response.content.decode()
    assert Message.objects.filter(message_type="code").count() == 6


@pytest.mark.drill
def test_a_hospital_behind_one_ip_address_is_not_limited(client, open_series):
    address = f"/en/registration/{open_series.slug}/"
    for number in range(120):
        assert client.post(address, FORM | {"email": f"nurse{number}@example.ca"}).status_code == 302
    assert Message.objects.filter(message_type="code").count() == 120


def test_codes_for_one_network_are_limited_without_affecting_others(client, open_series, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"send-email": {"pair": (6, 600), "ip": (3, 60)}}
    address = f"/en/registration/{open_series.slug}/"
    statuses = [client.post(address, FORM | {"email": f"n{n}@example.ca"}).status_code for n in range(4)]
    assert statuses == [302, 302, 302, 400]
    assert client.post(address, FORM | {"email": "other@example.ca"}, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_registering_signed_in_is_limited(client, provider, now, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"register-again": {"key": (2, 60), "ip": (99, 60)}}
    client.force_login(provider)
    statuses = [client.post(f"/en/registration/{SessionFactory(now=now).series.slug}/").status_code for _ in range(3)]
    assert statuses == [302, 302, 429]
    assert Registration.objects.count() == 2


def test_sign_in_codes_are_limited_with_and_without_an_account(provider):
    for address in (provider.email, "nobody@example.ca"):
        responses = [Client().post("/en/account/sign-in/", {"email": address}) for _ in range(7)]
        assert [response.status_code for response in responses[:6]] == [302] * 6
        assert (responses[6].status_code, b"Wait ten minutes" in responses[6].content) == (200, True)


class TestChances:
    def waitlisted(self, series, now):
        registration = register(series, UserFactory(), now=now)
        queries.add_waitlist_positions([registration])
        return registration

    def test_released_seats_are_counted_and_too_few_data_give_no_estimate(self, now):
        series = SessionFactory(now=now, capacity=1).series
        first = register(series, UserFactory(), now=now)
        register(series, UserFactory(), now=now)
        cancel(first, now=now)
        chances = queries.chances(self.waitlisted(series, now), now)
        assert (chances.seats_freed, chances.usual, chances.is_likely) == (1, None, False)

    def test_the_estimate_comes_from_the_cancellations_of_the_past_year(self, client, now, clock):
        past = SessionFactory(now=now, days=1, capacity=60).series
        registrations = [register(past, UserFactory(), now=now) for _ in range(50)]
        for registration in registrations[:10]:
            cancel(registration, now=now)
        from datetime import timedelta

        clock.move_to(now + timedelta(days=3))
        later = now + timedelta(days=3)
        series = SessionFactory(now=later, capacity=10).series
        for _ in range(10):
            register(series, UserFactory(), now=later)
        first, second, third = (self.waitlisted(series, later) for _ in range(3))
        assert queries.chances(first, later) == queries.Chances(0, 2, is_likely=True)
        assert queries.chances(second, later).is_likely
        assert not queries.chances(third, later).is_likely
        client.force_login(third.user)
        page = client.get(f"/en/registration/{series.slug}/panel/").content.decode()
        assert "Waitlist: 3rd of 3" in page
        assert "about 2 are usually given up" in page
        assert "Your chances are low" in page
        Series.objects.filter(pk=series.pk).update(capacity=13)
        fill_free_seats(Series.objects.get(pk=series.pk), now=later)
        client.force_login(self.waitlisted(series, later).user)
        page = client.get(f"/en/registration/{series.slug}/panel/").content.decode()
        assert "So far, 3 seats have opened." in page
        assert "usually given up" not in page
