"""The register page: dates before the form, and opening and closing times also in the reader's time zone."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


def text(response):
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_the_dates_come_before_the_form(client, open_series, is_signed_in):
    if is_signed_in:
        client.force_login(UserFactory(with_profile=True))
    page = text(client.get(f"/en/registration/{open_series.slug}/"))
    assert page.index("<h1>") < page.index("Thursday, December 3, 2026") < page.index('<form class="form"')


def test_the_error_summary_comes_before_the_dates(client, open_series):
    page = text(client.post(f"/en/registration/{open_series.slug}/", {"name": "", "email": ""}))
    assert page.index('class="summary"') < page.index("Thursday, December 3, 2026")
    assert f"<title> Error: Register: {open_series.title_en} · " in page


def test_the_cached_fields_hold_nothing_of_another_visitor(open_series):
    def form(zone, data=None, language="en"):
        client = Client()
        client.cookies["zone"] = zone
        address = {"en": "/en/registration/", "fr": "/fr/inscription/"}[language] + f"{open_series.slug}/"
        page = (client.post(address, data) if data else client.get(address)).content.decode()
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        return token, re.findall(r'value="([^"]+)" selected', page), "Zoé" in page

    first, second = form("America/Toronto"), form("America/Toronto")
    assert first[1:] == second[1:] == (["en", "America/Toronto"], False)
    assert first[0] != second[0]
    assert form("America/Vancouver")[1] == ["en", "America/Vancouver"]
    assert form("America/Vancouver", language="fr")[1] == ["fr", "America/Vancouver"]
    assert form("America/Toronto", {"name": "Zoé"})[2]
    assert not form("America/Toronto")[2]


def test_the_closing_time_is_also_in_the_readers_time_zone(client, open_series):
    address = open_series.get_absolute_url()
    assert "Registration closes December 3, 2026, 10:00 am ET. You can" in text(client.get(address))
    client.cookies["zone"] = "America/Edmonton"
    assert "Registration closes December 3, 2026, 10:00 am ET. Your time: 9:00 am (Alberta time)." in text(
        client.get(address)
    )
    french = text(client.get(f"/fr/seances/{open_series.slug}/"))
    assert (
        "se terminent le 3 décembre 2026 à 10 h (HE). Dans votre fuseau horaire : 9 h (heure de l’Alberta)." in french
    )
    client.force_login(UserFactory(with_profile=True))
    panel = text(client.get(f"/en/registration/{open_series.slug}/panel/"))
    assert "Your time: 9:00 am (Alberta time)" in panel


def test_the_opening_time_is_also_in_the_readers_time_zone(client, now):
    series = SessionFactory(now=now, registration_opens_at=now + timedelta(days=2)).series
    client.cookies["zone"] = "America/St_Johns"
    page = text(client.get(series.get_absolute_url()))
    assert "Registration opens November 25, 2026, 10:00 am ET. Your time: 11:30 am (NT)." in page


@pytest.mark.parametrize(("taken", "words"), [(0, "0 place prise sur 2"), (1, "1 place prise"), (2, "2 places prises")])
def test_the_number_of_seats_is_grammatical_in_french(client, now, taken, words):
    series = SessionFactory(now=now, capacity=2, seats_taken=taken).series
    assert words in text(client.get(f"/fr/seances/{series.slug}/"))
