"""Hostile text in every field of the form comes out as text: on pages, in emails, in the file and in the evidence."""

import json

import pytest
from django.utils import timezone

from newsletters.models import ConsentEvent, Subscriber, SubscriptionRequest
from newsletters.services import subscriptions
from newsletters.services.consent import Origin
from outbox.models import Message
from tests.newsletters.conftest import FORM, TYPED, link_in, private_page, rendered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
SCRIPT = "<script>alert(1)</script>"
HOSTILE = [
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "Roy\r\nBcc: everyone@example.ca",
    "{{ settings.SECRET_KEY }}{% debug %}",
    "\u202egnp.exe\u2066",
    "=HYPERLINK(1)",
    "Zoé%(email)s",
]
ORIGIN = Origin("/en/newsletter/stay-connected/", "en", "192.0.2.1")


@pytest.mark.parametrize("text", HOSTILE)
def test_the_form_and_the_pages_escape_it(client, fill_in, text):
    choices = {"organization": text, "topics": ["newsletter"], "name": ""}
    response = client.post(FORM, fill_in(**choices, consent=""))
    assert_only_text(response)  # typed text comes back in the field
    client.post(FORM, fill_in(**choices))
    for message in Message.objects.all():
        email = rendered(message)
        assert text not in email.subject + email.text + email.html
        page = link_in(message, "confirm")
        assert_only_text(client.get(page))
        client.post(page)
        assert_only_text(client.get(page))
    subscriber = Subscriber.objects.get()
    assert_only_text(client.get(f"/en/newsletter/preferences/{subscriber.token}/"))
    private = private_page(subscriber, timezone.now())
    for part in ("", "address/", "forget/"):
        assert_only_text(client.get(private + part))
    data = client.post(f"{private}data/")
    assert (data["Content-Type"], data["X-Content-Type-Options"]) == ("application/json; charset=utf-8", "nosniff")
    assert json.loads(data.content)["subscription"]["organization"] == subscriber.organization


def assert_only_text(response):
    """No markup that was typed is markup, and no template tag that was typed is evaluated."""
    page = response.content.decode()
    assert SCRIPT not in page
    assert "<img src=x" not in page
    assert "development-only-" not in page  # the start of SECRET_KEY


@pytest.mark.parametrize("field", ["topics", "language", "profession", "province", "reminder_days"])
def test_only_listed_choices_are_accepted(ask, field):
    assert ask(**{field: SCRIPT}).status_code == 400
    assert not SubscriptionRequest.objects.exists()


@pytest.mark.parametrize(
    "email", [f'"{SCRIPT}"@example.ca', "a@b.ca\r\nBcc: c@example.ca", "zoé@example.ca", "a" * 300]
)
def test_a_hostile_address_is_refused_or_only_text(client, fill_in, email):
    response = client.post(FORM, fill_in(email=email))
    assert_only_text(response)
    for message in Message.objects.all():
        assert "\n" not in message.to


def test_an_address_with_an_accent_in_its_domain_is_emailed(client, ask, drain):
    ask(email="Marie@Hôpital.ca")
    request = SubscriptionRequest.objects.get()
    (email,) = drain(request.created_at)
    assert email.to == ["marie@xn--hpital-ixa.ca"]
    client.post(link_in(Message.objects.get(), "confirm"))
    assert Subscriber.objects.get().email == "marie@hôpital.ca"


def test_the_evidence_and_the_admin_escape_it(admin_client, now):
    choices = subscriptions.Choices(topics=["newsletter"], language="en", name=SCRIPT, organization=SCRIPT)
    request = subscriptions.ask("zoe@example.ca", choices, origin=Origin(SCRIPT, "en"), now=now)
    subscriptions.confirm(request, origin=Origin(f"\u202e{SCRIPT}", "en"), now=now)
    event = ConsentEvent.objects.latest("pk")
    for page in ("", f"{event.pk}/change/", f"{event.pk}/evidence/"):
        assert SCRIPT not in admin_client.get(f"/en/admin/newsletters/consentevent/{page}").content.decode()
    assert TYPED["email"].lower() == event.email
