"""Malformed requests never return a 5xx: they get a 404 or an error message."""

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.models import User
from hubs.models import Hub
from outbox.models import Message
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/en/registration/calendar/%00.ics", 404),
        ("/en/sessions/%00/", 404),
        ("/en/newsletter/when-it-opens/%00/", 404),
        ("/fr/inscription/rejoindre/%00/", 404),
        ("/en/sessions/?hub=%00", 200),
        ("/en/sessions/?q=pain%00", 200),
        ("/en/sessions/month/?month=%00", 200),
    ],
)
def test_a_nul_character_in_a_url_finds_nothing(client, address, status):
    response = client.get(address)
    assert response.status_code == status
    assert b"<h1>" in response.content


@pytest.mark.parametrize("page", ["change/", "delete/", "history/"])
def test_an_empty_to_field_in_the_admin_is_refused(admin_client, page):
    address = f"/en/admin/accounts/user/{UserFactory().pk}/{page}"
    assert admin_client.get(f"{address}?_to_field=").status_code == 400
    assert admin_client.post(address, {"_to_field": ""}).status_code == 400


def test_a_nul_character_in_the_session_cookie_means_signed_out(client):
    response = client.get("/en/registration/mine/", HTTP_COOKIE='sessionid="abcdefgh\\000"')
    assert response.status_code == 302


@pytest.mark.parametrize("target", ["foo", "//elsewhere.example", "https://elsewhere.example/", "javascript:alert(1)"])
def test_a_next_parameter_to_another_site_is_ignored(client, target):
    response = client.post(f"/en/time-zone/?next={target}", {"zone": "America/Edmonton"})
    assert (response.status_code, response["Location"]) == (302, "/en/sessions/")
    client.force_login(UserFactory(with_profile=True))
    details = {"name": "Marie Roy", "profession": "physician", "province": "QC", "language": "fr"}
    response = client.post("/en/account/profile/", details | {"next": target})
    assert (response.status_code, response["Location"]) == (302, "/en/account/profile/")


def test_a_next_parameter_to_a_page_of_the_portal_is_followed(client):
    response = client.post("/en/time-zone/?next=/en/hubs/", {"zone": "America/Edmonton"})
    assert response["Location"] == "/en/hubs/"


DETAILS = {"name": "Marie Roy", "profession": "physician", "province": "QC", "language": "en"}
TOO_LONG = "m" * 60 + "@" + "a." * 98 + "example.ca"
ACCENTED = "hélène@example.ca"


@pytest.mark.parametrize(
    ("address", "error"),
    [(TOO_LONG, "too long"), (ACCENTED, "before the @")],
    ids=["too long", "accented"],
)
def test_an_undeliverable_address_is_a_form_error_and_stays_in_the_form(client, now, address, error):
    series = SessionFactory(now=now).series
    with time_machine.travel(now, tick=False):
        response = client.post(f"/en/registration/{series.slug}/", DETAILS | {"email": address})
    page = response.content.decode()
    assert response.status_code == 400
    assert error in page
    assert address in page
    page = client.post("/en/account/sign-in/", {"email": address}).content.decode()
    assert error in page
    client.force_login(UserFactory(with_profile=True))
    with time_machine.travel(now, tick=False):
        colleague = {"colleague-0-name": "Hélène Roy", "colleague-0-email": address}
        counts = {"colleague-TOTAL_FORMS": 10, "colleague-INITIAL_FORMS": 0}
        response = client.post(f"/en/registration/{series.slug}/colleagues/", colleague | counts)
    assert error in response.content.decode()


def test_an_address_with_an_accent_in_its_domain_is_accepted(client, now):
    series = SessionFactory(now=now).series
    with time_machine.travel(now, tick=False):
        response = client.post(f"/en/registration/{series.slug}/", DETAILS | {"email": "Marie@Hôpital.ca"})
    assert response.status_code == 302
    assert Message.objects.get().to == "marie@hôpital.ca"


def test_an_id_beyond_the_range_of_the_database_is_a_404(client, now):
    SessionFactory(now=now)
    client.force_login(UserFactory(with_profile=True))
    assert client.post(f"/en/registration/mine/session/{'9' * 40}/", {"coming": "no"}).status_code == 404


def test_an_invalid_key_or_choice_in_the_admin_is_refused(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert client.get("/en/admin/sessions_app/series/_5F/change/").status_code in (302, 404)
    response = client.post("/en/admin/registrations/registration/add/", {"series": "a\0b", "email": "a@example.ca"})
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()


@pytest.mark.parametrize("key", ["http://[", "9" * 5000, "\0"])
def test_an_invalid_key_in_an_admin_action_is_refused(client, key):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    response = client.post("/en/admin/sessions_app/series/", {"action": "publish", "_selected_action": key})
    assert response.status_code == 400


def test_hubs_and_people_cannot_have_an_undeliverable_address():
    for instance in (Hub(slug="x", name_en="X", contact_email=ACCENTED), User(email=ACCENTED, password="!")):
        with pytest.raises(ValidationError, match="before the @"):
            instance.full_clean()


def test_a_form_in_another_encoding_gets_the_error_page_also_with_a_next_parameter(client):
    odd = "application/x-www-form-urlencoded; charset=utf-16"
    response = client.post("/en/time-zone/?next=/en/", data=b"[]", content_type=odd)
    assert response.status_code == 400
