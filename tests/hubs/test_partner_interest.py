"""The form for organizations that would like to become a hub: what is recorded, who is told, and which bots are refused."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from accounts.bots import BITS, is_proof
from hubs.models import InterestNote, PartnerInterest
from hubs.services.interest import KEPT_FOR
from hubs.tasks import prune
from outbox.models import Message
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/en/hubs/become-a-partner/"
SENT = "/en/hubs/become-a-partner/sent/"
TYPED = {
    "organization": "North Shore Hospice",
    "organization_type": "hospice",
    "contact_name": "Anne Roy",
    "email": "Anne@Example.ca",
    "provinces": ["BC", "YT"],
    "idea": "A series for home care nurses. Visit www.spam.example",
    "language": "fr",
}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def fill_in(client, clock):
    """Return a function that opens the form, takes some seconds to fill it in, and returns its fields."""

    def make(seconds=30, *, proof=True, **changes):
        token = client.get(PAGE).context["form"]["token"].value()
        clock.shift(seconds)
        return TYPED | {"token": token, "proof": solve(token) if proof else ""} | changes

    return make


def solve(token):
    return next(str(number) for number in range(1 << (BITS + 6)) if is_proof(token, str(number)))


def page_text(response):
    return " ".join(response.content.decode().split())


def test_the_form_is_recorded_acknowledged_and_staff_are_notified(client, fill_in, drain, now, settings):
    response = client.post(PAGE, fill_in())
    assert response.url == SENT
    assert "Thank you. We received your form." in page_text(client.get(SENT))
    interest = PartnerInterest.objects.get()
    assert (interest.organization, interest.email) == ("North Shore Hospice", "anne@example.ca")
    assert (interest.provinces, interest.language, interest.stage) == (["BC", "YT"], "fr", "new")
    drain(now + timedelta(minutes=1))
    acknowledgement, notice = sorted(mail.outbox, key=lambda one: one.to[0])
    assert (acknowledgement.to, notice.to) == (["anne@example.ca"], [settings.CONTACT_EMAIL])
    assert "Merci de votre intérêt" in acknowledgement.body
    assert reverse("admin:hubs_partnerinterest_change", args=[interest.pk]) in notice.body
    assert "North Shore Hospice" in notice.body
    assert "Contact person: Anne Roy" in notice.body
    assert "home care nurses" not in notice.body


def test_the_acknowledgement_repeats_nothing_that_was_typed(client, fill_in, drain, now):
    client.post(PAGE, fill_in(contact_name="Buy now", organization="Visit www.spam.example", language="en"))
    drain(now + timedelta(minutes=1))
    letter = next(one for one in mail.outbox if one.to == ["anne@example.ca"])
    assert not any(word in str(letter.message()) for word in ("Buy now", "spam.example", "home care nurses"))


def test_the_form_says_what_is_missing_and_keeps_what_was_typed(client, fill_in):
    response = client.post(PAGE, fill_in(email="", contact_name="visit www.spam.example"))
    page = page_text(response)
    assert response.status_code == 400
    assert "2 things to correct" in page
    assert "Enter your email address, so we can reply." in page
    assert 'value="North Shore Hospice"' in page
    assert not PartnerInterest.objects.exists()


def test_the_form_knows_who_is_signed_in(client):
    person = UserFactory(with_profile=True, name="Zoé Roy")
    client.force_login(person)
    form = client.get(PAGE).context["form"]
    assert (form["contact_name"].value(), form["email"].value()) == ("Zoé Roy", person.email)
    assert form["provinces"].value() == ["ON"]


class TestBots:
    def refused(self, response):
        assert response.status_code == 400
        assert 'value="North Shore Hospice"' in page_text(response)
        assert not PartnerInterest.objects.exists()
        return response.context["form"]

    def test_a_filled_in_hidden_field_gets_the_same_sentence_as_a_form_sent_too_quickly(self, client, fill_in):
        form = self.refused(client.post(PAGE, fill_in(website="https://spam.example")))
        quick = self.refused(client.post(PAGE, fill_in(seconds=1)))
        assert form.non_field_errors() == quick.non_field_errors()
        assert "Wait 30 seconds" in form.non_field_errors()[0]
        assert form["website"].value() == ""  # a person whose browser filled it in can press again

    def test_a_form_sent_too_quickly_is_accepted_when_it_is_sent_again(self, client, fill_in, clock):
        typed = fill_in(seconds=1)
        self.refused(client.post(PAGE, typed))
        clock.shift(3)
        assert client.post(PAGE, typed).url == SENT

    def test_without_javascript_the_form_takes_a_little_longer(self, client, fill_in, clock):
        typed = fill_in(seconds=10, proof=False)
        self.refused(client.post(PAGE, typed))
        clock.shift(10)
        assert client.post(PAGE, typed).url == SENT

    def test_a_wrong_proof_counts_as_none(self, client, fill_in):
        self.refused(client.post(PAGE, fill_in(seconds=10, proof=False) | {"proof": "x"}))

    def test_without_javascript_fewer_forms_are_accepted_from_one_network(self, client, fill_in, settings):
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"send-form-without-proof": {"ip": (1, 3600)}}
        assert client.post(PAGE, fill_in(proof=False)).url == SENT
        refused = client.post(PAGE, fill_in(proof=False))
        assert "many forms from your network" in page_text(refused)
        assert client.post(PAGE, fill_in()).url == SENT

    def test_a_page_left_open_for_days_is_renewed_and_can_be_sent_at_once(self, client, fill_in):
        typed = fill_in(seconds=3 * 86400)
        form = self.refused(client.post(PAGE, typed))
        assert "we renewed it" in form.non_field_errors()[0]
        assert form["token"].value() != typed["token"]
        assert client.post(PAGE, typed | {"token": form["token"].value(), "proof": ""}).url == SENT

    @pytest.mark.parametrize("token", ["", "forged", "WyJhIiwxXQ:1a:b"])
    def test_a_forged_token_is_replaced(self, client, fill_in, token):
        form = self.refused(client.post(PAGE, fill_in() | {"token": token}))
        assert form["token"].value() not in ("", token)

    def test_a_form_sent_twice_is_recorded_once(self, client, fill_in):
        typed = fill_in()
        assert [client.post(PAGE, typed).url for _ in range(2)] == [SENT, SENT]
        assert PartnerInterest.objects.count() == 1
        assert Message.objects.filter(message_type="interest-received").count() == 1

    def test_a_form_that_could_not_be_saved_can_be_sent_again(self, client, fill_in, monkeypatch):
        typed = fill_in()
        with monkeypatch.context() as broken:
            broken.setattr("hubs.views.interest.record_interest", lambda *_args, **_kwargs: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                client.post(PAGE, typed)
        client.post(PAGE, typed)
        assert PartnerInterest.objects.count() == 1

    def test_when_the_cache_is_down_the_form_still_works(self, client, fill_in, settings):
        typed = fill_in(proof=False)
        settings.CACHES = settings.CACHES | {
            "default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
        }
        assert client.post(PAGE, typed).url == SENT

    def test_an_address_does_not_get_many_emails(self, client, fill_in, settings):
        limits = settings.RATE_LIMITS["send-email"] | {"pair": (1, 600)}
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"send-email": limits}
        client.post(PAGE, fill_in())
        response = client.post(PAGE, fill_in())
        assert "We can’t send an email to this address right now" in page_text(response)
        assert PartnerInterest.objects.count() == 1


def test_the_site_leads_to_the_form(client):
    for address in ("/en/", "/en/hubs/", "/en/contact/", "/en/about/"):
        assert f'href="{PAGE}"' in client.get(address).content.decode(), address
    assert 'href="/fr/poles/devenir-partenaire/"' in client.get("/fr/").content.decode()


def test_settled_interests_are_deleted_after_two_years(now, clock):
    fields = {"organization": "A", "email": "a@example.ca", "created_at": now - 2 * KEPT_FOR}
    PartnerInterest.objects.create(**fields, stage="declined", settled_at=now - KEPT_FOR - timedelta(hours=1))
    PartnerInterest.objects.create(**fields, stage="declined", settled_at=now - KEPT_FOR + timedelta(hours=1))
    prune()
    assert PartnerInterest.objects.count() == 1


def test_open_interests_that_nobody_touched_for_two_years_are_deleted(now, clock):
    def received(name, days_ago=731, **fields):
        created_at = now - timedelta(days=days_ago)
        return PartnerInterest.objects.create(organization=name, email="a@example.ca", created_at=created_at, **fields)

    received("Forgotten", stage="contacted")
    received("Long overdue", next_step_on=(now - timedelta(days=732)).date())
    noted = received("Noted then")
    InterestNote.objects.create(interest=noted, text="Call", at=now - timedelta(days=731))
    received("Recent", days_ago=729)
    received("Overdue", next_step_on=(now - timedelta(days=729)).date())
    noted = received("Noted")
    for days in (731, 729):
        InterestNote.objects.create(interest=noted, text="Call", at=now - timedelta(days=days))
    prune()
    kept = set(PartnerInterest.objects.values_list("organization", flat=True))
    assert kept == {"Recent", "Overdue", "Noted"}
