"""The program of May 17, 2021 at noon Eastern is shown as it was on the program's own page that day."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.utils import translation

from registrations import services
from sessions_app.models import Series
from tests.factories import UserFactory

FILE = Path(__file__).resolve().parents[2] / "sessions_app" / "sample" / "programme-2021.yaml"
NOON = datetime(2021, 5, 17, 16, 0, tzinfo=UTC)
NBSP = "\u00a0"


@pytest.fixture
def programme(db):
    """Import the program and fill the collaborative, which has no waitlist."""
    with time_machine.travel(NOON, tick=False):
        call_command("import_programme", FILE, verbosity=0)
        collaborative = Series.objects.get(slug__startswith="qi-collaborative")
        collaborative.capacity = 2
        collaborative.save()
        for _ in range(2):
            services.register(collaborative, UserFactory(with_profile=True), now=NOON)
        yield collaborative


def text_of(response):
    """Return the text of a page without tags and repeated spaces."""
    import html
    import re

    return re.sub(r"[ \n\t]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


ENGLISH = {
    "list": [
        "QI Collaborative: Identify Patients with Palliative Care Needs",
        "3 sessions · Friday, May 21, 2021, 12:00–1:00 pm ET",
        "also June 18 · September 17",
        "The Role of Personal Support Workers in Palliative Care",
        "Thursday, June 24, 2021, 12:00–1:00 pm ET",
        "Taking Vitals: The SCQ—The Evidence, Development, and Clinical Necessity of a Measure",
        "Tuesday, June 29, 2021, 12:00–1:00 pm ET",
    ],
    "series": [
        "Session One Friday, May 21, 2021, 12:00–1:00 pm ET",
        "Session Two Friday, June 18, 2021, 12:00–1:00 pm ET",
        "Session Three Friday, September 17, 2021, 12:00–1:00 pm ET",
        "Full and closed",
        "This series is full, and registration is closed.",
    ],
    "past": [
        "7 Keys to Delivering Palliative Care Upstream: What we Learned From 1,000 Patients and Families",
        "Past session",
    ],
    "full": "Full and closed",
    "soon": "Opening soon",
}
FRENCH = {
    "list": [
        "3 séances · vendredi 21 mai 2021, de 12 h à 13 h (HE)",
        "aussi le 18 juin · 17 septembre",
        "jeudi 24 juin 2021, de 12 h à 13 h (HE)",
        "mardi 29 juin 2021, de 12 h à 13 h (HE)",
    ],
    "series": [
        "Première séance vendredi 21 mai 2021, de 12 h à 13 h (HE)",
        "Deuxième séance vendredi 18 juin 2021, de 12 h à 13 h (HE)",
        "Troisième séance vendredi 17 septembre 2021, de 12 h à 13 h (HE)",
        "Complète et fermée",
        "Cette série est complète et les inscriptions sont fermées.",
    ],
    "past": [
        "Sept clés pour offrir les soins palliatifs en amont : ce que nous ont appris 1 000 personnes",
        "Séance passée",
    ],
    "full": "Complète et fermée",
    "soon": "Ouverture prochaine",
}


@pytest.mark.parametrize(("language", "expected"), [("en", ENGLISH), ("fr", FRENCH)])
def test_the_lists_and_the_series_page_show_the_program(client, programme, language, expected):
    root = {"en": "/en/sessions/", "fr": "/fr/seances/"}[language]
    upcoming = client.get(root)
    page = text_of(upcoming).replace(NBSP, " ")
    positions = [page.index(sentence) for sentence in expected["list"]]
    assert positions == sorted(positions)
    agenda = page[positions[0] :]
    assert (agenda.count(expected["full"]), agenda.count(expected["soon"])) == (1, 2)
    assert agenda.index(expected["full"]) < agenda.index(expected["soon"])
    assert expected["past"][0] not in page

    with translation.override(language):
        address = programme.get_absolute_url()
    series = text_of(client.get(address)).replace(NBSP, " ")
    for sentence in expected["series"]:
        assert sentence in series

    response = client.get(root + {"en": "past/", "fr": "passees/"}[language])
    past = text_of(response).replace(NBSP, " ")
    for sentence in expected["past"]:
        assert sentence in past
    assert response.content.count(b"status--past") == 1


def test_nobody_can_register_for_the_full_collaborative(client, programme):
    response = client.get(f"/en/registration/{programme.slug}/")
    assert "Registration is closed" in response.content.decode()
