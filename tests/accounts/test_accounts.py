"""Accounts: one per email address, in any case, created from the address alone."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.languages import Text
from accounts.models import User
from accounts.services import Details, get_or_create_user, save_details
from tests.factories import HubFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_an_address_in_any_case_is_one_account(client):
    user = User.objects.create_user("Staff@Example.ca", "a good password", is_staff=True)
    assert user.email == "staff@example.ca"
    assert get_or_create_user(" STAFF@example.ca ", language="fr") == user
    assert client.login(email="STAFF@Example.ca", password="a good password")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email="STAFF@EXAMPLE.CA")])


def test_an_account_is_created_from_the_address_alone():
    user = get_or_create_user("new@example.ca", language="fr")
    assert (user.name, user.language, user.has_usable_password()) == ("", "fr", False)
    assert not user.emailaddress_set.get().verified
    assert get_or_create_user("new@example.ca", language="en").language == "fr"


def test_the_time_zone_follows_the_province_unless_the_browser_sent_one():
    user = UserFactory()
    save_details(user, Details("Zoé", "physician", "SK", "fr"))
    assert (user.time_zone, user.profile.province) == ("America/Regina", "SK")
    save_details(user, Details("Zoé Roy", "pharmacist", "SK", "fr", "America/Vancouver"))
    user.refresh_from_db()
    assert (user.time_zone, user.profile.profession, user.get_short_name()) == (
        "America/Vancouver",
        "pharmacist",
        "Zoé Roy",
    )


@pytest.mark.parametrize(
    ("language", "shown", "written_in"), [("en", "Only English", "en"), ("fr", "Only English", "en")]
)
def test_a_text_in_one_language_knows_its_language(language, shown, written_in):
    hub = HubFactory(name_en="Only English", name_fr="")
    with translation.override(language):
        assert (hub.name, hub.name.lang) == (shown, written_in)
        assert isinstance(hub.name, Text)


def test_create_superuser_gives_access_to_the_admin():
    user = User.objects.create_superuser("boss@example.ca", "a good password")
    assert (user.is_staff, user.is_superuser, str(user)) == (True, True, "boss@example.ca")
