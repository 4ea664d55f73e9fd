"""People in the admin: editors can change providers but not staff, and cannot become staff. Superusers can do all of this."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client, RequestFactory

from accounts.models import User
from outbox.models import Message
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PEOPLE = "/en/admin/accounts/user/"
INLINE = {
    "profile-TOTAL_FORMS": "0",
    "profile-INITIAL_FORMS": "0",
    "profile-MIN_NUM_FORMS": "0",
    "profile-MAX_NUM_FORMS": "1",
}
FORGED = {
    "is_staff": "on",
    "is_superuser": "on",
    "groups": "1",
    "user_permissions": "1",
    "password": "pbkdf2_sha256$1$a$b",
    "password1": "quiet-river-stone",
    "password2": "quiet-river-stone",
}


@pytest.fixture
def editor(client):
    """A signed-in staff member with every permission who is not a superuser."""
    person = UserFactory(email="editor@example.ca", is_staff=True)
    person.user_permissions.set(Permission.objects.all())
    client.force_login(person)
    return client


@pytest.fixture
def superuser():
    browser = Client()
    browser.force_login(UserFactory(email="boss@example.ca", is_staff=True, is_superuser=True))
    return browser


@pytest.fixture(params=["staff", "superuser", "self"])
def protected(request, editor):
    if request.param == "self":
        return User.objects.get(email="editor@example.ca")
    return UserFactory(is_staff=True, is_superuser=request.param == "superuser", with_profile=True)


def fields(user, **changes):
    return INLINE | {
        "email": user.email,
        "name": user.name,
        "language": user.language,
        "time_zone": user.time_zone,
        "is_active": "on",
        **changes,
    }


def text(response):
    return response.content.decode()


class TestProviders:
    def test_an_editor_can_change_a_provider_and_forged_fields_are_ignored(self, editor, provider):
        profile = {
            "profile-TOTAL_FORMS": "1",
            "profile-INITIAL_FORMS": "1",
            "profile-0-id": provider.profile.pk,
            "profile-0-user": provider.pk,
            "profile-0-profession": "pharmacist",
            "profile-0-province": "QC",
        }
        Group.objects.create(pk=1, name="All")
        response = editor.post(f"{PEOPLE}{provider.pk}/change/", fields(provider, name="Zoé", **FORGED) | profile)
        assert response.status_code == 302, text(response)
        provider.refresh_from_db()
        assert (provider.name, provider.profile.profession) == ("Zoé", "pharmacist")
        assert (provider.is_staff, provider.is_superuser, provider.has_usable_password()) == (False, False, False)
        assert not provider.groups.exists()
        assert not provider.user_permissions.exists()

    def test_an_editor_does_not_see_permissions_or_passwords(self, editor, provider):
        page = text(editor.get(f"{PEOPLE}{provider.pk}/change/"))
        for name in ("is_staff", "is_superuser", "groups", "user_permissions", "password"):
            assert f'name="{name}"' not in page
            assert f"id_{name}" not in page
        assert "is_staff" not in text(editor.get(PEOPLE))

    @pytest.mark.parametrize("lookup", ["is_superuser", "is_staff__exact", "groups__id__exact", "user_permissions__id"])
    def test_an_editor_cannot_find_permissions_by_filtering(self, editor, lookup):
        assert editor.get(f"{PEOPLE}?{lookup}=1").status_code in (302, 400)

    def test_an_editor_cannot_set_passwords(self, editor, provider):
        page = f"{PEOPLE}{provider.pk}/password/"
        both = {"password1": "quiet-river-stone", "password2": "quiet-river-stone", "usable_password": "true"}
        assert editor.get(page).status_code == 403
        assert editor.post(page, both).status_code == 403
        provider.refresh_from_db()
        assert not provider.has_usable_password()

    def test_an_editor_can_deactivate_and_delete_a_provider(self, editor, provider):
        editor.post(f"{PEOPLE}{provider.pk}/change/", fields(provider) | {"is_active": ""})
        provider.refresh_from_db()
        assert not provider.is_active
        editor.post(f"{PEOPLE}{provider.pk}/delete/", {"post": "yes"})
        assert not User.objects.filter(pk=provider.pk).exists()


class TestAdding:
    def test_a_new_person_has_no_password_and_signs_in_with_a_code(self, editor):
        response = editor.post(f"{PEOPLE}add/", fields(User(), email="New@Example.ca", name="Zoé", **FORGED))
        assert response.status_code == 302, text(response)
        person = User.objects.get(email="new@example.ca")
        assert (person.is_staff, person.is_superuser, person.has_usable_password()) == (False, False, False)
        Client().post("/en/account/sign-in/", {"email": "new@example.ca"})
        assert Message.objects.get().message_type == "code"

    def test_an_address_that_exists_in_another_case_is_a_form_error(self, editor, provider):
        response = editor.post(f"{PEOPLE}add/", fields(User(), email=provider.email.upper(), name="Zoé"))
        assert response.status_code == 200
        assert "Another account has this email address." in text(response)


class TestAddresses:
    def test_a_corrected_address_is_changed_by_the_service(self, editor, provider):
        old = provider.email
        response = editor.post(f"{PEOPLE}{provider.pk}/change/", fields(provider, email="Right@Example.ca"))
        assert response.status_code == 302, text(response)
        provider.refresh_from_db()
        assert provider.email == "right@example.ca"
        assert list(EmailAddress.objects.values_list("email", flat=True)) == ["right@example.ca"]
        assert set(Message.objects.values_list("message_type", "to")) == {
            ("email-changed", old),
            ("email-changed", "right@example.ca"),
        }

    def test_another_persons_address_in_capitals_is_a_form_error(self, editor, provider):
        other = UserFactory()
        page = text(editor.post(f"{PEOPLE}{provider.pk}/change/", fields(provider, email=other.email.upper())))
        assert "Another account has this email address." in page

    def test_allauth_email_addresses_are_not_in_the_admin(self, editor, superuser):
        for browser in (editor, superuser):
            assert browser.get("/en/admin/account/emailaddress/").status_code == 404


class TestStaff:
    def test_an_editor_can_view_staff_but_not_change_them(self, editor, protected):
        email, name = protected.email, protected.name
        page = f"{PEOPLE}{protected.pk}/"
        assert editor.get(f"{page}change/").status_code == 200
        assert 'name="email"' not in text(editor.get(f"{page}change/"))
        for changes in ({"email": "mine@example.ca"}, {"name": "Mallory"}, FORGED):
            assert editor.post(f"{page}change/", fields(protected, **changes)).status_code == 403
        assert editor.post(f"{page}delete/", {"post": "yes"}).status_code == 403
        assert editor.post(f"{page}password/", FORGED | {"usable_password": "true"}).status_code == 403
        unchanged = User.objects.get(pk=protected.pk)
        assert (unchanged.email, unchanged.name, unchanged.has_usable_password()) == (email, name, False)

    def test_an_editor_cannot_delete_staff_with_a_bulk_action(self, editor, protected, provider):
        chosen = {"action": "delete_selected", "_selected_action": [protected.pk, provider.pk], "post": "yes"}
        assert editor.post(PEOPLE, chosen).status_code == 403
        assert User.objects.filter(pk__in=[protected.pk, provider.pk]).count() == 2

    def test_an_editor_cannot_delete_the_second_factor_or_session_of_staff(self, editor, protected):
        factor = Authenticator.objects.create(user=protected, type="totp", data={"secret": "x"})
        signed_in = UserSession.objects.create(user=protected, ip="192.0.2.1", session_key="k" * 32, user_agent="x")
        for kind, one in (("mfa/authenticator", factor), ("usersessions/usersession", signed_in)):
            page = f"/en/admin/{kind}/{one.pk}/"
            assert "secret" not in text(editor.get(f"{page}change/"))
            assert editor.post(f"{page}delete/", {"post": "yes"}).status_code == 403
            assert editor.get(f"/en/admin/{kind}/add/").status_code == 403
            selected = {"action": "delete_selected", "_selected_action": [one.pk], "post": "yes"}
            assert editor.post(f"/en/admin/{kind}/", selected).status_code == 403
        assert (Authenticator.objects.count(), UserSession.objects.filter(session_key="k" * 32).count()) == (1, 1)

    def test_an_editor_can_delete_a_providers_lost_second_factor(self, editor, provider):
        factor = Authenticator.objects.create(user=provider, type="totp", data={"secret": "x"})
        editor.post(f"/en/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})
        assert not Authenticator.objects.exists()

    def test_only_superusers_can_manage_groups(self, editor, superuser):
        group = Group.objects.create(name="Programming")
        page = f"/en/admin/auth/group/{group.pk}/change/"
        for browser, status in ((editor, 403), (superuser, 200)):
            assert browser.get(page).status_code == status
            assert browser.get("/en/admin/auth/group/").status_code == status
            assert browser.get("/en/admin/auth/group/add/").status_code == status
        assert editor.post(page, {"name": "Mine"}).status_code == 403

    @pytest.mark.parametrize("query", ["?q=amelie", "?q=192.0.2.1"])
    def test_web_sessions_can_be_searched(self, editor, query):
        assert editor.get(f"/en/admin/usersessions/usersession/{query}").status_code == 200


class TestSuperuser:
    def test_a_superuser_can_give_permissions_and_set_passwords(self, superuser):
        person = UserFactory()
        page = f"{PEOPLE}{person.pk}/"
        request = RequestFactory().get(page)
        request.user = User.objects.get(email="boss@example.ca")
        offered = admin.site.get_model_admin(User).get_fieldsets(request, person)
        assert "is_superuser" in [name for _title, options in offered for name in options["fields"]]
        superuser.post(f"{page}change/", fields(person, is_staff="on", is_superuser="on"))
        person.refresh_from_db()
        assert (person.is_staff, person.is_superuser) == (True, True)
        both = {"password1": "quiet-river-stone", "password2": "quiet-river-stone", "usable_password": "true"}
        assert superuser.post(f"{page}password/", both).status_code == 302
        person.refresh_from_db()
        assert person.check_password("quiet-river-stone")
        assert "is_staff" in text(superuser.get(PEOPLE))
        assert superuser.get(f"{PEOPLE}?is_staff__exact=1").status_code == 200

    def test_a_superuser_can_delete_staff(self, superuser):
        person = UserFactory(is_staff=True)
        superuser.post(f"{PEOPLE}{person.pk}/delete/", {"post": "yes"})
        assert not User.objects.filter(pk=person.pk).exists()
