"""The page to register on: the dates before the form, and when registration closes on the reader's clock too."""

from datetime import timedelta

import pytest
import time_machine

from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


def text(response):
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


@pytest.mark.parametrize("is_known", [False, True])
def test_the_dates_stand_above_the_form(client, open_series, is_known):
    if is_known:
        client.force_login(UserFactory(with_profile=True))
    page = text(client.get(f"/en/registration/{open_series.slug}/"))
    assert page.index("<h1>") < page.index("Thursday, December 3, 2026") < page.index('<form class="form"')


def test_what_has_to_be_corrected_stands_above_both(client, open_series):
    page = text(client.post(f"/en/registration/{open_series.slug}/", {"name": "", "email": ""}))
    assert page.index('class="summary"') < page.index("Thursday, December 3, 2026")
    assert f"<title> Error: Register: {open_series.title_en} · " in page


def test_registration_closes_on_the_readers_clock_too(client, open_series):
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


def test_registration_opens_on_the_readers_clock_too(client, now):
    series = SessionFactory(now=now, registration_opens_at=now + timedelta(days=2)).series
    client.cookies["zone"] = "America/St_Johns"
    page = text(client.get(series.get_absolute_url()))
    assert "Registration opens November 25, 2026, 10:00 am ET. Your time: 11:30 am (NT)." in page


@pytest.mark.parametrize(("taken", "words"), [(0, "0 place prise sur 2"), (1, "1 place prise"), (2, "2 places prises")])
def test_seats_are_counted_in_good_french(client, now, taken, words):
    series = SessionFactory(now=now, capacity=2, seats_taken=taken).series
    assert words in text(client.get(f"/fr/seances/{series.slug}/"))
