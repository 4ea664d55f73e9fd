"""Provinces and territories are listed by their names in the reader's language, wherever they are shown or chosen."""

import pytest
from django.contrib import admin
from django.http import QueryDict
from django.utils import translation

from accounts.admin import ProfileInline
from accounts.choices import Province, province_names
from accounts.forms import DetailsForm
from accounts.models import User
from hubs.admin.interest import AcceptForm
from hubs.forms import PartnerInterestForm
from sessions_app.forms import HubFilter, ProgrammeFilter
from sessions_app.hub_queries import directory
from tests.factories import HubFactory, UserFactory
from workspace.forms.hub_page import HubPageForm

ENGLISH = ["AB", "BC", "MB", "NB", "NL", "NT", "NS", "NU", "ON", "PE", "QC", "SK", "YT"]
# Alberta, Colombie-Britannique, Île-du-Prince-Édouard, Manitoba, Nouveau-Brunswick, Nouvelle-Écosse, …
FRENCH = ["AB", "BC", "PE", "MB", "NB", "NS", "NU", "ON", "QC", "SK", "NL", "NT", "YT"]


def codes(field):
    return [code for code, _label in field.choices if code]


@pytest.mark.parametrize(("language", "order"), [("en", ENGLISH), ("fr", FRENCH)])
def test_every_form_lists_provinces_by_name(language, order):
    with translation.override(language):
        assert codes(DetailsForm().fields["province"]) == order
        assert codes(HubFilter(QueryDict()).fields["province"]) == order
        assert codes(ProgrammeFilter(QueryDict(), hubs=[]).fields["province"]) == order
        assert codes(PartnerInterestForm.base_fields["provinces"]) == order
        assert codes(HubPageForm.base_fields["provinces"]) == order
        assert codes(AcceptForm.base_fields["provinces"]) == order


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "order"), [("en", ENGLISH), ("fr", FRENCH)])
def test_the_directory_s_table_lists_provinces_by_name(now, language, order):
    with translation.override(language):
        assert [facts.code for facts in directory(now).by_name] == order


def test_the_names_of_a_hub_s_provinces_are_in_order():
    with translation.override("fr"):
        assert province_names(["NL", "PE", "NB"]) == [
            "Île-du-Prince-Édouard",
            "Nouveau-Brunswick",
            "Terre-Neuve-et-Labrador",
        ]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_codes_are_stored_in_the_same_order_in_both_languages(language):
    """Otherwise a hub that saves its page in the other language would see a change in its history."""
    with translation.override(language):
        assert HubPageForm(None, hub=HubFactory.build()).fields["provinces"].clean(FRENCH) == Province.values


@pytest.mark.django_db
def test_staff_choose_and_filter_by_name_too(client, rf):
    staff = UserFactory(is_staff=True, is_superuser=True, language="fr")
    client.force_login(staff)
    page = client.get("/fr/admin/accounts/user/").content.decode()
    places = [page.index(f"profile__province__exact={code}") for code in FRENCH]
    assert places == sorted(places)
    request = rf.get("/")
    request.user = staff
    with translation.override("fr"):
        form = ProfileInline(User, admin.site).get_formset(request).form
        assert codes(form.base_fields["province"]) == FRENCH
