"""Send random requests to every URL with every method and unusual values: signed out, as a provider, a coordinator and staff."""

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
from tests.factories import HubFactory, IssueFactory, MembershipFactory, SessionFactory, UserFactory

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
    "state__exact", "state", "to__regex", "session_key__startswith", "email__regex", "as_sent", "user__email", "series__title_en", "publication", "body", "body_en", "issue", "seen", "pictures-TOTAL_FORMS", "pictures-INITIAL_FORMS", "csrfmiddlewaretoken", "sessions-TOTAL_FORMS", "app_label",
    "model_name", "field_name", "term", "is_staff__exact", "type", "sessions-0-starts_at_0", "delivery",
]  # fmt: skip


class OddClient(Client):
    """Django's test client without the suite's check for missing template variables: some of Django's own pages have them."""

    request = Client.request  # read at import, before a fixture replaces it


@dataclass
class Target:
    """A small program to send requests to, and the values for URL parameters."""

    clients: dict[str, OddClient]
    sessions: dict[str, str]
    values: dict[str, list[str]]
    series: list[Series] = field(default_factory=list)


def make_target() -> Target:
    now = timezone.now()
    hub = HubFactory(slug="north")
    series = [SessionFactory(now=now, days=days, hub=hub).series for days in (-20, 3, 9)]
    Question.objects.create(series=series[2], label_en="Why?", position=1, is_required=True)
    provider = UserFactory(with_profile=True)
    coordinator = MembershipFactory(hub=hub, user=UserFactory(with_profile=True)).user
    staff = UserFactory(with_profile=True, is_staff=True, is_superuser=True)
    registration = register(series[1], provider, now=now)
    register(series[1], staff, now=now)
    session = series[1].sessions.get()
    issue = IssueFactory(slug="spring", state="sent", published_at=now)
    values = {
        "slug": [*(one.slug for one in series), "north", "spring", "nowhere"],
        "language": ["en", "fr", "de"],
        "token": [
            make_join_token(registration.pk, session.pk),
            make_registration_token(registration.pk, session.pk),
            make_registration_token(registration.pk),
            make_join_token(10**30, 1),
            calendar_of(provider, now=now).secret,
            "1-1:x",
        ],
        "pk": [str(Registration.objects.latest("pk").pk), "1", "999999999999999999999"],
        "series": [*(str(one.pk) for one in series), "1"],
        "session": [str(session.pk), "1"],
        "registration": [str(registration.pk), "1"],
        "object_id": [str(model.pk) for model in (*series, provider, hub, issue)] + ["1", "_5F", "1_2F", "x"],
    }
    clients = {
        role: OddClient(raise_request_exception=False) for role in ("signed out", "provider", "coordinator", "staff")
    }
    clients["provider"].force_login(provider)
    clients["coordinator"].force_login(coordinator)
    clients["staff"].force_login(staff)
    name = settings.SESSION_COOKIE_NAME
    sessions = {role: client.cookies[name].value if name in client.cookies else "" for role, client in clients.items()}
    return Target(clients, sessions, values, series)


def patterns(resolver: URLResolver | None = None, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return each URL of the portal as its chain of patterns."""
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            found.append((*prefix, entry.pattern))
        else:
            found += patterns(entry, (*prefix, entry.pattern))
    return found


def _path(chain: tuple[Any, ...], target: Target, rng: random.Random) -> str:
    """Build a path from the chain of patterns, with real or odd parameters."""
    text = "/"
    for pattern in chain:
        if hasattr(pattern, "_route"):
            route = str(pattern)
            for name, converter in pattern.converters.items():
                pool = target.values.get(name, target.values["pk"]) if rng.random() < 0.7 else ODD
                value = quote(rng.choice(pool), safe=":/" if rng.random() < 0.9 else "")
                for placeholder in (f"<{type(converter).__name__[:-9].lower()}:{name}>", f"<{name}>"):
                    route = route.replace(placeholder, value)
            text += route
        elif hasattr(pattern, "language_prefix"):
            text += pattern.language_prefix
        else:  # the admin's regular expressions
            text += rng.choice(["accounts", "x", ""])
    return text.replace("//", "/")


def _pairs(rng: random.Random) -> list[tuple[str, str]]:
    return [(rng.choice(NAMES), rng.choice(ODD)) for _ in range(rng.randint(0, 6))]


def _body(rng: random.Random) -> tuple[bytes, str]:
    pairs = urlencode(_pairs(rng), errors="replace")
    kind = rng.random()
    if kind < 0.75:
        return pairs.encode(), "application/x-www-form-urlencoded"
    if kind < 0.85:
        parts = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in _pairs(rng)
        )
        end = rng.choice(["--x--\r\n", "", "--y"])
        return (parts + end).encode(errors="replace"), rng.choice(
            ["multipart/form-data; boundary=x", "multipart/form-data"]
        )
    kinds = ["application/json", "text/plain; charset=odd", "", "application/x-www-form-urlencoded; charset=utf-16"]
    return rng.choice([b"{", b"\xff\xfe", pairs.encode(), b"[]"]), rng.choice(kinds)


INPUT = re.compile(r'<(?:input|button)[^>]*\bname="([^"]+)"(?:[^>]*\bvalue="([^"]*)")?')
SELECT = re.compile(r'<select[^>]*\bname="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
TEXTAREA = re.compile(r'<textarea[^>]*\bname="([^"]+)"')
OPTION = re.compile(r'<option[^>]*\bvalue="([^"]*)"')


def _fill_in(page: str, rng: random.Random) -> bytes:
    """Return a request body for the forms of a page, with most fields valid and some odd."""
    fields = [(name, unescape(value or "")) for name, value in INPUT.findall(page)]
    fields += [(name, rng.choice(OPTION.findall(options) or [""])) for name, options in SELECT.findall(page)]
    fields += [(name, "A few words.") for name in TEXTAREA.findall(page)]
    odd = rng.choice([0.02, 0.1, 0.5])
    pairs = [(name, rng.choice(ODD) if rng.random() < odd else value) for name, value in fields]
    return urlencode([pair for pair in pairs if rng.random() > odd / 3], errors="replace").encode()


def _headers(rng: random.Random) -> dict[str, str]:
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
    return {name: rng.choice(values) for name, values in odd.items() if rng.random() < 0.06}


def send(target: Target, count: int, seed: int) -> tuple[Counter[int], list[str]]:
    """Send `count` requests and roll each back. Return the number of responses by status, and a description of each 5xx."""
    rng, statuses, failures = random.Random(seed), Counter(), []
    errors: list[str] = []

    def record_error(**_kwargs: Any) -> None:
        errors.append(traceback.format_exc(limit=-6))

    got_request_exception.connect(record_error)
    logging.disable(logging.CRITICAL)
    chains = {}
    for language in LANGUAGES:
        with translation.override(language):
            chains[language] = patterns()
    try:
        for number in range(count):
            language = LANGUAGES[number % 2]
            with translation.override(language):
                path = _path(rng.choice(chains[language]), target, rng)
            role = rng.choice(list(target.clients))
            if "/admin/" in path and rng.random() < 0.8:  # everyone else only gets refusals there
                role = "staff"
            elif ("/workspace/" in path or "/espace/" in path) and rng.random() < 0.8:
                role = "coordinator"
            query = urlencode(_pairs(rng), errors="replace") if rng.random() < 0.6 else ""
            method, headers = rng.choice(METHODS), _headers(rng)
            body, content_type = _body(rng) if method not in ("GET", "HEAD") else (b"", "")
            client = target.clients[role]
            if odd_cookie := headers.pop("HTTP_COOKIE_ODD", ""):
                headers["HTTP_COOKIE"] = odd_cookie
            errors.clear()
            client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: target.sessions[role]})
            with transaction.atomic():
                if method == "POST" and rng.random() < 0.5:
                    page = client.generic("GET", path)
                    body = b"" if page.streaming else _fill_in(page.content.decode(errors="replace"), rng)
                    content_type = "application/x-www-form-urlencoded"
                response = client.generic(method, f"{path}?{query}", body, content_type, **headers)
                transaction.set_rollback(True)
            statuses[response.status_code] += 1
            if response.status_code >= 500:
                failures.append(f"{role}: {method} {path}?{query} {body!r:.300}\n{errors[-1] if errors else ''}")
    finally:
        got_request_exception.disconnect(record_error)
        logging.disable(logging.NOTSET)
    return statuses, failures
