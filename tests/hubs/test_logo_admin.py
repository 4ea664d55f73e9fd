"""Staff see a hub's logo in the admin, and can replace, describe and remove it."""

import pytest
from django.forms.models import model_to_dict

from hubs.models import Hub, Logo
from tests.factories import HubFactory, UserFactory
from tests.hubs.logo_files import SCRIPT, picture, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def hub():
    return HubFactory(slug="north")


@pytest.fixture
def save(client, hub):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    def run(**fields):
        values = {name: value for name, value in model_to_dict(hub).items() if name != "id"}
        team = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
        return client.post(f"/en/admin/hubs/hub/{hub.pk}/change/", values | team | fields)

    return run


def test_staff_can_add_replace_and_remove_a_logo(client, save, hub):
    alt = {"logo_alt_en": "A pine", "logo_alt_fr": "Un pin"}
    assert save(logo_file=upload(picture()), **alt).status_code == 302
    first = Logo.objects.get(hub=hub)
    assert first.get_absolute_url() in client.get(f"/en/admin/hubs/hub/{hub.pk}/change/").content.decode()
    assert save(logo_alt_en="A tall pine", logo_alt_fr="Un grand pin").status_code == 302
    assert Logo.objects.get().alt_fr == "Un grand pin"
    save(logo_file=upload(picture(color="#9a4a1c")), **alt)
    assert Logo.objects.get().checksum != first.checksum
    assert save(remove_logo="on").status_code == 302
    assert not Logo.objects.exists()


def test_a_bad_file_or_a_missing_description_is_refused(save):
    page = save(logo_file=upload(SCRIPT), logo_alt_en="A pine", logo_alt_fr="Un pin").content.decode()
    assert "can’t read this picture" in page
    page = save(logo_file=upload(picture()), logo_alt_en="A pine").content.decode()
    assert "Describe the logo" in page
    assert not Logo.objects.exists()


def test_staff_edit_what_the_hub_is_and_whether_it_publishes_by_itself(save):
    fields = {"region_en": "The north", "audience": ["physician"], "description_fr": "Nous", "is_trusted": "on"}
    assert save(**fields).status_code == 302
    hub = Hub.objects.get()
    assert (hub.region_en, hub.audience, hub.description_fr, hub.is_trusted) == (
        "The north",
        ["physician"],
        "Nous",
        True,
    )


@pytest.mark.parametrize("slug", ["become-a-partner", "devenir-partenaire"])
def test_a_page_address_that_another_page_has_is_refused(save, hub, slug):
    assert "Another page has this address." in save(slug=slug).content.decode()
    assert Hub.objects.get().slug == "north"
