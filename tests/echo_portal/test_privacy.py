"""The privacy page matches the code: every retention period, every cookie, and what remains of a closed account."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.core.internal.ratelimit import parse_rates
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client

import accounts.limits
import accounts.services
import hubs.services.interest
import hubs.services.team
import newsletters.services.opening
import newsletters.services.subscriptions
import outbox.services
import outbox.suppression
import registrations.services.colleagues
from accounts.models import User
from echo_portal import privacy
from newsletters.services import notifications
from outbox import message_types
from outbox.models import Message
from outbox.services import BODIES_KEPT_FOR, Draft, prune, write
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGES = {"en": "/en/privacy/", "fr": "/fr/confidentialite/"}
DETAILS = {"name": "Zoé Roy", "email": "zoe@example.ca", "profession": "pharmacist", "province": "QC"}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def words(client, language="en"):
    html = client.get(PAGES[language]).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\u00a0", " ").split())


@pytest.mark.parametrize(
    ("module", "name", "value", "sentence"),
    [
        (accounts.services, "UNPROVEN_KEPT_FOR", timedelta(days=5), "5 days after the last code"),
        (outbox.services, "BODIES_KEPT_FOR", timedelta(days=17), "keep a copy of a code. 17 days"),
        (outbox.services, "BODIES_KEPT_FOR", timedelta(days=17), "If the address has no account: 17 days."),
        (registrations.services.colleagues, "HELD_FOR", timedelta(hours=36), "ends 36 hours after it is sent"),
        (registrations.services.colleagues, "FORGOTTEN_AFTER", timedelta(days=8), "At most 9 days after the colleague"),
        (hubs.services.team, "KEPT_FOR", timedelta(days=50), "At most 51 days after it was accepted"),
        (hubs.services.interest, "KEPT_FOR", timedelta(days=400), "At most 401 days after we accepted or declined"),
        (
            newsletters.services.subscriptions,
            "REQUESTS_KEPT_FOR",
            timedelta(days=3),
            "did not confirm, and their IP address 4 days",
        ),
        (
            newsletters.services.subscriptions,
            "FORMER_TOKENS_KEPT_FOR",
            timedelta(days=70),
            "71 days, so that the links still unsubscribe",
        ),
        (outbox.suppression, "SOFT_WITHIN", timedelta(days=12), "a fingerprint for at most 13 days"),
        (
            newsletters.services.subscriptions,
            "LEFT_KEPT_FOR",
            timedelta(days=30),
            "At most 31 days after you unsubscribe.",
        ),
        (newsletters.services.opening, "KEPT_FOR", timedelta(days=90), "over. At most 91 days."),
        (privacy, "DELETED_EVERY", timedelta(hours=30), "at most 2 days longer"),
        (accounts.limits, "PROVEN_FOR", timedelta(days=40), "from a network: at most 40 days."),
        (privacy, "ABUSE_COUNTS_KEPT_FOR", timedelta(days=4), "At most 4 days. The record that you confirmed"),
    ],
)
def test_each_period_on_the_page_comes_from_the_code(client, monkeypatch, module, name, value, sentence):
    monkeypatch.setattr(module, name, value)
    assert sentence in words(client)


def test_the_length_of_a_sign_in_comes_from_the_setting(client, settings):
    settings.SESSION_COOKIE_AGE = 60 * 60 * 24 * 12
    assert "12 days after you last used it" in words(client)


def test_the_page_has_the_same_periods_in_french(client):
    page = words(client, "fr")
    for sentence in (
        "2 jours après le dernier code",
        "48 heures après son envoi",
        "Dernière mise à jour : 26 novembre 2026",
    ):
        assert sentence in page


def test_scheduled_tasks_delete_data_as_often_as_promised(settings):
    scheduled = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    for task in (
        "outbox.tasks.prune",
        "registrations.tasks.delete_unproven_accounts",
        "registrations.tasks.expire_invitations",
        "hubs.tasks.prune",
        "newsletters.tasks.prune",
        "newsletters.tasks.send_opening_notices",
        "echo_portal.tasks.clear_old_sessions",
    ):
        assert scheduled[task] <= privacy.DELETED_EVERY.total_seconds()


def test_abuse_counters_are_kept_no_longer_than_promised():
    longest = privacy.ABUSE_COUNTS_KEPT_FOR.total_seconds()
    for limits in django_settings.RATE_LIMITS.values():
        for windows in limits.values():
            for _count, seconds in windows if isinstance(windows, list) else [windows]:
                assert seconds <= longest
    for rates in [*django_settings.ACCOUNT_RATE_LIMITS.values(), *django_settings.MFA_RATE_LIMITS.values()]:
        assert all(rate.duration <= longest for rate in parse_rates(rates))


def test_the_record_of_a_sign_in_is_deleted_after_signing_out(client, provider, now):
    response = client.post("/en/account/sign-in/", {"email": provider.email})
    client.post(response.url, {"code": Message.objects.get(message_type="code").data["code"]})
    accounts.services.clear_sessions(now)
    assert UserSession.objects.get().user == provider
    client.post("/en/account/sign-out/")
    accounts.services.clear_sessions(now + privacy.DELETED_EVERY)
    assert not UserSession.objects.exists()


class TestCookies:
    @pytest.fixture
    def set_cookies(self, monkeypatch):
        """Every cookie that a response sets during the test, by name."""
        found, original = {}, Client.request

        def request(self, **kwargs):
            response = original(self, **kwargs)
            found.update({name: one for name, one in response.cookies.items() if one.value})
            return response

        monkeypatch.setattr(Client, "request", request)
        return found

    def test_every_cookie_is_listed_with_its_lifetime(self, client, set_cookies, now):
        series = SessionFactory(now=now).series
        client.post("/en/time-zone/", {"zone": "America/Halifax"})
        response = client.post(f"/en/registration/{series.slug}/", DETAILS)
        code = Message.objects.filter(message_type="code").latest("pk").data["code"]
        assert client.post(response.url, {"code": code}).url == "/en/registration/mine/"
        client.get("/en/registration/mine/")
        client.get("/en/account/profile/")
        client.post("/en/account/sign-out/")
        listed = {cookie.name: cookie for cookie in privacy.cookies()}
        assert set(set_cookies) == set(listed)
        for name, cookie in set_cookies.items():
            seconds = int(cookie["max-age"] or 0)
            days = re.match(r"(\d+) days?$", listed[name].lifetime)
            assert seconds <= int(days[1]) * 24 * 60 * 60 if days else seconds == 0, name

    def test_the_page_lists_every_cookie(self, client):
        page = words(client)
        for cookie in privacy.cookies():
            assert f"{cookie.name} {cookie.purpose} {cookie.lifetime}" in page


class TestPrivacyOfficer:
    def test_the_default_is_a_title_and_the_projects_address(self, client):
        page = words(client)
        assert f"Privacy officer, Pallium Canada {django_settings.CONTACT_EMAIL}" in page

    def test_the_name_and_the_address_can_be_set(self, client, settings):
        settings.PRIVACY_OFFICER = "Marie Roy, privacy officer"
        settings.PRIVACY_EMAIL = "privacy@example.ca"
        assert "Marie Roy, privacy officer privacy@example.ca" in words(client)


def test_an_address_without_an_account_is_deleted_with_the_copy_of_the_email(now):
    late = now + BODIES_KEPT_FOR + timedelta(days=1)
    for kind in ("no-account", "account-closed", "registered"):
        write([Draft(f"{kind}:1", kind, f"{kind}@example.ca", "en", {"places": 1}, late)], now=now)
    Message.objects.update(state="sent", settled_at=now, subject="You asked to sign in", as_sent=b"Hello")
    prune(now + BODIES_KEPT_FOR)
    assert Message.objects.filter(to="").count() == 0
    prune(late)
    others = {"team-invitation", "interest-received", "interest-new", *notifications.MESSAGE_TYPES}
    others |= {"session-news", "session-reminder", "registration-opened"}
    assert {"no-account", "account-closed", *others} == message_types.TO_NO_ACCOUNT
    assert list(Message.objects.order_by("message_type").values_list("message_type", "to", "subject")) == [
        ("account-closed", "", ""),
        ("no-account", "", ""),
        ("registered", "registered@example.ca", "You asked to sign in"),
    ]
    assert not Message.objects.exclude(as_sent=None).exists()


def test_closing_an_account_removes_the_name_from_the_admin_history(now):
    person, other = UserFactory(name="Zoé Roy"), UserFactory(name="Anne Roy")
    kind = ContentType.objects.get_for_model(User)
    for edited in (person, other):
        LogEntry.objects.create(
            user=other, content_type=kind, object_id=str(edited.pk), object_repr=str(edited), action_flag=CHANGE
        )
    accounts.services.close(person, now=now)
    assert sorted(LogEntry.objects.values_list("object_repr", flat=True)) == ["Anne Roy", person.email]
    assert person.email.endswith(".invalid")
