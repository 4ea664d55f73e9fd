"""Odd requests: every URL and method, with values that nobody means, signed out, as a provider and as staff."""

import logging
import random
import re
import traceback
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone, translation

from accounts.languages import LANGUAGES
from registrations.models import Registration
from registrations.services import register
from registrations.services.calendar import calendar_of
from registrations.tokens import make_join_token, make_registration_token
from sessions_app.models import Question, Series
from tests.factories import HubFactory, SessionFactory, UserFactory

METHODS = ["GET"] * 5 + ["POST"] * 5 + ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "ODD"]
ODD = [
    "", " ", "0", "-1", "1", "2", "99999999999999999999", "1e9", "NaN", "null", "true", "on", "yes", "no", "\0", "a\0b", "%00",
    "é", "𝒳", "\ud7ff", "\u202e", "../../etc/passwd", "<script>alert(1)</script>", "' OR 1=1 --", "{{ 7*7 }}", "{% url %}",
    "%s%n%d", "a" * 300, "é" * 5000, "2026-11", "2026-13", "99999-01", "0001-01-01", "9999-12-31", "2026-11-23T15:00",
    "12:00", "foo", "//elsewhere.example", "http://[", "javascript:alert(1)", "a@b", "a@b.ca", "marie@hôpital.ca", "é@b.ca",
    "a@" + "b." * 120 + "ca", '"<b>x</b>"@b.ca', "\r\nX-Odd: 1", "[]", "{}", "[[[[", "en", "fr", "open", "physician", "ON",
]  # fmt: skip
NAMES = [
    "q", "status", "profession", "province", "hub", "language", "month", "page", "next", "name", "email", "code", "act",
    "answer", "coming", "instead", "zone", "sure", "action", "asked", "time_zone", "password", "login", "credential", "resend",
    "oldpassword", "password1", "password2", "organization", "practice_setting", "accessibility_needs", "question_1",
    "colleague-TOTAL_FORMS", "colleague-INITIAL_FORMS", "colleague-0-name", "colleague-0-email", "text", "required", "o", "p",
    "all", "e", "_popup", "_to_field", "_changelist_filters", "_selected_action", "select_across", "index", "post", "reason",
    "note", "to", "series", "user", "title_en", "title_fr", "slug", "starts_at_0", "starts_at_1", "capacity", "reminder_hours",
    "created_at__gte", "created_at__year", "created_at__month", "first_starts_at__year", "first_starts_at__day", "id__in",
    "state__exact", "state", "to__regex", "session_key__startswith", "email__regex", "as_sent", "user__email", "series__title_en", "publication", "csrfmiddlewaretoken", "sessions-TOTAL_FORMS", "app_label",
    "model_name", "field_name", "term", "is_staff__exact", "type", "sessions-0-starts_at_0", "delivery",
]  # fmt: skip


class OddClient(Client):
    """Django's own client, without the suite's look at each page for variables that are missing (Django's own pages have some)."""

    request = Client.request  # taken at import, before any test replaces it


@dataclass
class World:
    """A small program to send odd requests at, and the values that URLs can be made of."""

    clients: dict[str, OddClient]
    sessions: dict[str, str]
    values: dict[str, list[str]]
    series: list[Series] = field(default_factory=list)


def make_world() -> World:
    now = timezone.now()
    hub = HubFactory(slug="north")
    series = [SessionFactory(now=now, days=days, hub=hub).series for days in (-20, 3, 9)]
    Question.objects.create(series=series[2], label_en="Why?", position=1, is_required=True)
    provider = UserFactory(with_profile=True)
    staff = UserFactory(with_profile=True, is_staff=True, is_superuser=True)
    registration = register(series[1], provider, now=now)
    register(series[1], staff, now=now)
    session = series[1].sessions.get()
    values = {
        "slug": [*(one.slug for one in series), "north", "nowhere"],
        "token": [
            make_join_token(registration.pk, session.pk),
            make_registration_token(registration.pk, session.pk),
            make_registration_token(registration.pk),
            make_join_token(10**30, 1),
            calendar_of(provider, now=now).secret,
            "1-1:x",
        ],
        "pk": [str(Registration.objects.latest("pk").pk), "1", "999999999999999999999"],
        "object_id": [str(model.pk) for model in (*series, provider, hub)] + ["1", "_5F", "1_2F", "x"],
    }
    clients = {role: OddClient(raise_request_exception=False) for role in ("signed out", "provider", "staff")}
    clients["provider"].force_login(provider)
    clients["staff"].force_login(staff)
    name = settings.SESSION_COOKIE_NAME
    sessions = {role: client.cookies[name].value if name in client.cookies else "" for role, client in clients.items()}
    return World(clients, sessions, values, series)


def patterns(resolver: URLResolver | None = None, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Each URL of the portal as the chain of patterns that lead to it."""
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            found.append((*prefix, entry.pattern))
        else:
            found += patterns(entry, (*prefix, entry.pattern))
    return found


def _path(chain: tuple[Any, ...], world: World, chance: random.Random) -> str:
    """An address under the chain of patterns; its parameters are real ones or odd ones."""
    text = "/"
    for pattern in chain:
        if hasattr(pattern, "_route"):
            route = str(pattern)
            for name, converter in pattern.converters.items():
                pool = world.values.get(name, world.values["pk"]) if chance.random() < 0.7 else ODD
                value = quote(chance.choice(pool), safe=":/" if chance.random() < 0.9 else "")
                for spelled in (f"<{type(converter).__name__[:-9].lower()}:{name}>", f"<{name}>"):
                    route = route.replace(spelled, value)
            text += route
        elif hasattr(pattern, "language_prefix"):
            text += pattern.language_prefix
        else:  # the admin's regular expressions
            text += chance.choice(["accounts", "x", ""])
    return text.replace("//", "/")


def _pairs(chance: random.Random) -> list[tuple[str, str]]:
    return [(chance.choice(NAMES), chance.choice(ODD)) for _ in range(chance.randint(0, 6))]


def _body(chance: random.Random) -> tuple[bytes, str]:
    pairs = urlencode(_pairs(chance), errors="replace")
    kind = chance.random()
    if kind < 0.75:
        return pairs.encode(), "application/x-www-form-urlencoded"
    if kind < 0.85:
        parts = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in _pairs(chance)
        )
        end = chance.choice(["--x--\r\n", "", "--y"])
        return (parts + end).encode(errors="replace"), chance.choice(
            ["multipart/form-data; boundary=x", "multipart/form-data"]
        )
    kinds = ["application/json", "text/plain; charset=odd", "", "application/x-www-form-urlencoded; charset=utf-16"]
    return chance.choice([b"{", b"\xff\xfe", pairs.encode(), b"[]"]), chance.choice(kinds)


INPUT = re.compile(r'<(?:input|button)[^>]*\bname="([^"]+)"(?:[^>]*\bvalue="([^"]*)")?')
SELECT = re.compile(r'<select[^>]*\bname="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
TEXTAREA = re.compile(r'<textarea[^>]*\bname="([^"]+)"')
OPTION = re.compile(r'<option[^>]*\bvalue="([^"]*)"')


def _filled_in(page: str, chance: random.Random) -> bytes:
    """The forms of a page, sent with most fields as they are meant and some with odd values."""
    fields = [(name, unescape(value or "")) for name, value in INPUT.findall(page)]
    fields += [(name, chance.choice(OPTION.findall(options) or [""])) for name, options in SELECT.findall(page)]
    fields += [(name, "A few words.") for name in TEXTAREA.findall(page)]
    odd = chance.choice([0.02, 0.1, 0.5])
    pairs = [(name, chance.choice(ODD) if chance.random() < odd else value) for name, value in fields]
    return urlencode([pair for pair in pairs if chance.random() > odd / 3], errors="replace").encode()


def _headers(chance: random.Random) -> dict[str, str]:
    odd = {
        "HTTP_ACCEPT_LANGUAGE": ["fr", "xx;q=9", "*", "é", "en-" * 500],
        "HTTP_COOKIE_ODD": [
            'sessionid="abcdefgh\\000"',
            "zone=x; known=1",
            "language=xx",
            'messages="[[',
            "csrftoken=x",
        ],
        "HTTP_X_FORWARDED_FOR": ["1.2.3.4", "x, y", "::1", "é"],
        "HTTP_HOST": ["testserver", "a b", "[::", "x" * 300, "testserver:99999"],
        "HTTP_IF_NONE_MATCH": ['"x"', "x", "*"],
        "HTTP_IF_MODIFIED_SINCE": ["x", "Mon, 99 Nov 2026 99:00:00 GMT"],
        "HTTP_ACCEPT_ENCODING": ["gzip", "br", "\xff"],
        "HTTP_RANGE": ["bytes=9-1", "x"],
        "HTTP_ORIGIN": ["null", "http://testserver"],
        "HTTP_X_REQUESTED_WITH": ["XMLHttpRequest"],
    }
    return {name: chance.choice(values) for name, values in odd.items() if chance.random() < 0.06}


def send(world: World, count: int, seed: int) -> tuple[Counter[int], list[str]]:
    """Send `count` odd requests, each undone afterwards; gives the number of answers by status, and what ended in a 5xx."""
    chance, statuses, failures = random.Random(seed), Counter(), []
    errors: list[str] = []

    def note(**_kwargs: Any) -> None:
        errors.append(traceback.format_exc(limit=-6))

    got_request_exception.connect(note)
    logging.disable(logging.CRITICAL)
    chains = {}
    for language in LANGUAGES:
        with translation.override(language):
            chains[language] = patterns()
    try:
        for number in range(count):
            language = LANGUAGES[number % 2]
            with translation.override(language):
                path = _path(chance.choice(chains[language]), world, chance)
            role = chance.choice(list(world.clients))
            if "/admin/" in path and chance.random() < 0.8:  # for everyone else it is one long row of closed doors
                role = "staff"
            query = urlencode(_pairs(chance), errors="replace") if chance.random() < 0.6 else ""
            method, headers = chance.choice(METHODS), _headers(chance)
            body, content_type = _body(chance) if method not in ("GET", "HEAD") else (b"", "")
            client = world.clients[role]
            if odd_cookie := headers.pop("HTTP_COOKIE_ODD", ""):
                headers["HTTP_COOKIE"] = odd_cookie
            errors.clear()
            client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: world.sessions[role]})
            with transaction.atomic():
                if method == "POST" and chance.random() < 0.5:
                    page = client.generic("GET", path)
                    body = b"" if page.streaming else _filled_in(page.content.decode(errors="replace"), chance)
                    content_type = "application/x-www-form-urlencoded"
                response = client.generic(method, f"{path}?{query}", body, content_type, **headers)
                transaction.set_rollback(True)
            statuses[response.status_code] += 1
            if response.status_code >= 500:
                failures.append(f"{role}: {method} {path}?{query} {body!r:.300}\n{errors[-1] if errors else ''}")
    finally:
        got_request_exception.disconnect(note)
        logging.disable(logging.NOTSET)
    return statuses, failures
