"""Sharing sessions: subscribing to the matching feed, copying the link, and emailing a colleague."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import time_machine

from tests.factories import HubFactory, SeriesFactory, SessionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.mark.parametrize(
    ("page", "feed", "label"),
    [
        ("/en/", "/en/sessions/calendar.ics", "all sessions"),
        ("/fr/", "/fr/seances/calendrier.ics", "toutes les séances"),
        ("/en/sessions/", "/en/sessions/calendar.ics", "all sessions"),
        ("/en/sessions/month/", "/en/sessions/calendar.ics", "all sessions"),
        ("/en/sessions/?language=fr", "/en/sessions/calendar-fr.ics", "sessions in French"),
        ("/fr/seances/?language=en&q=x", "/fr/seances/calendrier-en.ics", "séances en anglais"),
        ("/en/sessions/?language=fr&language=en", "/en/sessions/calendar.ics", "all sessions"),
        ("/en/sessions/?hub=north", "/en/hubs/north.ics", "Northern hub"),
        ("/fr/seances/?hub=north&language=fr", "/fr/poles/north.ics", "Pôle du Nord"),
        ("/en/sessions/?hub=national", "/en/sessions/calendar.ics", "all sessions"),
        ("/en/sessions/?hub=north&hub=south", "/en/sessions/calendar.ics", "all sessions"),
        ("/en/sessions/?hub=nowhere&language=x", "/en/sessions/calendar.ics", "all sessions"),
    ],
)
def test_a_page_links_to_the_feed_that_matches_its_filter(client, now, page, feed, label):
    HubFactory(slug="north", name_en="Northern hub", name_fr="Pôle du Nord")
    HubFactory(slug="south")
    content = client.get(page).content.decode()
    assert f'href="webcal://127.0.0.1:8000{feed}"' in content
    assert label in re.search(r"<summary>([^<]*calend[^<]*)</summary>", content)[1]
    assert client.get(feed).status_code == 200


def email_of(client, address):
    """Return the subject and the lines of the body of the email link on a series page."""
    import html

    href = html.unescape(re.search(r'href="(mailto:\?[^"]*)"', client.get(address).content.decode())[1])
    assert re.fullmatch(r"mailto:\?[A-Za-z0-9%._~=&/-]+", href)
    assert "+" not in href  # email apps do not decode it as a space (RFC 6068 section 5)
    fields = parse_qs(urlsplit(href).query, strict_parsing=True)
    assert fields["body"][0] == unquote(urlsplit(href).query.partition("&body=")[2])
    return fields["subject"][0], fields["body"][0].replace("\u00a0", " ").split("\r\n")


def test_the_email_to_a_colleague_is_in_the_language_of_the_page(client, now):
    titles = {"title_en": "Pain & “care”: 50% + more?", "title_fr": "Soulager à l’été"}
    SessionFactory(now=now, series=SeriesFactory(slug="pain", slug_fr="douleur", **titles))
    assert email_of(client, "/en/sessions/pain/") == (
        "Palliative care sessions: Pain & “care”: 50% + more?",
        [
            "This free online palliative care program may interest you:",
            "",
            "Pain & “care”: 50% + more?",
            "Thursday, December 3, 2026, 10:00–11:00 am ET",
            "http://127.0.0.1:8000/en/sessions/pain/",
        ],
    )
    subject, body = email_of(client, "/fr/seances/douleur/")
    assert subject == "Séances en soins palliatifs\u00a0: Soulager à l’été"
    assert body[2:] == [
        "Soulager à l’été",
        "jeudi 3 décembre 2026, de 10 h à 11 h (HE)",
        "http://127.0.0.1:8000/fr/seances/douleur/",
    ]


def test_the_copy_button_is_hidden_without_javascript(client, now):
    SessionFactory(now=now, slug="pain", slug_fr="douleur")
    button = re.search(r"<button[^>]*data-copy=[^>]*>", client.get("/fr/seances/douleur/").content.decode())[0]
    assert 'data-copy="http://127.0.0.1:8000/fr/seances/douleur/"' in button
    assert button.endswith(" hidden>")


def test_the_audience_of_a_series_is_shown_once(client, now):
    note = {"audience_note_en": "For rural nurses."}
    cases = [
        ({"audience": ["registered-nurse"]}, "Meant for these professions", "Registered nurse"),
        ({"audience": ["registered-nurse"], **note}, "For rural nurses.", "For rural nurses."),
        ({"audience": ["registered-nurse"], "audience_required": True}, "Only for these", "Registered nurse"),
        ({"audience": ["registered-nurse"], "audience_required": True, **note}, "Only for these", "Registered nurse"),
        (note, "For rural nurses.", "For rural nurses."),
        ({}, "For everyone who gives care.", "For everyone who gives care."),
    ]
    for fields, *texts in cases:
        series = SessionFactory(now=now, registration_opens_at=now - timedelta(days=1), **fields).series
        page = client.get(series.get_absolute_url()).content.decode()
        for text in texts:
            assert page.count(text) == 1, (fields, text)
        lines = ("Meant for these", "For rural nurses.", "Only for these", "For everyone who")
        assert sum(page.count(line) for line in lines) == 1, fields
