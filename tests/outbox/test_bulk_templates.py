"""Bulk email made of bytes says exactly what Django would have composed, and keeps to the rules for lines and headers."""

import email
import email.policy
from email.utils import parsedate_to_datetime

import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from outbox.bulk import BulkTemplate, placeholder
from outbox.composing import compose
from outbox.models import Message

URL = placeholder("unsubscribe_url")
VALUES = {
    "unsubscribe_url": "https://echo.example.ca/en/newsletter/leave/aGVsbG8td29ybGQ_-0123456789abcdef/?a=1&b=2",
    "preferences_url": "https://echo.example.ca/en/newsletter/preferences/aGVsbG8td29ybGQ_-0123456789abcdef/",
}
HTML = f"""<!DOCTYPE html>
<html lang="fr-CA"><body style="margin: 0; padding: 0; background: #f6f1e7; color: #16302e; font: 17px/1.55 Arial, sans-serif">
<p>À l’hôpital : « parler d’une maladie grave » — 😀 = 100 %</p>
<p><a href="{URL}">Se désabonner</a>{placeholder("preferences_url")}{URL}
.
<b>trailing space </b> \t
From here on</p>
</body></html>
"""
TEXT = f"Bonjour,\n\nÀ bientôt \n.\n..\nFrom here\n\n{URL}\n{placeholder('preferences_url')} et {URL}"


def message(to="someone@example.ca", language="fr"):
    return Message(pk=7, key="newsletter:1:7", to=to, language=language)


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def both(template, values=VALUES, to="someone@example.ca"):
    """Return the email from bytes as it is sent, and both as Python reads them: ours and the one Django composes."""
    row, filled = message(to, template.language), template.fill(values)
    raw = filled.as_bytes(row)
    return raw, parse(raw), parse(compose(row, filled).message().as_bytes(linesep="\r\n"))


def content(parsed):
    """Return each part's type and content. Django's 8-bit parts keep the line breaks of the wire."""
    parts = [part for part in parsed.walk() if not part.is_multipart()]
    return [(part.get_content_type(), part.get_content().replace("\r\n", "\n").rstrip("\n")) for part in parts]


def headers(parsed):
    differing = {"date", "content-type"}
    return {name.lower(): str(value).strip() for name, value in parsed.items() if name.lower() not in differing}


@pytest.mark.parametrize(
    ("subject", "html", "text"),
    [
        ("Bulletin de novembre : « Parler d’une maladie grave », et trois séances qui ouvrent bientôt 😀", HTML, TEXT),
        ("Hello", f"{URL}", f"{URL}"),
        ("Hello", f"{URL}{URL}x", f" {URL} "),
        ("Hello", f"<p>{'x' * 5000}{URL}{'é' * 3000}</p>", f"{'x' * 75}={URL}{'word ' * 400}"),
        (
            "Hello",
            f"no link at all, {{{{ unsubscribe_url }}}} {{% now 'Y' %}} %s {{0}} =3D =\r\n=20 {URL}",
            "\r\n \n\n.",
        ),
        ("Two\r\nBcc: everyone@example.ca", f"<p>\u202eright to left\u202c{URL}</p>", f"\ttabs\t\n{URL}\n\n"),
        ("=?utf-8?q?already_encoded?= " + "long " * 29, f"<p>{URL}</p>", f"{URL}"),
    ],
)
def test_the_email_made_of_bytes_says_what_django_would_have_composed(subject, html, text):
    _raw, ours, djangos = both(BulkTemplate(subject, html, text, "fr"))
    assert content(ours) == content(djangos)
    assert headers(ours) == headers(djangos)
    assert ours.get_content_type() == "multipart/alternative"
    assert not ours.defects
    assert not [part.defects for part in ours.walk() if part.defects]


# What quoted-printable or SMTP treats specially, and characters of two, three and four bytes.
lines = st.lists(st.text("aF.=_ \té—😀&<>\u202e", max_size=120), max_size=6).map("\n".join)


@settings(deadline=None, max_examples=60)
@given(lines, lines, lines, lines)
def test_any_text_around_a_value_is_read_back_unchanged(before, after, first, last):
    template = BulkTemplate("Hello", f"{before}{URL}{after}", f"{first}{URL}{last}", "en")
    raw, ours, _djangos = both(template)
    url = VALUES["unsubscribe_url"]
    assert content(ours) == [
        ("text/plain", f"{first}{url}{last}".rstrip("\n")),
        ("text/html", f"{before}{url.replace('&', '&amp;')}{after}".rstrip("\n")),
    ]
    assert max(map(len, raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76 + 3  # the boundary lines aside


def test_each_line_keeps_to_the_length_and_the_characters_that_servers_accept():
    raw, _ours, _djangos = both(BulkTemplate("É" * 150, HTML, TEXT, "fr"))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert max(len(line) for line in head.split(b"\r\n") if not line.startswith(b"List-Unsubscribe:")) <= 78


def test_it_has_the_headers_of_bulk_email():
    raw, ours, _djangos = both(BulkTemplate("Hello", HTML, TEXT, "fr"), to="marie@hôpital.ca")
    assert ours["To"] == "marie@xn--hpital-ixa.ca"
    assert ours["List-Unsubscribe"] == f"<{VALUES['unsubscribe_url']}>"
    assert ours["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert django_settings.BULK_FROM_EMAIL in ours["From"]
    assert "Projet ECHO" in ours["From"] or "ECHO" in ours["From"]
    assert "Auto-Submitted" not in ours
    assert parsedate_to_datetime(ours["Date"])
    assert raw.count(b"\r\nMIME-Version:") == 1


def test_values_are_escaped_in_html_and_not_in_text():
    template = BulkTemplate("Hello", f"<p>{placeholder('name')}</p>", f"{placeholder('name')}", "en")
    values = VALUES | {
        "name": "<script>alert(1)</script>\r\nBcc: x@example.ca\n.\n{{ 7|add:7 }} \u202e=cmd|' /C calc'!A0"
    }
    _raw, ours, djangos = both(template, values)
    assert content(ours) == content(djangos)
    assert "Bcc" not in ours
    html, text = ours.get_body(("html",)).get_content(), ours.get_body(("plain",)).get_content()
    assert "<script" not in html
    assert "<script>alert(1)</script>" in text


@pytest.mark.parametrize("to", ['"a, b"@example.ca', "o'neil+x@example.ca", '"x\\"y"@example.ca', "a@[192.0.2.1]"])
def test_an_unusual_address_gets_the_email_that_django_composes(to):
    filled = BulkTemplate("Hello", HTML, TEXT, "en").fill(VALUES)
    raw = filled.as_bytes(message(to, "en"))
    if raw is not None:
        assert parse(raw)["To"] == parse(compose(message(to, "en"), filled).message().as_bytes())["To"]


@pytest.mark.parametrize("to", ["a@example.ca\r\nBcc: b@example.ca", "a@example.ca, b@example.ca", "A <a@example.ca>"])
def test_an_address_that_is_more_than_an_address_is_not_put_into_a_header(to):
    assert BulkTemplate("Hello", HTML, TEXT, "en").fill(VALUES).as_bytes(message(to, "en")) is None


def test_a_link_that_does_not_fit_into_a_header_is_left_to_django():
    template = BulkTemplate("Hello", HTML, TEXT, "fr")
    for url in ("https://x/\r\nBcc: b@example.ca", "https://x/" + "y" * 990, "https://x/é", "javascript:alert(1)"):
        assert template.fill(VALUES | {"unsubscribe_url": url}).as_bytes(message()) is None


def test_a_missing_value_is_an_error():
    with pytest.raises(KeyError):
        BulkTemplate("Hello", HTML, TEXT, "en").fill({"unsubscribe_url": "https://example.ca/"})


def test_an_accent_before_the_at_sign_cannot_be_delivered():
    with pytest.raises(UnicodeError):
        BulkTemplate("Hello", HTML, TEXT, "fr").fill(VALUES).as_bytes(message("hélène@example.ca"))
