"""No French page, error page or email contains English: no untranslated text of the portal and no common English words.

Text in an element with another `lang` is ignored.
"""

import re
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser

import pytest
import time_machine
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import translation

from echo_portal import views
from echo_portal.checkout import gallery, translations
from outbox.models import Message
from registrations.models import Registration
from registrations.services import register
from registrations.services.calendar import calendar_of
from registrations.services.colleagues import Colleague, invite
from registrations.tokens import make_join_token, make_registration_token
from sessions_app.models import Question
from tests.factories import HubFactory, SeriesFactory, SessionFactory, UserFactory

# English words that are not French words too.
ENGLISH_WORDS = re.compile(
    r"\b(the|and|for|with|your|you|this|that|from|we|are|is|will|have|has|been|they|which|when|who|what|of|to|by|email)\b",
    re.IGNORECASE,
)
VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SPOKEN_ATTRIBUTES = ("alt", "aria-label", "title", "placeholder")


class VisibleText(HTMLParser):
    """Collects the French text of a page, piece by piece, including attributes that screen readers speak."""

    def __init__(self):
        super().__init__()
        self.pieces, self.links, self._open = [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        foreign = not attributes.get("lang", "fr").startswith("fr") or tag in ("script", "style")
        if tag not in VOID:
            self._open.append((tag, foreign))
        if foreign or self._is_foreign():
            return
        self.pieces += [attributes[name] for name in SPOKEN_ATTRIBUTES if attributes.get(name)]
        if tag == "meta" and attributes.get("name") == "description":
            self.pieces.append(attributes["content"])
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])

    def handle_endtag(self, tag):
        while self._open:
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data):
        if not self._is_foreign() and data.strip():
            self.pieces.append(data)

    def _is_foreign(self):
        return any(foreign for _tag, foreign in self._open)


def read(html):
    reader = VisibleText()
    reader.feed(html)
    reader.pieces = [plain(piece) for piece in reader.pieces]
    return reader


def plain(text):
    return " ".join(text.split())


def pattern_of(message):
    """Return a regular expression for a message without its tags, with any value for its variables."""
    text = plain(re.sub(r"<[^>]+>", "", message.replace("%%", "%")))
    return r".{1,80}?".join(re.escape(part) for part in re.split(r"%\(\w+\)[sd]|%s", text))


@cache
def messages():
    """Return the patterns of all English messages whose French differs, and the patterns of all French messages."""
    english, french = set(), set()
    for message in translations.saved_catalog():
        pairs = zip(*[x if isinstance(x, (tuple, list)) else (x,) for x in (message.id, message.string)], strict=False)
        for source, target in pairs if message.id else ():
            french.add(pattern_of(target))
            if source != target and re.search(r"[a-z]{3}", re.sub(r"%\(\w+\)s|<[^>]+>", "", source)):
                english.add(pattern_of(source))
    return english, french


@cache
def english_pieces():
    english, french = messages()
    return re.compile("|".join(english)), re.compile("|".join(french))


@cache
def english_sentences():
    """Match the longest fixed part of each long English message, to find it inside a longer sentence."""
    parts = {max(pattern.split(".{1,80}?"), key=len) for pattern in messages()[0]}
    return re.compile("|".join(part for part in parts if part.count(r"\ ") > 3))


def english_in(text_pieces):
    """Return the English parts of a page's text."""
    full_text = plain(" ".join(text_pieces))
    return {piece for piece in text_pieces if is_english(piece)} | {
        m[0] for m in english_sentences().finditer(full_text)
    }


@cache
def is_english(piece):
    english, french = english_pieces()
    if ENGLISH_WORDS.search(without_addresses(piece)):
        return True
    return bool(english.fullmatch(piece) and not french.fullmatch(piece))


def without_addresses(text):
    return re.sub(r"\S+@\S+|https?://\S+", "", text)


def crawl(client, *starts):
    """Return every French page that can be reached by links from `starts`, as {address: response}."""
    pages, queue = {}, list(starts)
    while queue:
        address = queue.pop().partition("#")[0]
        if not address.startswith("/fr/") or address in pages or address.endswith(".ics"):
            continue
        if address.startswith("/fr/admin/") or address.count("page=") > 1:
            continue
        response = pages[address] = client.get(address, follow=True)
        if "text/html" in response["Content-Type"]:
            queue += read(response.content.decode()).links
    return pages


def assert_all_french(pages):
    english = {}
    for address, response in pages.items():
        if "text/html" in response["Content-Type"]:
            found = english_in(read(response.content.decode()).pieces)
            if found:
                english[address] = sorted(found)
    assert english == {}


def names_without_arguments(patterns=None, prefix=""):
    """Yield the URL names that take no arguments, without those of the admin."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if pattern.pattern.converters:
            continue
        if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names_without_arguments(pattern.url_patterns, namespace)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield prefix + pattern.name


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def program(now):
    """A program with a series in every registration status, with French texts."""
    texts = {
        "summary_fr": "Comment commencer.",
        "description_fr": "Deux séances.",
        "objectives_fr": "commencer;\nfinir.",
        "audience_note_fr": "Pour tout le monde.",
    }
    hub = HubFactory(slug="nord", name_fr="Pôle du Nord", summary_fr="Qui nous sommes.")
    series = {}
    for slug, fields in {
        "ouverte": {"capacity": 8, "hub": hub, "audience": ["physician"], **texts},
        "libre": {},
        "attente": {"capacity": 0},
        "complete": {"capacity": 0, "waitlist_enabled": False},
        "fermee": {"is_closed": True},
        "bientot": {"registration_opens_at": None},
        "annulee": {"is_cancelled": True},
    }.items():
        series[slug] = SeriesFactory(**{"slug": slug, "registration_opens_at": now - timedelta(days=9)} | fields)
        SessionFactory(now=now, days=9, series=series[slug], title_fr="Avant le premier mot")
        SessionFactory(now=now, days=16, series=series[slug])
    SeriesFactory(slug="passee", is_concluded=True)
    Question.objects.create(
        series=series["ouverte"],
        position=1,
        kind="text",
        label_en="Why?",
        label_fr="Pourquoi?",
        is_required=True,
    )
    return series


pytestmark = pytest.mark.django_db
STARTS = ["/fr/", "/fr/rien/", "/fr/seances/?status=open&status=rien&profession=physician", "/fr/seances/?q=rien"]


@pytest.mark.drill
def test_no_public_page_contains_english(client, program):
    client.cookies["zone"] = "America/Vancouver"
    pages = crawl(client, *STARTS)
    assert len(pages) > 40
    assert_all_french(pages)


@pytest.fixture
def addresses_of_all_pages():
    with translation.override("fr"):
        names = sorted(set(names_without_arguments()))
        return {name: reverse(name) for name in names if reverse(name).startswith("/fr/")}


@pytest.mark.drill
def test_no_page_of_a_signed_in_person_contains_english(client, program, now, addresses_of_all_pages):
    """Staff see all that others see, and more."""
    person = UserFactory(with_profile=True, name="Zoé Roy", language="fr", is_staff=True, time_zone="America/Halifax")
    for slug in ("libre", "attente"):
        register(program[slug], person, now=now)
    invite(program["libre"], [Colleague("Anne", "anne@example.ca")], by=person, language="fr", now=now)
    calendar_of(person, now=now)
    client.force_login(person)
    pages = crawl(client, *STARTS, *addresses_of_all_pages.values())
    assert_all_french(pages)
    assert_all_french({slug: client.get(french("registrations:panel", slug)) for slug in program})


def test_no_invalid_form_contains_english(client, program):
    person = UserFactory(with_profile=True, name="Zoé Roy", language="fr")
    pages = {}
    for signed_in in (False, True):
        if signed_in:
            client.force_login(person)
        for address in ["/fr/inscription/ouverte/", *account_forms()]:
            for fields in ({}, {"email": "rien", "login": "rien", "password": "x", "code": "x", "name": " "}):
                pages[f"{address} {signed_in} {fields}"] = client.post(address, fields, follow=True)
    assert_all_french(pages)


def account_forms():
    names = "account_request_login_code account_login account_set_password mfa_activate_totp profile close_account time_zone"
    return [french(name) for name in names.split()]


def test_no_page_for_registering_and_cancelling_contains_english(client, program, now):
    """Covers registering, correct and wrong codes, the links in emails, attendance intentions, and cancelling."""
    pages, series = {}, program["libre"]
    fields = {"name": "Zoé Roy", "email": "zoe@example.ca", "profession": "pharmacist", "province": "QC"}
    pages["code"] = client.post(f"/fr/inscription/{series.slug}/", fields, follow=True)
    code_page = pages["code"].redirect_chain[-1][0]
    pages["sent again"] = client.post(code_page, {"action": "resend"}, follow=True)
    pages["wrong code"] = client.post(code_page, {"code": "000000"}, follow=True)
    code = Message.objects.filter(message_type="code").latest("pk").data["code"]
    pages["registered"] = client.post(code_page, {"code": code}, follow=True)
    registration = Registration.objects.get(user__email="zoe@example.ca")
    session = series.sessions.first()
    tokens = {
        "registration_link": make_registration_token(registration.pk, session.pk),
        "join": make_join_token(registration.pk, session.pk),
    }
    for name, token in tokens.items():
        pages[name] = client.get(french("registrations:" + name, token))
        pages[f"{name} sent"] = client.post(french("registrations:" + name, token), follow=True)
        pages[f"{name} invalid"] = client.get(french("registrations:" + name, token + "x"))
    intention = french("registrations:intention", session.pk)
    pages["not coming"] = client.post(intention, {"coming": "no"}, follow=True)
    pages["coming"] = client.post(intention, {"coming": "yes"}, follow=True)
    pages["cancelled"] = client.post(french("registrations:cancel", series.slug), follow=True)
    pages["sign in"] = Client().post(french("account_request_login_code"), {"email": "zoe@example.ca"}, follow=True)
    assert [name for name, page in pages.items() if page.status_code >= 500] == []
    assert_all_french(pages)


def french(name, *arguments):
    with translation.override("fr"):
        return reverse(name, args=arguments)


def test_no_error_page_contains_english(program):
    client, pages = Client(enforce_csrf_checks=True), {}
    pages["csrf"] = client.post("/fr/inscription/ouverte/", {})
    pages["send again"] = client.post("/fr/inscription/ouverte/", {"name": "Zoé"}, HTTP_ORIGIN="http://testserver")
    with translation.override("fr"):
        for view in (views.bad_request, views.forbidden, views.not_found, views.too_many_requests, views.server_error):
            pages[view.__name__] = view(RequestFactory().get("/fr/"))
    assert sorted(response.status_code for response in pages.values()) == [400, 403, 403, 403, 404, 429, 500]
    assert_all_french(pages)


def test_no_email_contains_english(now):
    staff_note = {*gallery.NOTE.splitlines(), gallery.REVIEW_COMMENT}  # staff write these in one language
    for name, (_message, letter) in gallery.render_all("fr", now).items():
        html = read(letter.html).pieces
        for pieces in ([letter.subject], html, [plain(line) for line in letter.text.splitlines()]):
            assert english_in(pieces) <= staff_note, name


class TestEnglishDetection:
    def test_untranslated_text_is_found(self):
        for html in (
            "<p>Skip to content</p>",
            '<p>Pour nous <b>joindre</b> <img alt="Upcoming sessions"></p>',
            "<p>2 sessions</p>",
            "<p>Bonjour. Enlarged to 400 %, without JavaScript, the page works.</p>",
        ):
            assert english_in(read(html).pieces), html

    def test_french_and_text_marked_as_english_are_ignored(self):
        html = '<p>2 séances</p><p lang="en">The <b>end</b></p><script>const you = "the"</script><p>Sessions</p>'
        assert english_in(read(html).pieces) == {"Sessions"}

    def test_the_portal_has_english_and_french(self):
        assert [code for code, _name in settings.LANGUAGES] == ["en", "fr"]
