"""Another email address for an account: one form of it, one way to change it, and only the new one signs in."""

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


class TestOneForm:
    def test_capitals_are_lowered_wherever_an_address_is_saved_or_looked_for(self):
        user = User(email=" Amelie@Example.CA ")
        user.set_unusable_password()
        user.save()
        user.refresh_from_db()
        assert user.email == "amelie@example.ca"
        assert User.objects.get(email="AMELIE@example.ca") == user
        user.email = "Other@Example.ca"
        user.save(update_fields=["email"])
        assert user.email == "other@example.ca"

    def test_a_second_one_in_capitals_is_an_error_of_the_form(self):
        UserFactory(email="amelie@example.ca")
        with pytest.raises(ValidationError) as error:
            User(email="AMELIE@example.ca", password="!").full_clean()
        assert error.value.message_dict["email"] == ["Another account has this email address."]


class TestChanging:
    def test_only_the_new_one_signs_in(self, provider, now):
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

    def test_it_signs_everybody_out(self, provider, now):
        browser = Client()
        page = browser.post("/en/account/sign-in/", {"email": provider.email}).url
        browser.post(page, {"code": Message.objects.get(message_type="code").data["code"]})
        assert browser.get("/en/account/profile/").status_code == 200
        change_email(provider, "new@example.ca", now=now)
        assert browser.get("/en/account/profile/").status_code == 302

    def test_both_addresses_are_told_in_the_persons_language(self, now, drain):
        person = UserFactory(email="old@example.ca", language="fr", with_profile=True)
        change_email(person, "new@example.ca", now=now)
        sent = {mail.to[0]: mail for mail in drain(now)}
        assert set(sent) == {"old@example.ca", "new@example.ca"}
        assert "autre adresse courriel" in sent["old@example.ca"].body
        assert "new@example.ca" not in sent["old@example.ca"].body
        assert "maintenant l’adresse courriel de votre compte" in " ".join(sent["new@example.ca"].body.split())

    def test_email_that_waits_follows_and_a_code_does_not(self, provider, now):
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

    def test_the_same_address_in_capitals_changes_nothing(self, provider, now):
        assert not change_email(provider, provider.email.upper(), now=now)
        assert not Message.objects.exists()

    @pytest.mark.parametrize("is_proven", [True, False])
    def test_somebody_elses_address_is_refused_and_nothing_is_changed(self, provider, now, is_proven):
        old, other = provider.email, UserFactory(with_profile=True)
        with pytest.raises(AddressTakenError) as error:
            change_email(provider, other.email.upper(), now=now, is_proven=is_proven)
        assert other.email not in str(error.value)
        assert error.value.__suppress_context__  # nor in what a traceback would quote
        provider.refresh_from_db()
        assert (provider.email, EmailAddress.objects.get(user=provider).email) == (old, old)
        assert not Message.objects.exists()

    def test_an_address_that_was_only_typed_makes_way_for_who_proves_it(self, provider, now):
        get_or_create_user("new@example.ca", language="en")
        change_email(provider, "new@example.ca", now=now, is_proven=True)
        assert User.objects.get(email="new@example.ca") == provider
        assert EmailAddress.objects.get().verified

    def test_one_that_holds_a_seat_does_not(self, provider, now):
        begun = get_or_create_user("new@example.ca", language="en")
        register(SessionFactory(now=now).series, begun, now=now)
        with pytest.raises(AddressTakenError):
            change_email(provider, "new@example.ca", now=now, is_proven=True)
        assert User.objects.filter(pk=begun.pk).exists()


class TestMigration:
    def test_capitals_are_lowered_and_addresses_that_were_corrected_cannot_sign_in_any_more(self, provider):
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
