"""A hub's coordinators edit its public page and its logo. Nobody else can, and other hubs stay as they are."""

import pytest

from hubs.models import Hub, Logo
from hubs.services import logos
from tests.factories import HubFactory, MembershipFactory, UserFactory
from tests.hubs.logo_files import SCRIPT, picture, upload

pytestmark = pytest.mark.django_db
PAGE, LOGO = "/en/workspace/north/hub-page/", "/en/workspace/north/hub-page/logo/"
REMOVE = f"{LOGO}remove/"
TEXTS = {
    "summary_en": "Who we are.",
    "summary_fr": "Qui nous sommes.",
    "description_en": "More about us.",
    "description_fr": "Plus sur nous.",
    "region_en": "The north",
    "region_fr": "Le nord",
    "provinces": ["MB", "ON"],
    "audience": ["physician"],
    "website": "north.example.ca",
    "contact_email": "North@Example.ca",
}
ALT = {"alt_en": "A pine", "alt_fr": "Un pin"}


@pytest.fixture
def hub():
    return HubFactory(slug="north", name_en="Northern hub")


@pytest.fixture
def coordinator(client, hub):
    user = MembershipFactory(hub=hub).user
    client.force_login(user)
    return user


def test_a_coordinator_edits_the_public_page(client, coordinator, hub):
    MembershipFactory(hub=hub, user__email="north@example.ca", role="viewer")
    page = client.get(PAGE).content.decode()
    assert "Your hub’s name and web address stay the same" in page
    response = client.post(PAGE, TEXTS | {"name_en": "Renamed", "slug": "renamed", "is_trusted": "on"})
    assert (response.status_code, response["Location"]) == (302, PAGE)
    hub.refresh_from_db()
    for name, value in TEXTS.items():
        expected = {"website": "https://north.example.ca", "contact_email": "north@example.ca"}.get(name, value)
        assert getattr(hub, name) == expected
    assert (hub.name_en, hub.slug, hub.is_trusted) == ("Northern hub", "north", False)
    assert "Your hub’s page has been updated." in client.get(PAGE).content.decode()
    public = client.get("/fr/poles/north/").content.decode()
    assert "Plus sur nous." in public
    assert "Manitoba, Ontario" in public


def test_the_teams_email_is_that_of_a_member_or_the_one_that_staff_set(client, coordinator, hub):
    hub.contact_email = "team@example.ca"
    hub.save()
    outsiders = [MembershipFactory().user, MembershipFactory(hub=hub, user__is_active=False).user]
    for email in ("elsewhere@example.ca", *(user.email for user in outsiders)):
        response = client.post(PAGE, TEXTS | {"contact_email": email})
        assert response.status_code == 400
        assert "Enter the address of someone in your team." in response.content.decode()
    for email in ("Team@example.ca", coordinator.email, ""):
        assert client.post(PAGE, TEXTS | {"contact_email": email}).status_code == 302
        assert Hub.objects.get(slug="north").contact_email == email.lower()
    assert client.post(PAGE, TEXTS | {"contact_email": "team@example.ca"}).status_code == 400


def test_what_is_wrong_is_said_and_nothing_is_saved(client, coordinator, hub):
    response = client.post(PAGE, TEXTS | {"provinces": ["XX"], "website": "javascript:alert(1)"})
    assert response.status_code == 400
    assert "3 things to correct" in response.content.decode()
    assert Hub.objects.get().summary_en == ""


def test_a_coordinator_adds_describes_and_removes_a_logo(client, coordinator, hub):
    assert client.get(REMOVE)["Location"] == PAGE  # there is nothing to remove
    assert 'enctype="multipart/form-data"' in client.get(LOGO).content.decode()
    assert client.post(LOGO, ALT | {"file": upload(picture())})["Location"] == PAGE
    logo = Logo.objects.get(hub=hub)
    assert logo.get_absolute_url() in client.get(PAGE).content.decode()
    client.post(LOGO, {"alt_en": "A tall pine", "alt_fr": "Un grand pin"})
    assert (Logo.objects.get().alt_en, Logo.objects.get().checksum) == ("A tall pine", logo.checksum)
    assert "Remove the logo?" in client.get(REMOVE).content.decode()
    assert Logo.objects.exists()
    assert client.post(REMOVE)["Location"] == PAGE
    assert not Logo.objects.exists()
    assert client.post(REMOVE).status_code == 302


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (ALT | {"file": upload(SCRIPT)}, "We can’t read this picture."),
        (ALT, "Choose the file with your logo."),
        ({"alt_en": "A pine", "file": upload(picture())}, "Describe the logo"),
        ({"alt_fr": " ", "alt_en": "A pine", "file": upload(picture())}, "Describe the logo"),
    ],
)
def test_a_bad_file_or_a_missing_description_is_refused(client, coordinator, fields, words):
    response = client.post(LOGO, fields)
    assert response.status_code == 400
    assert words in response.content.decode()
    assert not Logo.objects.exists()


@pytest.mark.parametrize("address", [PAGE, LOGO, REMOVE])
@pytest.mark.parametrize("who", ["editor", "viewer", "provider", "staff", "coordinator of another hub"])
def test_nobody_else_sees_or_changes_it(client, hub, address, who):
    users = {
        "provider": lambda: UserFactory(with_profile=True),
        "staff": lambda: UserFactory(is_staff=True, is_superuser=True),
        "coordinator of another hub": lambda: MembershipFactory().user,
    }
    client.force_login(users.get(who, lambda: MembershipFactory(hub=hub, role=who).user)())
    assert client.get(address).status_code == 404
    assert client.post(address, TEXTS | ALT | {"file": upload(picture())}).status_code == 404
    assert Hub.objects.get(slug="north").summary_en == ""
    assert not Logo.objects.exists()


@pytest.mark.parametrize("address", [PAGE, LOGO, REMOVE])
def test_someone_who_is_not_signed_in_is_asked_to(client, hub, address):
    assert "/account/sign-in/" in client.get(address)["Location"]
    assert client.post(address, TEXTS).status_code == 403  # the page keeps what was typed (test_signed_out.py)
    assert Hub.objects.get().summary_en == ""


def test_only_coordinators_have_it_in_their_menu(client, hub, coordinator):
    assert f'href="{PAGE}"' in client.get("/en/workspace/north/").content.decode()
    client.force_login(MembershipFactory(hub=hub, role="editor").user)
    assert f'href="{PAGE}"' not in client.get("/en/workspace/north/").content.decode()


def test_a_logo_that_is_removed_in_the_moment_it_is_described(client, coordinator, hub, monkeypatch):
    client.post(LOGO, {"file": upload(picture()), **ALT})
    describe = logos.describe_logo

    def describe_too_late(*args, **kwargs):
        Logo.objects.all().delete()
        return describe(*args, **kwargs)

    monkeypatch.setattr(logos, "describe_logo", describe_too_late)
    response = client.post(LOGO, ALT)
    assert response.status_code == 400
    assert "Choose the file with your logo." in response.content.decode()
