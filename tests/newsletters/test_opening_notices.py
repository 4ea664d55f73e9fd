""" "Tell me when it opens": asking, one email when people can register, and nothing that remains."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import translation

from newsletters.models import OpeningNotice, Subscriber
from newsletters.services.consent import Origin
from newsletters.services.opening import (
    KEPT_FOR,
    MOST_FOR_AN_ADDRESS,
    USEFUL_FOR,
    NothingToWaitForError,
    ask_for_notice,
    send_opening_notices,
)
from newsletters.services.subscriptions import forget
from outbox import alarms, sending
from outbox.models import Message
from outbox.services import GROUP, Draft, drain_batch, forget_address, requeue, write
from sessions_app.models import Series
from tests.factories import SessionFactory, SubscriberFactory, UserFactory
from tests.hubs.test_partner_interest import solve

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
ADDRESS = "marie@example.ca"


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def series(now):
    """A series that opens in an hour."""
    return SessionFactory(now=now, registration_opens_at=now + timedelta(hours=1)).series


def page_of(series, language="en"):
    with translation.override(language):
        start = {"en": "/en/newsletter/when-it-opens", "fr": "/fr/bulletin/quand-inscription-ouvre"}[language]
        return f"{start}/{series.slug_here}/"


@pytest.fixture
def ask(client, clock, series):
    """A function that opens the form, takes some seconds to fill it in, and sends it."""

    def send(email=ADDRESS, *, about=series, language="en", seconds=30):
        page = page_of(about, language)
        token = client.get(page).context["form"]["token"].value()
        clock.shift(seconds)
        return client.post(page, {"email": email, "token": token, "proof": solve(token)})

    return send


def text(response):
    return " ".join(response.content.decode().split())


def set_status(series, **fields):
    Series.objects.filter(pk=series.pk).update(**fields)


class TestAsking:
    def test_the_page_of_a_series_that_opens_soon_or_is_full_has_a_link(self, client, series, now):
        link = f'href="{page_of(series)}"'
        assert link in text(client.get(f"/en/sessions/{series.slug}/"))
        full = SessionFactory(now=now, capacity=0, waitlist_enabled=False).series
        assert f'href="{page_of(full)}"' in text(client.get(f"/en/sessions/{full.slug}/"))
        for fields in ({}, {"capacity": 0}, {"is_closed": True}, {"is_cancelled": True}):
            other = SessionFactory(now=now, **fields).series
            assert "when-it-opens" not in text(client.get(f"/en/sessions/{other.slug}/"))

    def test_a_preview_has_no_link(self, admin_client, series):
        set_status(series, publication="draft")
        assert "when-it-opens" not in text(admin_client.get(f"/en/sessions/{series.slug}/preview/"))

    def test_the_request_is_recorded_in_the_language_of_the_page(self, ask, series, client):
        response = ask("Marie@Example.ca", language="fr")
        assert response.url == f"{page_of(series, 'fr')}envoye/"
        assert client.get(response.url).status_code == 200
        notice = OpeningNotice.objects.get()
        assert (notice.series, notice.email, notice.language) == (series, ADDRESS, "fr")
        assert not Message.objects.exists()
        assert not Subscriber.objects.exists()

    def test_asking_again_shows_the_same_page_and_keeps_one_request(self, ask, client):
        first, again = ask(), ask()
        assert first.url == again.url
        assert OpeningNotice.objects.count() == 1

    def test_the_address_of_a_signed_in_person_is_filled_in(self, client, series):
        person = UserFactory(with_profile=True)
        client.force_login(person)
        assert client.get(page_of(series)).context["form"]["email"].value() == person.email

    @pytest.mark.parametrize("address", ["", "marie", "hélène@example.ca", "a@b.ca\r\nBcc: x@example.ca"])
    def test_a_bad_address_is_refused_with_what_was_typed(self, ask, address):
        assert ask(address).status_code == 400
        assert not OpeningNotice.objects.exists()

    def test_a_bot_is_refused(self, ask):
        assert ask(seconds=1).status_code == 400
        assert not OpeningNotice.objects.exists()

    def test_an_address_may_ask_only_some_times_a_day(self, ask, now, settings):
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"opening-notice": {"key": (2, 86400)}}
        soon = [SessionFactory(now=now, registration_opens_at=None).series for _n in range(3)]
        assert [ask(about=one).status_code for one in soon] == [302, 302, 400]
        assert ask("other@example.ca", about=soon[2]).status_code == 302

    def test_an_address_waits_for_ten_series_at_most(self, ask, now, settings):
        """So nobody can have a stranger's mailbox filled when they all open. What was sent makes room."""
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"opening-notice": {}, "send-email": {}}
        soon = [SessionFactory(now=now, registration_opens_at=None).series for _n in range(MOST_FOR_AN_ADDRESS + 1)]
        for one in soon[:-1]:
            ask_for_notice(one, ADDRESS, "en", now=now)
        refused = ask(about=soon[-1])
        assert refused.status_code == 400
        assert "We can’t take more requests for this address right now." in text(refused)
        assert ask(about=soon[0]).status_code == 302  # asked before
        assert ask("other@example.ca", about=soon[-1]).status_code == 302
        OpeningNotice.objects.filter(series=soon[0]).delete()
        assert ask(about=soon[-1]).status_code == 302

    @pytest.mark.parametrize("limit", [("send-email", {"ip": (2, 60)}), ("send-form", {"ip": [(2, 3600)]})])
    def test_a_network_may_ask_only_some_times(self, ask, settings, limit):
        action, most = limit
        settings.RATE_LIMITS = settings.RATE_LIMITS | {action: settings.RATE_LIMITS[action] | most}
        assert [ask(f"person{n}@example.ca").status_code for n in range(3)] == [302, 302, 400]

    def test_it_counts_as_an_email_to_that_address(self, ask, settings):
        limits = settings.RATE_LIMITS["send-email"] | {"pair": (1, 600)}
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"send-email": limits}
        assert [ask().status_code, ask().status_code] == [302, 400]

    def test_a_series_that_is_open_or_over_leads_back_to_its_page(self, client, now):
        for fields in ({}, {"capacity": 0}, {"is_closed": True}, {"is_cancelled": True}, {"is_concluded": True}):
            other = SessionFactory(now=now, **fields).series
            assert client.get(page_of(other)).url == f"/en/sessions/{other.slug}/"
            with pytest.raises(NothingToWaitForError):
                ask_for_notice(other, ADDRESS, "en", now=now)

    def test_a_series_that_opens_while_the_form_is_filled_in_leads_back_to_its_page(self, client, series, clock):
        token = client.get(page_of(series)).context["form"]["token"].value()
        clock.shift(3600)
        response = client.post(page_of(series), {"email": ADDRESS, "token": token, "proof": solve(token)})
        assert response.url == f"/en/sessions/{series.slug}/"
        assert not OpeningNotice.objects.exists()

    def test_a_series_that_is_not_public_does_not_exist(self, client, series):
        set_status(series, publication="draft")
        assert client.get(page_of(series)).status_code == 404
        assert client.get(f"{page_of(series)}sent/").status_code == 404

    def test_the_other_languages_slug_is_redirected(self, client, series):
        set_status(series, slug_fr="serie-a-venir")
        series.refresh_from_db()
        assert client.get(f"/fr/bulletin/quand-inscription-ouvre/{series.slug}/").url == page_of(series, "fr")


class TestWhenItOpens:
    @pytest.fixture
    def notice(self, series, now):
        ask_for_notice(series, ADDRESS, "fr", now=now)

    @pytest.fixture
    def opens_at(self, series):
        return series.registration_opens_at

    def test_one_email_is_sent_and_the_request_is_forgotten_after_it(self, series, notice, opens_at, drain):
        assert send_opening_notices(opens_at - MINUTE) == 0
        assert send_opening_notices(opens_at) == 1
        assert send_opening_notices(opens_at) == 0
        assert OpeningNotice.objects.count() == 1  # until the email has really left
        (email,) = drain(opens_at)
        assert send_opening_notices(opens_at + MINUTE) == 0
        assert not OpeningNotice.objects.exists()
        assert drain(opens_at + MINUTE) == []
        assert email.to == [ADDRESS]
        assert series.title_fr in email.subject
        assert f"/fr/inscription/{series.slug}/" in email.body

    def test_it_is_service_email_that_says_why_and_repeats_nothing_of_the_form(self, series, now, opens_at, drain):
        ask_for_notice(series, ADDRESS, "en", now=now)
        send_opening_notices(opens_at)
        (email,) = drain(opens_at)
        assert not Message.objects.get().is_bulk
        assert email.extra_headers["Auto-Submitted"] == "auto-generated"
        assert "List-Unsubscribe" not in email.extra_headers
        words = " ".join(email.body.split())
        assert "someone entered this address on our site" in words
        assert "If it wasn’t you, you can ignore this email." in words
        assert ADDRESS not in email.body + email.alternatives[0].content

    def test_someone_who_asks_again_for_a_later_opening_is_told_again(self, series, notice, opens_at, drain):
        """Also if they ask before the first request was forgotten."""
        send_opening_notices(opens_at)
        assert len(drain(opens_at)) == 1
        later = opens_at + timedelta(days=1)
        set_status(series, registration_opens_at=later)
        series.refresh_from_db()
        ask_for_notice(series, ADDRESS, "fr", now=opens_at + MINUTE)
        assert send_opening_notices(later) == 1
        assert len(drain(later)) == 1

    def test_asking_again_while_the_email_waits_brings_no_second_one(self, series, notice, opens_at, drain):
        send_opening_notices(opens_at)
        set_status(series, registration_opens_at=opens_at + timedelta(hours=1))
        series.refresh_from_db()
        ask_for_notice(series, ADDRESS, "fr", now=opens_at)
        set_status(series, registration_opens_at=opens_at)
        send_opening_notices(opens_at)
        assert len(drain(opens_at)) == 1

    def test_a_freed_seat_of_a_full_series_is_told(self, now, drain):
        full = SessionFactory(now=now, capacity=0, waitlist_enabled=False).series
        ask_for_notice(full, ADDRESS, "en", now=now)
        assert send_opening_notices(now) == 0
        set_status(full, capacity=1)
        assert send_opening_notices(now) == 1
        (email,) = drain(now)
        assert "1 seat left" in email.body

    def test_a_series_that_filled_at_once_offers_its_waitlist(self, series, notice, opens_at, drain):
        set_status(series, capacity=0)
        assert send_opening_notices(opens_at) == 1
        (email,) = drain(opens_at)
        assert "liste d’attente" in email.subject
        assert "liste d’attente" in email.body

    @pytest.mark.parametrize(
        ("change", "undo"),
        [
            ({"is_closed": True}, {"is_closed": False}),
            ({"publication": "draft"}, {"publication": "published"}),
            ({"capacity": 0, "waitlist_enabled": False}, {"capacity": 1}),  # someone was quicker
            ({"registration_opens_at": None}, {"registration_opens_at": "now"}),  # postponed
        ],
    )
    def test_if_it_closes_before_the_email_is_sent_the_request_waits(
        self, series, notice, opens_at, drain, change, undo
    ):
        send_opening_notices(opens_at)
        set_status(series, **change)
        assert drain(opens_at) == []
        assert Message.objects.get().state == "expired"
        assert send_opening_notices(opens_at + MINUTE) == 0
        assert OpeningNotice.objects.count() == 1
        set_status(series, **{name: opens_at if value == "now" else value for name, value in undo.items()})
        later = opens_at + 2 * MINUTE
        assert send_opening_notices(later) == 1
        assert [email.to for email in drain(later)] == [[ADDRESS]]
        send_opening_notices(later)
        assert not OpeningNotice.objects.exists()

    def test_an_email_whose_series_is_cancelled_is_not_sent(self, series, notice, opens_at, drain):
        send_opening_notices(opens_at)
        set_status(series, is_cancelled=True)
        assert drain(opens_at) == []
        send_opening_notices(opens_at)
        assert not OpeningNotice.objects.exists()

    def test_an_email_that_waited_for_days_is_written_again(self, notice, opens_at, drain):
        """A worker was down, or the mail server had too much to do. Registration is still open."""
        send_opening_notices(opens_at)
        late = opens_at + USEFUL_FOR
        assert drain(late) == []
        assert send_opening_notices(late) == 1
        assert len(drain(late)) == 1

    @pytest.mark.parametrize(
        ("state", "reason", "is_kept"),
        [
            ("queued", "", True),
            ("sending", "", True),
            ("failed", "451 4.3.0 Try again later", True),
            ("failed", "550 5.1.1 No such person", False),
            ("failed", "It could not be written; the log says why.", False),
            ("uncertain", "The line broke: TimeoutError", False),  # it may have arrived
            ("suppressed", "The address is suppressed: hard-bounce.", False),
        ],
    )
    def test_the_request_is_kept_as_long_as_its_email_may_still_be_sent(self, notice, opens_at, state, reason, is_kept):
        send_opening_notices(opens_at)
        Message.objects.update(state=state, reason=reason)
        send_opening_notices(opens_at + MINUTE)
        assert OpeningNotice.objects.exists() is is_kept
        assert Message.objects.count() == (2 if "451" in reason else 1)

    def test_staff_cannot_send_an_email_again_that_another_replaces(self, notice, opens_at):
        send_opening_notices(opens_at)
        Message.objects.update(state="failed", reason="451 4.3.0 Try again later")
        assert send_opening_notices(opens_at + MINUTE) == 1
        assert requeue(Message.objects.all(), now=opens_at + MINUTE) == 0

    def test_closing_the_account_ends_a_request_whose_email_waits(self, notice, opens_at):
        send_opening_notices(opens_at)
        forget_address(ADDRESS)
        assert send_opening_notices(opens_at + MINUTE) == 0
        assert not OpeningNotice.objects.exists()

    def test_someone_who_asked_to_be_forgotten_gets_no_email(self, series, now, opens_at, drain):
        subscriber = SubscriberFactory()
        ask_for_notice(series, subscriber.email, "en", now=now)
        send_opening_notices(opens_at)
        forget(subscriber, origin=Origin(), now=opens_at)
        assert drain(opens_at) == []
        assert Message.objects.get().to == ""

    def test_sign_in_codes_and_confirmations_do_not_wait_for_a_popular_opening(self, series, now, opens_at, drain):
        for n in range(GROUP + 1):
            ask_for_notice(series, f"person{n}@example.ca", "en", now=now)
        send_opening_notices(opens_at)
        later = opens_at + MINUTE
        code = Draft("code:1", "code", "a@example.ca", "en", {"code": "123456"}, later + 10 * MINUTE)
        write([code], now=later)
        assert len(drain(later)) == GROUP + 2
        assert mail.outbox[0].to == ["a@example.ca"]

    def test_a_few_go_at_a_time_so_that_a_code_asked_for_meanwhile_goes_next(self, series, now, opens_at):
        for n in range(GROUP + 1):
            ask_for_notice(series, f"person{n}@example.ca", "en", now=now)
        send_opening_notices(opens_at)
        with sending.Connection() as connection:
            assert drain_batch(connection, opens_at) == GROUP

    def test_many_of_them_are_no_alarm(self, notice, opens_at):
        send_opening_notices(opens_at)
        assert alarms.alarms(opens_at + 10 * MINUTE) == []

    @pytest.mark.parametrize("change", [{"is_cancelled": True}, {"is_concluded": True}, {"publication": "archived"}])
    def test_requests_for_a_series_that_will_not_open_are_deleted_without_an_email(self, series, notice, now, change):
        set_status(series, **change)
        assert send_opening_notices(now) == 0
        assert not OpeningNotice.objects.exists()
        assert not Message.objects.exists()

    @pytest.mark.parametrize("change", [{"is_closed": True}, {"publication": "draft"}])
    def test_a_series_that_may_still_open_keeps_its_requests(self, series, notice, opens_at, change):
        set_status(series, **change)
        assert send_opening_notices(opens_at) == 0
        assert OpeningNotice.objects.exists()

    def test_a_request_is_not_kept_for_ever(self, series, notice, now):
        set_status(series, registration_opens_at=None)
        Series.objects.filter(pk=series.pk).update(first_starts_at=None, last_starts_at=None, last_ends_at=None)
        send_opening_notices(now + KEPT_FOR)
        assert OpeningNotice.objects.exists()
        send_opening_notices(now + KEPT_FOR + MINUTE)
        assert not OpeningNotice.objects.exists()

    def test_the_address_leaves_the_ledger_with_the_copy_of_the_email(self, notice, opens_at, drain):
        from outbox.services import BODIES_KEPT_FOR, prune

        send_opening_notices(opens_at)
        drain(opens_at)
        prune(opens_at + BODIES_KEPT_FOR + MINUTE)
        assert Message.objects.get().to == ""

    def test_the_cost_does_not_grow_with_series_or_requests(self, now, django_assert_max_num_queries, monkeypatch):
        for n in range(10):
            SessionFactory(now=now)  # open, and nobody asked
            soon = SessionFactory(now=now, registration_opens_at=None).series
            ask_for_notice(soon, f"person{n}@example.ca", "en", now=now)
        with django_assert_max_num_queries(9):
            send_opening_notices(now)
        for n in range(10):
            ask_for_notice(soon, f"other{n}@example.ca", "en", now=now)
        set_status(soon, registration_opens_at=now)
        with django_assert_max_num_queries(17):
            assert send_opening_notices(now) == 11


def test_the_privacy_page_says_what_is_kept(client):
    assert "one email when registration opens" in text(client.get("/en/privacy/"))
