"""Rules for every message type in both languages: text and HTML parts, size, headers, and postal address."""

import email
import email.policy
import re

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import translation

from accounts.links import absolute_url
from echo_portal.checkout.gallery import SAMPLES, render_all, render_one
from outbox import message_types, sending
from outbox.models import Message
from registrations.models import Registration
from sessions_app.models import Series

pytestmark = pytest.mark.django_db
BULK_HEADERS = {"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"}


@pytest.fixture(params=["en", "fr"])
def language(request):
    return request.param


@pytest.fixture(scope="module")
def gallery():
    """The emails of each language, composed once for all tests of this file."""
    return {}


@pytest.fixture
def composed(gallery, language, now, settings):
    settings.POSTAL_ADDRESS = "1550 Somewhere Street\nOttawa ON K1A 0A1"
    if language not in gallery:
        gallery[language] = {
            name: (letter, parse(sending.compose(message, letter)))
            for name, (message, letter) in render_all(language, now).items()
        }
    return gallery[language]


def parse(sent):
    return email.message_from_bytes(sent.message().as_bytes(), policy=email.policy.default)


def test_the_gallery_has_every_message_type():
    assert set(SAMPLES) == set(message_types._message_types)


def test_the_gallery_leaves_no_rows_in_the_database(now):
    render_all("en", now)
    assert [model.objects.count() for model in (Series, Registration, Message)] == [0, 0, 0]


def test_each_email_has_text_and_html_under_100_kb_in_its_language(composed, language):
    for name, (letter, sent) in composed.items():
        assert sent.get_body(("plain",)), name
        html = sent.get_body(("html",)).get_content()
        assert f'<html lang="{language}-CA"' in html, name
        assert sent["Content-Language"] == language
        assert len(sent.as_bytes()) < 100_000, name
        assert "<h1" in html, name
        assert letter.text.count("\n") > 3, name
        assert "%MISSING" not in html + letter.text, name
        assert not re.search(r"<[a-z]|&[a-z]+;|\{\{|\{%", letter.text), name


def test_each_email_has_the_same_links_in_text_and_html(composed):
    for name, (letter, _sent) in composed.items():
        links = set(re.findall(r'href="(http[^"]+)"', letter.html))
        for link in links:
            assert link.replace("&amp;", "&") in letter.text, (name, link)


def test_each_email_has_the_headers_of_its_class(composed):
    bulk = {name for name, (letter, _sent) in composed.items() if letter.unsubscribe_url}
    assert bulk == {"newsletter", "newsletter-test", "session-news", "session-reminder"}
    for name, (letter, sent) in composed.items():
        if name in bulk:
            assert BULK_HEADERS - set(sent.keys()) == set(), name
            assert sent["List-Unsubscribe"].strip() == f"<{letter.unsubscribe_url}>"
            assert sent["Auto-Submitted"] is None
            assert django_settings.BULK_FROM_EMAIL in sent["From"], name
        else:
            assert sent["Auto-Submitted"] == "auto-generated", name
            assert BULK_HEADERS & set(sent.keys()) == set(), name
            assert django_settings.SERVICE_FROM_EMAIL in sent["From"], name
        assert sent["Reply-To"] == (letter.reply_to or django_settings.CONTACT_EMAIL), name
        assert re.fullmatch(r"<[\w.]+@echo\.example\.ca>", sent["Message-ID"]), name


def test_each_email_names_its_sender_with_a_postal_address(composed):
    for name, (letter, _sent) in composed.items():
        assert "1550 Somewhere Street" in letter.text, name
        assert "Pallium Canada" in letter.text, name
        assert '<div class="hide"' in letter.html, name  # the preheader
        assert "background: #0e1d1c !important" in letter.html, name  # dark mode has to override the inlined styles


def test_bulk_email_leads_to_the_preferences_and_out(composed, language):
    translation.activate(language)
    for name in ("session-news", "session-reminder"):
        letter = composed[name][0]
        token = letter.unsubscribe_url.rstrip("/").rpartition("/")[2]
        for url_name in ("preferences", "unsubscribe"):
            link = absolute_url(reverse(f"newsletters:{url_name}", args=[token]))
            assert f'href="{link}"' in letter.html, name
            assert link in letter.text, name
        assert django_settings.CONTACT_EMAIL in letter.text, name


def test_bulk_email_says_why_one_gets_it_in_words_that_are_true_of_imported_people_too(composed, language):
    agreed, where = {
        "en": ("because you agreed to receive", "Your preferences page says when and how you agreed."),
        "fr": (
            "parce que vous avez accepté de",
            "La page de vos préférences indique quand et comment vous avez accepté.",
        ),
    }[language]
    for name in ("newsletter", "newsletter-test", "session-news", "session-reminder"):
        text = " ".join(composed[name][0].text.split())
        assert agreed in text, name
        assert where in text, name


def test_replies_to_email_about_a_hubs_series_go_to_the_hub(composed):
    assert composed["registered"][1]["Reply-To"] == "north@echo.example.ca"
    assert "north@echo.example.ca" in composed["registered"][0].text


def test_user_input_cannot_add_a_header(now):
    message, letter = render_one("registered", "en", now)
    malicious = message_types.RenderedEmail("Hello\r\nBcc: x@example.ca", "t", "<p>h</p>")
    with pytest.raises(ValueError, match="newlines"):
        sending.compose(message, malicious).message()
    assert "\n" not in letter.subject


def test_the_gallery_shows_each_message_type_and_is_closed_in_production(client, settings):
    page = client.get("/_mail/gallery/").content.decode()
    for name in SAMPLES:
        assert f'id="{name}"' in page
    assert client.get("/_mail/gallery/registered/fr/").status_code == 200
    assert "inscription" in client.get("/_mail/gallery/registered/fr/?text=1").content.decode()
    assert client.get("/_mail/gallery/nothing/fr/").status_code == 404
    settings.MAILBOX_OPEN = False
    assert client.get("/_mail/gallery/").status_code == 404
