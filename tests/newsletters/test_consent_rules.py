"""The rules of the paragraph on consent in the design, one test each, with the section of the law that it serves.

CASL: Canada's anti-spam law, S.C. 2010, c. 23. CRTC: Electronic Commerce Protection Regulations (CRTC), SOR/2012-36.
RFC 8058: one-click unsubscribing. Law 25: Quebec's Act respecting the protection of personal information in the private
sector, CQLR c. P-39.1.
"""

import email
import email.policy
import json
import re
from datetime import timedelta

import pytest
from django.db import InternalError, connection, transaction
from django.test import Client
from django.utils import timezone

from newsletters import wording
from newsletters.models import ConsentEvent, Subscriber, SubscriptionRequest, Topic
from newsletters.services import subscriptions
from newsletters.services.consent import Origin, evidence
from newsletters.services.importing import ImportRefusedError, import_rows
from newsletters.services.sending import audience, start_sending
from newsletters.subscriber_file import read
from outbox import message_types, sending
from outbox.models import Message, Suppression, SuppressionReason
from outbox.services import Draft, write
from outbox.suppression import suppress, suppressed
from registrations.models import Registration
from tests.factories import IssueFactory, SessionFactory, SubscriberFactory, UserFactory
from tests.newsletters.conftest import FORM, link_in, private_page, rendered, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
ADDRESS = "1550 Somewhere Street\nOttawa ON  K1A 0A1"
FILE = (
    "email,language,topics,consent_date,consent_source,consent_wording\n"
    "{email},en,newsletter,2024-05-31,Paper form,I would like the newsletter.\n"
)
# Where our emails lead: to our own pages, as they are. Only the unsubscribe link says which issue it is in.
LINKS = {
    "newsletter/confirm/…/",
    "newsletter/preferences/…/",
    "newsletter/unsubscribe/…/",
    "newsletter/unsubscribe/…/?issue=1",
    "newsletter/issues/first/",
    "sessions/pain/",
    "sessions/?status=open",
}
ORIGIN = Origin("/en/newsletter/stay-connected/", "en", "192.0.2.7")


@pytest.fixture(autouse=True)
def postal_address(settings):
    settings.POSTAL_ADDRESS = ADDRESS


@pytest.fixture
def every_bulk_email(subscriber, now):
    """Each type of bulk email, written to the subscriber: an issue, session news and a reminder."""
    session = SessionFactory(now=now, days=2, slug="pain", title_en="Pain")
    Subscriber.objects.filter(pk=subscriber.pk).update(topics=Topic.values)
    start_sending(IssueFactory(pk=1, slug="first"), by=None, now=now)
    day = {"day": session.starts_at.date().isoformat(), "sessions": [session.pk]}
    facts = {"session-news": {"series": [session.series_id]}, "session-reminder": day}
    write(
        [
            Draft(
                *(f"{kind}:1", kind, subscriber.email, "en", {"subscriber": subscriber.pk} | data),
                expires_at=now + timedelta(days=1),
                is_bulk=True,
            )
            for kind, data in facts.items()
        ],
        now=now,
    )
    return list(Message.objects.filter(is_bulk=True))


class TestAskingForConsent:
    def test_nobody_is_subscribed_without_ticking_an_unticked_box(self, client, ask):
        """CASL s. 6(1)(a): express consent; a box that is ticked beforehand is none (CRTC bulletin 2012-549)."""
        box = re.search(r'<input[^>]*name="consent"[^>]*>', client.get(FORM).content.decode())[0]
        assert "checked" not in box
        assert ask(consent="").status_code == 400
        assert not SubscriptionRequest.objects.exists()

    def test_the_box_is_separate_from_any_registration(self, client, now):
        """CRTC s. 4: consent is sought separately. Registering subscribes nobody, and its form has no such box."""
        series, person = SessionFactory(now=now).series, UserFactory(with_profile=True)
        assert "consent" not in client.get(f"/en/registration/{series.slug}/").content.decode()
        client.force_login(person)
        client.post(f"/en/registration/{series.slug}/", {"consent": "on", "topics": "newsletter"})
        assert Registration.objects.exists()
        assert not Subscriber.objects.exists()
        assert not SubscriptionRequest.objects.exists()

    def test_nobody_is_subscribed_before_they_press_the_button_behind_a_link_in_an_email(self, client, ask):
        """CASL s. 6(1)(a): it is the holder of the address who consents, not whoever typed it."""
        ask()
        assert not Subscriber.objects.exists()
        client.post(link_in(Message.objects.get(), "confirm"))
        assert Subscriber.objects.exists()

    @pytest.mark.parametrize("language", ["en", "fr"])
    def test_the_request_says_what_for_who_asks_how_to_reach_them_and_that_it_can_be_withdrawn(self, client, language):
        """CASL s. 10(1)(a) and (b); CRTC s. 4(a), (d) and (e)."""
        page = words(client.get({"en": FORM, "fr": "/fr/bulletin/rester-en-contact/"}[language]))
        purposes = {"en": "New sessions for my profession", "fr": "Les nouvelles séances pour ma profession"}
        withdrawal = {"en": "I can withdraw my consent at any time", "fr": "retirer mon consentement en tout temps"}
        for text in (purposes[language], withdrawal[language], "Pallium Canada", "1550 Somewhere Street", "contact@"):
            assert text in page

    def test_the_question_behind_the_link_says_it_again(self, client, ask):
        """CASL s. 10(1): a stranger may have filled in the form, so the holder of the address reads it too."""
        ask()
        page = words(client.get(link_in(Message.objects.get(), "confirm")))
        assert "I can withdraw my consent at any time" in page
        assert "1550 Somewhere Street" in page

    def test_link_scanners_that_follow_every_link_confirm_nothing(self, client, ask, subscriber):
        """CASL s. 6(1)(a): a machine cannot consent. No GET changes anything."""
        ask(email="new@example.ca")
        before = list(Subscriber.objects.values())
        for message in Message.objects.all():
            for path in re.findall(r"https?://[^/\s]+(/\S+)", rendered(message).text):
                client.get(path)
        client.get(f"/en/newsletter/unsubscribe/{subscriber.token}/")
        assert list(Subscriber.objects.values()) == before
        assert not ConsentEvent.objects.exists()


class TestRecord:
    def test_it_has_the_action_time_purpose_wording_version_language_page_address_and_confirmation(
        self, subscribe, now
    ):
        """CASL s. 13: the person who alleges consent has the onus of proving it."""
        subscribe()
        asked, confirmed = evidence("zoe@example.ca")
        assert (asked.action, confirmed.action) == ("asked", "confirmed")
        assert asked.at == now + timedelta(seconds=30)
        for event in (asked, confirmed):
            assert event.topics == ["newsletter", "session-news"]
            assert "– The newsletter" in event.wording
            assert wording.current().consent in event.wording
            assert "1550 Somewhere Street, Ottawa ON" in event.wording
            assert (event.wording_version, event.language, event.ip) == (wording.CURRENT, "en", "127.0.0.1")
        assert (asked.page, confirmed.page) == (FORM, "/en/newsletter/confirm/…/")

    def test_the_wording_of_a_version_never_changes(self):
        """CASL s. 13: the proof is worth nothing if the text of an old version is edited. Add a new version instead."""
        english, french = (wording.VERSIONS["2026-11"][language] for language in ("en", "fr"))
        assert english.consent == (
            "Yes, I want these emails from the Palliative Care ECHO Project, led by Pallium Canada. I can withdraw my"
            " consent at any time with the link in every email."
        )
        assert french.consent == (
            "Oui, je veux recevoir ces courriels du Projet ECHO sur les soins palliatifs, dirigé par Pallium Canada. Je"
            " peux retirer mon consentement en tout temps à l’aide du lien présent dans chaque courriel."
        )

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE newsletters_consentevent SET email = 'x@example.ca'",
            "DELETE FROM newsletters_consentevent",
            "TRUNCATE newsletters_consentevent",
        ],
    )
    def test_the_database_refuses_to_change_or_delete_it(self, subscribe, statement):
        """CASL s. 13: append-only, also for whoever works on the database."""
        subscribe()
        with pytest.raises(InternalError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert ConsentEvent.objects.count() == 2

    def test_it_stays_after_someone_leaves_and_is_forgotten(self, subscribe, now):
        """CASL s. 13; Law 25 s. 28.1 does not reach what another law requires."""
        subscriber = subscribe()
        subscriptions.unsubscribe(subscriber, origin=ORIGIN, now=now)
        subscriptions.forget(subscriber, origin=ORIGIN, now=now)
        subscriptions.prune(now + timedelta(days=4000))
        actions = ["asked", "confirmed", "unsubscribed", "forgotten"]
        assert list(ConsentEvent.objects.order_by("pk").values_list("action", flat=True)) == actions


class TestPurpose:
    @pytest.mark.parametrize("audience_topic", Topic.values)
    def test_nobody_gets_a_newsletter_who_chose_only_session_news_or_reminders(self, now, audience_topic):
        """CASL s. 10(1)(a): consent is for the purposes that were named when it was asked for."""
        SubscriberFactory(topics=["session-news"])
        SubscriberFactory(topics=["reminders"])
        SubscriberFactory(topics=["session-news", "reminders"])
        wanted = SubscriberFactory()
        issue = IssueFactory(audience_topic=audience_topic)
        assert list(audience(issue, now)) == [wanted]


class TestEmail:
    @pytest.fixture
    def bulk(self, subscriber):
        """One bulk email as the outbox composes it."""
        url = f"https://echo.example.ca/en/newsletter/unsubscribe/{subscriber.token}/"
        letter = message_types.RenderedEmail("News", "text", "<p>html</p>", unsubscribe_url=url)
        message = Message(pk=1, key="newsletter:1:1", message_type="newsletter", to=subscriber.email, language="en")
        sent = sending.compose(message, letter).message().as_bytes()
        return email.message_from_bytes(sent, policy=email.policy.default)

    def test_every_email_names_the_sender_with_a_postal_address_and_one_more_way_to_reach_it(
        self, ask, subscriber, every_bulk_email
    ):
        """CASL s. 6(2)(a) and (b); CRTC s. 2(1)(a) and (d)."""
        ask(email="new@example.ca")
        ask(email=subscriber.email)
        for message in Message.objects.all():
            letter = rendered(message)
            for text in ("Pallium Canada", "1550 Somewhere Street", "contact@echo.example.ca"):
                assert text in letter.text
                assert text in letter.html

    def test_every_bulk_email_has_an_unsubscribe_link_in_its_text_and_for_the_email_app(
        self, client, subscriber, every_bulk_email
    ):
        """CASL s. 6(2)(c) and 11(1)(b): a link that needs no signing in, in each email that needs consent."""
        for message in every_bulk_email:
            letter = rendered(message)
            address = f"/en/newsletter/unsubscribe/{subscriber.token}/"
            assert address in letter.unsubscribe_url
            for content in (letter.text, letter.html):
                assert address in content
            assert client.get(address).status_code == 200

    def test_bulk_email_can_be_left_from_the_email_app(self, bulk, subscriber):
        """CASL s. 6(2)(c) and 11(1); CRTC s. 3(2): readily performed. RFC 8058 s. 3.1 names the two headers."""
        assert bulk["List-Unsubscribe"].endswith(f"/unsubscribe/{subscriber.token}/>")
        assert bulk["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert bulk["List-Id"]


class TestLeaving:
    @pytest.fixture
    def page(self, subscriber):
        return f"/en/newsletter/unsubscribe/{subscriber.token}/"

    def test_leaving_needs_no_signing_in_and_one_press(self, client, page):
        """CASL s. 11(1)(a): at no cost; s. 11(3): without any further action. CRTC s. 3(2): readily performed."""
        assert client.get(page).status_code == 200
        assert "You’re unsubscribed" in words(client.post(page))

    def test_it_takes_effect_immediately(self, client, page, subscriber, now):
        """CASL s. 11(3): without delay, and in any event within ten business days."""
        assert list(Subscriber.objects.receiving("newsletter", now)) == [subscriber]
        client.post(page)
        assert not Subscriber.objects.receiving("newsletter", now).exists()

    def test_it_also_stops_what_is_being_sent(self, client, page, every_bulk_email, drain, now):
        """CASL s. 11(3): without delay means that what is still in our queue is not sent."""
        client.post(page)
        assert drain(now) == []
        assert set(Message.objects.values_list("state", flat=True)) == {"unsubscribed"}

    def test_the_link_works_for_at_least_60_days_after_the_email(self, client, page, subscriber, now):
        """CASL s. 11(2), also if the address was changed or forgotten right after the email."""
        subscriptions.ask_new_address(subscriber, "new@example.ca", origin=ORIGIN, now=now)
        subscriptions.confirm(subscriber.requests.get(), origin=ORIGIN, now=now)
        later = f"/en/newsletter/unsubscribe/{Subscriber.objects.get().token}/"
        subscriptions.prune(now + timedelta(days=60))
        assert client.post(page).status_code == 200
        assert Subscriber.objects.get().unsubscribed_at
        subscriptions.forget(Subscriber.objects.get(), origin=ORIGIN, now=now)
        subscriptions.prune(now + timedelta(days=60))
        assert [client.post(address).status_code for address in (page, later)] == [200, 200]

    def test_the_one_click_post_needs_no_cookie_is_idempotent_and_never_redirects(self, page):
        """RFC 8058 s. 3.2: the POST has no cookies and must not be redirected."""
        app = Client(enforce_csrf_checks=True)
        for _ in range(2):
            app.cookies.clear()
            response = app.post(page, {"List-Unsubscribe": "One-Click"})
            assert response.status_code == 200
        assert ConsentEvent.objects.count() == 1

    def test_leaving_never_stops_service_email(self, client, page, subscriber, drain, now):
        """CASL s. 6(6): messages about what someone registered for need no consent."""
        SessionFactory(now=now, slug="pain")
        person = UserFactory(email=subscriber.email, with_profile=True)
        client.post(page)
        client.force_login(person)
        client.post("/en/registration/pain/")
        assert [one.to for one in drain(now)] == [[subscriber.email]]


class TestPrivacy:
    def test_people_get_their_data_in_a_structured_form(self, client, subscribe):
        """Law 25 s. 27: in a structured, commonly used technological format."""
        subscriber = subscribe()
        data = json.loads(client.post(f"{private_page(subscriber, timezone.now())}data/").content)
        assert data["subscription"]["email"] == subscriber.email
        assert len(data["consent"]) == 2

    def test_people_can_be_forgotten(self, client, subscriber):
        """Law 25 s. 28.1: the spread of information ends; the page names what another law requires us to keep."""
        page = f"{private_page(subscriber, timezone.now())}forget/"
        assert "section 13" in words(client.get(page))
        client.post(page)
        assert not Subscriber.objects.exists()

    def test_an_address_that_was_suppressed_stays_so_by_its_hash_when_it_is_forgotten(self, subscriber, now):
        """Law 25 s. 28.1 and CASL s. 6(1): someone who complained gets nothing more, and the address itself is gone."""
        suppress(subscriber.email, SuppressionReason.COMPLAINT, now=now)
        subscriptions.forget(subscriber, origin=ORIGIN, now=now)
        assert Suppression.objects.get().email == ""
        assert suppressed([subscriber.email])

    def test_someone_who_was_forgotten_can_only_come_back_themselves(self, subscriber, now):
        """CASL s. 13 and Law 25 s. 28.1: the record, which names the address, is used against an import of it."""
        subscriptions.forget(subscriber, origin=ORIGIN, now=now)
        with pytest.raises(ImportRefusedError):
            import_rows(read(FILE.format(email=subscriber.email).encode(), now=now), by="test", now=now)
        import_rows(read(FILE.format(email="other@example.ca").encode(), now=now), by="test", now=now)
        assert Subscriber.objects.get().email == "other@example.ca"

    def test_the_page_says_which_ip_addresses_are_recorded_and_for_how_long(self, client):
        """Law 25 s. 8: people are told what is collected and, on request, how long it is kept."""
        page = words(client.get("/en/privacy/"))
        assert "the words you saw, and the IP address it came from" in page
        assert "did not confirm, and their IP address" in page
        assert "the pages, the words you saw and the IP addresses" in page

    def test_what_a_stranger_typed_and_nobody_confirmed_leaves_no_trace(self, ask, now):
        """Law 25 s. 23 and CASL s. 13: no consent, nothing to prove, nothing to keep."""
        ask()
        subscriptions.prune(now + subscriptions.REQUESTS_KEPT_FOR + timedelta(minutes=1))
        assert not SubscriptionRequest.objects.exists()
        assert not ConsentEvent.objects.exists()

    def test_there_is_no_tracking(self, client, ask, subscriber, every_bulk_email):
        """Law 25 s. 8.1: no technology that follows people. No pictures in our emails, and no link to another place."""
        ask(email="new@example.ca")
        ask(email=subscriber.email)
        for message in Message.objects.all():
            letter = rendered(message)
            assert "<img" not in letter.html
            links = set(re.findall(r'href="(http[^"]+)"', letter.html))
            assert {re.sub(r"/[\w-]{32}/", "/…/", link).rpartition("/en/")[2] for link in links} <= LINKS
        assert "no tracking pixels" in words(client.get("/en/privacy/"))
