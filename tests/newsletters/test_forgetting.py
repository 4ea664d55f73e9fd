"""“What do you know about me?” and “Forget me”: what is in the file, what is deleted, and what the law lets us keep."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from newsletters.models import ConsentAction, ConsentEvent, OpeningNotice, Subscriber, SubscriptionRequest
from newsletters.services.consent import Origin, former_addresses, record
from newsletters.services.notifications import MESSAGE_TYPES as TYPES
from newsletters.services.sending import start_sending
from newsletters.services.subscriptions import ask_new_address, confirm, forget
from outbox import message_types, sending
from outbox.message_types import OutdatedMessage
from outbox.models import Message, Suppression, SuppressionReason
from outbox.services import Draft, write
from outbox.services.results import ERASED
from outbox.suppression import suppress, suppressed
from tests.factories import IssueFactory, SeriesFactory, SubscriberFactory, UserFactory
from tests.newsletters.conftest import private_page, words

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def subscriber(subscribe):
    return subscribe()


@pytest.fixture
def page(subscriber):
    return private_page(subscriber, timezone.now())


def queue(email, now):
    drafts = [
        Draft(f"{kind}:1", kind, email, "en", {"issue": 1}, now, is_bulk=kind == "newsletter")
        for kind in ("newsletter", "registered")
    ]
    write(drafts, now=now)


def send(subscriber, key, now):
    """Write an issue as it was sent to the subscriber."""
    Message.objects.create(
        key=key,
        message_type="newsletter",
        is_bulk=True,
        to=subscriber.email,
        language="en",
        data={"issue": 1, "subscriber": subscriber.pk},
        state="sent",
        subject=key,
        as_sent=b"Hello",
        not_before=now,
        expires_at=now,
        settled_at=now,
    )


def move(subscriber, email, now):
    """Return the subscriber, after they changed and confirmed their address."""
    ask_new_address(subscriber, email, origin=Origin(), now=now)
    confirm(subscriber.requests.latest("pk"), origin=Origin(), now=now)
    return Subscriber.objects.get(pk=subscriber.pk)


def file(client, subscriber):
    return json.loads(client.post(f"{private_page(subscriber, timezone.now())}data/").content)


def test_the_file_has_everything_we_know(client, subscriber, page, now):
    OpeningNotice.objects.create(
        series=SeriesFactory(slug="pain"), email=subscriber.email, language="en", created_at=now
    )
    queue(subscriber.email, now)
    response = client.post(f"{page}data/")
    assert response["Content-Disposition"] == 'attachment; filename="my-data.json"'
    data = json.loads(response.content)
    known = data["subscription"]
    assert (known["email"], known["name"], known["topics"]) == (
        "zoe@example.ca",
        "Zoé Roy",
        ["newsletter", "session-news"],
    )
    assert [step["action"] for step in data["consent"]] == ["asked", "confirmed"]
    assert "Yes, I want these emails" in data["consent"][0]["wording"]
    assert data["told_when_registration_opens"][0]["series__slug"] == "pain"
    assert {email["message_type"] for email in data["emails"]} == {"subscription-confirm", "newsletter"}
    assert len(data["requests"]) == 1
    assert subscriber.token not in response.content.decode()


def test_the_page_asks_first_and_names_what_is_kept(client, page, subscriber):
    text = words(client.get(f"{page}forget/"))
    assert "Canada’s anti-spam law (section 13)" in text
    assert "The record of your consent" in text
    assert "close your account" not in text
    UserFactory(email=subscriber.email, with_profile=True)
    assert "close your account" in words(client.get(f"{page}forget/"))
    assert Subscriber.objects.exists()


def test_forgetting_deletes_everything_but_the_record_of_consent(client, page, subscriber, now):
    user = UserFactory(email=subscriber.email, with_profile=True)
    OpeningNotice.objects.create(series=SeriesFactory(), email=subscriber.email, language="en", created_at=now)
    queue(subscriber.email, now)
    response = client.post(f"{page}forget/", follow=True)
    assert "We have forgotten you" in words(response)
    assert not Subscriber.objects.exists()
    assert not SubscriptionRequest.objects.exists()
    assert not OpeningNotice.objects.exists()
    assert list(ConsentEvent.objects.values_list("action", flat=True)) == ["asked", "confirmed", "forgotten"]
    bulk, service = Message.objects.get(message_type="newsletter"), Message.objects.get(message_type="registered")
    assert (bulk.to, bulk.state, bulk.data) == ("", "unsubscribed", {})
    assert (service.to, service.state) == (user.email, "queued")  # what they registered for goes on
    assert Message.objects.get(message_type="subscription-confirm").to == ""
    user.refresh_from_db()
    assert user.is_active


def test_the_links_open_nothing_after_that(client, page, subscriber):
    client.post(f"{page}forget/")
    for response in (client.get(page), client.post(f"{page}forget/"), client.post(f"{page}data/")):
        assert response.status_code == 404
    assert client.get(f"/en/newsletter/preferences/{subscriber.token}/").status_code == 410


def test_the_person_can_come_back(client, page, subscribe):
    client.post(f"{page}forget/")
    assert subscribe().name == "Zoé Roy"


class TestFormerAddresses:
    """Whoever changed the address is known by the old one too, as long as nobody else has it."""

    @pytest.fixture
    def moved(self, subscriber, now):
        send(subscriber, "newsletter:1:1", now)
        OpeningNotice.objects.create(series=SeriesFactory(), email=subscriber.email, language="en", created_at=now)
        return move(subscriber, "new@example.ca", now + HOUR)

    @pytest.fixture
    def other(self, moved, now):
        """Someone who subscribes with the old address later."""
        later = now + timedelta(days=1)
        other = SubscriberFactory(email="zoe@example.ca")
        record(ConsentAction.CONFIRMED, other.email, now=later, origin=Origin(), topics=["newsletter"])
        send(other, "newsletter:2:2", later)
        queue(other.email, later)
        return other

    def test_the_file_has_what_went_to_the_former_address(self, client, moved):
        emails = file(client, moved)["emails"]
        assert ("newsletter", "zoe@example.ca") in [(email["message_type"], email["to"]) for email in emails]
        assert file(client, moved)["told_when_registration_opens"][0]["email"] == "zoe@example.ca"

    def test_the_file_has_nothing_of_someone_who_has_that_address_now(self, client, moved, other):
        to_old = [email["subject"] for email in file(client, moved)["emails"] if email["to"] == "zoe@example.ca"]
        assert "newsletter:1:1" in to_old
        assert "newsletter:2:2" not in to_old
        assert moved.email not in str(file(client, other))

    def test_forgetting_reaches_what_went_to_the_former_address(self, moved, now):
        forget(moved, origin=Origin(), now=now)
        assert set(Message.objects.values_list("to", "subject", "as_sent")) == {("", "", None)}
        assert Message.objects.get(key="newsletter:1:1").state == "sent"
        assert not OpeningNotice.objects.exists()

    def test_forgetting_leaves_what_belongs_to_someone_who_has_that_address_now(self, moved, other, now):
        forget(moved, origin=Origin(), now=now + timedelta(days=2))
        theirs = Message.objects.filter(to=other.email)
        assert set(theirs.values_list("key", flat=True)) == {"newsletter:2:2", "newsletter:1", "registered:1"}
        assert set(Subscriber.objects.all()) == {other}

    def test_an_address_that_was_changed_back_and_forth_is_forgotten_everywhere(self, moved, now):
        send(moved, "newsletter:3:1", now + HOUR)
        back = move(moved, "zoe@example.ca", now + 2 * HOUR)
        assert former_addresses(back.email) == [("new@example.ca", now + 2 * HOUR), ("zoe@example.ca", now + HOUR)]
        forget(back, origin=Origin(), now=now + 3 * HOUR)
        assert set(Message.objects.values_list("to", flat=True)) == {""}

    def test_addresses_of_someone_who_had_the_address_before_are_not_theirs(self, moved, now):
        move(moved, "third@example.ca", now)
        later = SubscriberFactory(email="new@example.ca")
        assert former_addresses(later.email) == []
        forget(later, origin=Origin(), now=now)
        assert former_addresses(later.email) == []


class TestSuppressedAddresses:
    def test_what_was_suppressed_stays_so_by_its_hash(self, client, page, subscriber, now):
        suppress(subscriber.email, SuppressionReason.COMPLAINT, now=now, detail="zoe@example.ca complained")
        client.post(f"{page}forget/")
        found = Suppression.objects.get()
        assert (found.email, found.detail) == ("", "")
        assert suppressed([subscriber.email]) == {subscriber.email: "complaint"}

    def test_no_hash_is_made_of_an_address_that_was_fine(self, client, page):
        client.post(f"{page}forget/")
        assert not Suppression.objects.exists()


class TestWhileAWorkerSends:
    @pytest.fixture
    def forget_in_between(self, subscriber, now, monkeypatch):
        """Let someone be forgotten while a worker has their email in hand. The server then answers as told."""

        def run(answer=None):
            original = sending.Connection.send

            def send(connection, message, email):
                forget(subscriber, origin=Origin(), now=now)
                if answer:
                    raise answer
                return original(connection, message, email)

            monkeypatch.setattr(sending.Connection, "send", send)

        return run

    @pytest.fixture
    def bulk(self, subscriber, smtp, now):
        start_sending(IssueFactory(title_en="Secret title"), by=None, now=now)
        Message.objects.exclude(message_type="newsletter").delete()
        return Message.objects.get()

    def test_nothing_is_written_back_but_the_result(self, forget_in_between, bulk, drain, smtp, now):
        forget_in_between()
        drain(now)
        assert len(smtp.messages) == 1
        bulk.refresh_from_db()
        assert (bulk.state, bulk.to, bulk.subject, bulk.as_sent, bulk.data) == ("sent", "", "", None, {})

    def test_the_servers_reply_is_not_written_back(self, forget_in_between, bulk, drain, now):
        forget_in_between(sending.PermanentFailure("550 zoe@example.ca is unknown"))
        drain(now)
        bulk.refresh_from_db()
        assert (bulk.state, bulk.to, bulk.reason) == ("failed", "", ERASED)

    def test_it_is_not_tried_again(self, forget_in_between, bulk, drain, smtp, now, monkeypatch):
        forget_in_between(sending.TemporaryFailure("450 zoe@example.ca is busy"))
        drain(now)
        monkeypatch.undo()
        drain(now + HOUR)
        assert smtp.messages == []
        bulk.refresh_from_db()
        assert (bulk.state, bulk.to, bulk.reason) == ("unsubscribed", "", ERASED)

    def test_without_that_everything_is_recorded(self, bulk, drain, now):
        drain(now)
        bulk.refresh_from_db()
        assert (bulk.to, bulk.subject) == ("zoe@example.ca", "Secret title")


@pytest.mark.parametrize(
    "message_type", ["newsletter", "newsletter-test", "session-news", "session-reminder", "registration-opened", *TYPES]
)
def test_a_message_whose_data_was_erased_is_no_error(message_type, now):
    (loaded,) = message_types.load(message_type, [{}])
    try:
        message_types.render(message_type, loaded, now)
    except OutdatedMessage:
        return
    assert message_type == "subscription-moved"  # it says the same to everyone


def test_the_page_names_everything_that_is_kept(client, page):
    text = words(client.get(f"{page}forget/"))
    for sentence in (
        "your address and any earlier address, when and on which page you agreed",
        "the IP address it came from",
        "only if it refused our email or you reported an email as spam",
        "for about 90 days, so that the unsubscribe links still work",
        "the fact that an email was sent, when, and whether it arrived, without your name or address",
    ):
        assert sentence in text
