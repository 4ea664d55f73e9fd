"""Changing the email address of an account: addresses are normalized, and only the new one can sign in."""

import importlib

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from accounts.models import ProviderProfile, User
from accounts.services import AddressTakenError, change_email, get_or_create_user
from outbox.models import Message, State
from outbox.services import Draft, write
from registrations.services import register
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


class TestNormalization:
    def test_an_address_is_saved_and_looked_up_in_lower_case(self):
        user = User(email=" Amelie@Example.CA ")
        user.set_unusable_password()
        user.save()
        user.refresh_from_db()
        assert user.email == "amelie@example.ca"
        assert User.objects.get(email="AMELIE@example.ca") == user
        user.email = "Other@Example.ca"
        user.save(update_fields=["email"])
        assert user.email == "other@example.ca"

    def test_the_same_address_in_capitals_fails_validation(self):
        UserFactory(email="amelie@example.ca")
        with pytest.raises(ValidationError) as error:
            User(email="AMELIE@example.ca", password="!").full_clean()
        assert error.value.message_dict["email"] == ["Another account has this email address."]


class TestChanging:
    def test_only_the_new_address_can_sign_in(self, provider, now):
        old = provider.email
        assert change_email(provider, "Amelie@New.ca", now=now)
        assert list(EmailAddress.objects.values_list("email", "user", "primary")) == [
            ("amelie@new.ca", provider.pk, True)
        ]
        Message.objects.all().delete()
        for email in (old, "amelie@new.ca", "AMELIE@NEW.CA"):
            Client().post("/en/account/sign-in/", {"email": email})
        assert list(Message.objects.order_by("pk").values_list("message_type", "to")) == [
            ("no-account", old),
            ("code", "amelie@new.ca"),
            ("code", "amelie@new.ca"),
        ]

    def test_a_change_signs_out_all_devices(self, provider, now):
        browser = Client()
        page = browser.post("/en/account/sign-in/", {"email": provider.email}).url
        browser.post(page, {"code": Message.objects.get(message_type="code").data["code"]})
        assert browser.get("/en/account/profile/").status_code == 200
        change_email(provider, "new@example.ca", now=now)
        assert browser.get("/en/account/profile/").status_code == 302

    def test_both_addresses_get_an_email_in_the_persons_language(self, now, drain):
        person = UserFactory(email="old@example.ca", language="fr", with_profile=True)
        change_email(person, "new@example.ca", now=now)
        sent = {email.to[0]: email for email in drain(now)}
        assert set(sent) == {"old@example.ca", "new@example.ca"}
        assert "autre adresse courriel" in sent["old@example.ca"].body
        assert "new@example.ca" not in sent["old@example.ca"].body
        assert "maintenant l’adresse courriel de votre compte" in " ".join(sent["new@example.ca"].body.split())

    def test_queued_email_goes_to_the_new_address_but_a_code_expires(self, provider, now):
        old = provider.email
        register(SessionFactory(now=now).series, provider, now=now)
        code = Draft("code:1", "code", old, "en", {"code": "123456"}, now.replace(year=2027))
        sent = Draft("sent:1", "registered", old, "en", {}, now.replace(year=2027))
        write([code, sent], now=now)
        Message.objects.filter(key="sent:1").update(state=State.SENT)
        change_email(provider, "new@example.ca", now=now)
        rows = set(Message.objects.values_list("message_type", "to", "state"))
        assert rows == {
            ("registered", "new@example.ca", "queued"),
            ("code", old, "expired"),
            ("registered", old, "sent"),
            ("email-changed", old, "queued"),
            ("email-changed", "new@example.ca", "queued"),
        }

    def test_changing_to_the_same_address_in_capitals_does_nothing(self, provider, now):
        assert not change_email(provider, provider.email.upper(), now=now)
        assert not Message.objects.exists()

    @pytest.mark.parametrize("is_proven", [True, False])
    def test_another_persons_address_is_refused_and_nothing_changes(self, provider, now, is_proven):
        old, other = provider.email, UserFactory(with_profile=True)
        with pytest.raises(AddressTakenError) as error:
            change_email(provider, other.email.upper(), now=now, is_proven=is_proven)
        assert other.email not in str(error.value)
        assert error.value.__suppress_context__  # a traceback does not quote it either
        provider.refresh_from_db()
        assert (provider.email, EmailAddress.objects.get(user=provider).email) == (old, old)
        assert not Message.objects.exists()

    def test_an_unproven_account_is_replaced_by_the_person_who_proves_the_address(self, provider, now):
        get_or_create_user("new@example.ca", language="en")
        change_email(provider, "new@example.ca", now=now, is_proven=True)
        assert User.objects.get(email="new@example.ca") == provider
        assert EmailAddress.objects.get().verified

    def test_an_unproven_account_with_a_seat_is_not_replaced(self, provider, now):
        unproven = get_or_create_user("new@example.ca", language="en")
        register(SessionFactory(now=now).series, unproven, now=now)
        with pytest.raises(AddressTakenError):
            change_email(provider, "new@example.ca", now=now, is_proven=True)
        assert User.objects.filter(pk=unproven.pk).exists()


class TestMigration:
    def test_addresses_are_lowered_and_former_addresses_can_no_longer_sign_in(self, provider):
        migration = importlib.import_module("accounts.migrations.0003_normalized_email")
        other = UserFactory(with_profile=True)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_user SET email = 'New@Example.CA' WHERE id = %s", [provider.pk])
        migration.normalize(apps, None)
        migration.forget_old_addresses(apps, None)
        provider.refresh_from_db()
        assert provider.email == "new@example.ca"
        assert list(EmailAddress.objects.values_list("user", flat=True)) == [other.pk]
        assert ProviderProfile.objects.count() == 2
