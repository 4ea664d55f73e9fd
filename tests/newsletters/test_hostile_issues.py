"""Hostile text in any field of an issue comes out as text: on its page, in the email, in the feed and in the admin."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from newsletters.models import Issue, IssueRendering
from newsletters.rendering import render_issue
from newsletters.services.pictures import add_picture, redraw
from outbox import sending
from outbox.message_types import RenderedEmail
from outbox.models import Message
from tests.factories import IssueFactory, UserFactory
from tests.hubs.logo_files import picture, upload

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
SCRIPT = "<script>alert(1)</script>"
HOSTILE = [
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "Hello\r\nBcc: victim@example.ca",
    "{{ 7*7 }}{% url 'home' %}",
    "abc\u202egnp.exe\u2066",
    "=HYPERLINK(1)",
    "\ue000unsubscribe_url\ue001",
    "\x0b\x1f\x07",
    '[a](javascript:alert(1)) ![b](javascript:alert(1)) [c](<https://a.ca/"onclick=alert(1)>)',
    "[x]: javascript:alert(1)\n[x]",
    "&lt;script&gt;&#60;script&#62;",
]


@pytest.fixture(params=HOSTILE)
def issue(request, now):
    text = request.param
    names = ("title_en", "title_fr", "preview_en", "preview_fr")
    issue = IssueFactory(
        state="sent", published_at=now, body_en=f"{text}\n\n## {text}", body_fr=text, **dict.fromkeys(names, text[:150])
    )
    shown = add_picture(issue, redraw(upload(picture())), alt_en=text, alt_fr=text, now=now)
    Issue.objects.update(body_en=f"{issue.body_en}\n\n![](picture:{shown.pk})\n\n[[{text}]]")
    issue.refresh_from_db()
    for language in ("en", "fr"):
        IssueRendering.objects.create(issue=issue, language=language, **vars(render_issue(issue, language, now=now)))
    return issue


class _Tags(HTMLParser):
    """Collects what a browser would run."""

    def __init__(self):
        super().__init__()
        self.running = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        is_ours = "src" in given and given["src"].startswith(("/static/", "/en/admin/"))
        if tag == "script" and not is_ours and given.get("type") != "application/json":
            self.running.append(tag)
        self.running += [name for name, _value in attrs if name.startswith("on")]
        self.running += [value for _name, value in attrs if (value or "").strip().startswith("javascript:")]


def assert_harmless(html):
    reader = _Tags()
    reader.feed(html)
    assert reader.running == []
    assert "{{ 7*7 }}" in html or not re.search(r">49<", html)


def assert_clean(text):
    for character in ("\u202e", "\u2066", "\x0b", "\x1f"):
        assert character not in text


def test_the_email_is_harmless(issue, now):
    for language in ("en", "fr"):
        rendered = render_issue(issue, language, now=now)
        for part in (rendered.html, rendered.web):
            assert_harmless(part)
        for part in (rendered.subject, rendered.html, rendered.text, rendered.web):
            assert_clean(part)
        assert len(rendered.subject.splitlines()) <= 1
        assert rendered.html.count("\ue000unsubscribe_url\ue001") == 1
        email = RenderedEmail(rendered.subject, rendered.text, rendered.html)
        message = Message(pk=1, key="x", message_type="newsletter", to="a@example.ca", language=language)
        assert sending.compose(message, email).message()["Bcc"] is None


def test_the_pages_are_harmless(client, issue):
    pages = ["/en/newsletter/", f"/en/newsletter/issues/{issue.slug}/", f"/fr/bulletin/numeros/{issue.slug_fr}/"]
    for address in pages:
        response = client.get(address)
        assert response.status_code == 200
        assert_harmless(response.content.decode())


def test_the_feed_is_well_formed_and_harmless(client, issue):
    feed = ET.fromstring(client.get("/en/newsletter/feed.atom").content)
    summary = feed.findtext(f"{ATOM}entry/{ATOM}summary")
    assert_harmless(summary)
    assert_clean(summary + feed.findtext(f"{ATOM}entry/{ATOM}title"))


def test_the_admin_is_harmless(client, issue):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    for page in ("", f"{issue.pk}/change/", f"{issue.pk}/preview/", f"{issue.pk}/preview/en/"):
        assert_harmless(client.get(f"/en/admin/newsletters/issue/{page}").content.decode())


def test_what_staff_enter_is_cleaned_before_it_is_saved(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    fields = {
        "title_en": "Spring\u202e\ue000",
        "body_en": "One\u2066\n\nTwo\x0b",
        "slug": "spring",
        "audience_topic": "newsletter",
        "pictures-TOTAL_FORMS": 0,
        "pictures-INITIAL_FORMS": 0,
    }
    assert client.post("/en/admin/newsletters/issue/add/", fields).status_code == 302
    issue = Issue.objects.get()
    assert (issue.title_en, issue.body_en.replace("\r", "")) == ("Spring", "One\n\nTwo")
