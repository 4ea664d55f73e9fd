"""Names in emails and on pages: shown as entered, but never as a link or as markup."""

import re

import pytest
import time_machine
from django.contrib.admin import site
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.forms import DetailsForm, validate_name
from accounts.models import User
from outbox.models import Message
from registrations.forms import ColleagueForm, RegisterForm
from registrations.services import register
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
WEB_ADDRESSES = [
    "evil.भारत",
    "example.ca",
    "Win at bit.ly now",
    "t.co",
    "exemple.québec",
    "EXAMPLE.CA",
    "x。ca",
    "192.168.0.1",
    "xn--e1.xn--p1ai",
]
WEB_ADDRESSES += ["bit.ly.", "https://example", "www.example", "anna@example", "Anna\nRoy", "Anna\u2028Roy"]


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize(
    "name",
    [
        "J. Smith",
        "St. John's",
        "Dr. A.B. Lee",
        "M.-C. Roy",
        "J.R.R. Tolkien",
        "Anna Roy, Ph.D.",
        "Zoé O’Neil-Côté Jr.",
        "Nguyễn Thị Hoà",
        "No.",
    ],
)
def test_names_of_many_kinds_are_accepted(name):
    validate_name(name)


@pytest.mark.parametrize("name", WEB_ADDRESSES)
def test_a_web_address_is_refused_as_a_name(name):
    with pytest.raises(ValidationError):
        validate_name(name)


def test_every_form_refuses_a_web_address_as_a_name(client, rf, open_series):
    for form in (
        DetailsForm({"name": "bit.ly"}),
        RegisterForm({"name": "bit.ly"}, series=open_series),
        ColleagueForm({"name": "bit.ly"}),
    ):
        assert "a space after each period" in str(form.errors["name"])
    staff = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(staff)
    for page in (reverse("admin:accounts_user_add"), reverse("admin:registrations_registration_add")):
        data = {"name": "bit.ly", "email": "bo@example.ca", "series": open_series.pk}
        assert "a space after each period" in client.post(page, data).content.decode(), page
    assert not User.objects.filter(name="bit.ly").exists()
    request = rf.get("/")
    request.user = staff
    with pytest.raises(ValidationError):
        site.get_model_admin(User).get_form(request, staff).base_fields["name"].clean("bit.ly")


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Nguyễn Thị Hoà", "You are registered, Nguyễn Thị Hoà."),
        ("No. 5 Nursing Station", "You are registered, No. 5 Nursing Station."),
        ("", "You are registered."),
    ],
)
def test_a_greeting_has_the_full_name_or_no_name(client, now, drain, name, greeting):
    person = UserFactory(with_profile=True, name=name)
    series = SessionFactory(now=now).series
    client.force_login(person)
    page = client.post(f"/en/registration/{series.slug}/", follow=True).content.decode()
    assert greeting in re.findall(r"<h2[^>]*>\s*(.*?)\s*</h2>", page, re.DOTALL)[0]
    (email,) = drain(now)
    assert greeting in email.body


def test_an_email_address_with_markup_is_escaped(client, open_series):
    unusual_address = '"<b>x</b>"@example.ca'
    address = f"/en/registration/{open_series.slug}/"
    details = {"name": "Amélie", "email": unusual_address, "profession": "registered-nurse", "province": "NL"}
    response = client.post(address, details)
    code = Message.objects.get(message_type="code").data["code"]
    page = client.post(response.url, {"code": code}, follow=True).content.decode()
    assert "&quot;&lt;b&gt;x&lt;/b&gt;&quot;@example.ca" in page
    assert "<b>x</b>" not in page


def test_an_email_address_with_markup_is_escaped_in_messages(client, now):
    """Staff see the message of their admin action on the next page they open."""
    staff = UserFactory(is_staff=True, is_superuser=True)
    series = SessionFactory(now=now).series
    unusual_address = UserFactory(email='"<b>x</b>"@example.ca', name="")
    registration = register(series, unusual_address, now=now)
    client.force_login(staff)
    address = reverse("admin:registrations_registration_cancel", args=[registration.pk])
    client.post(address, {"note": "We are sorry."})
    page = client.get(reverse("registrations:mine")).content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<b>x</b>" not in page
