"""Reserving seats for colleagues: they get an email, and confirm with a button or lose the seat after 48 hours."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import User
from outbox.models import Message
from registrations.models import EndReason, Invitation, Registration
from registrations.services import (
    cancel,
    confirm_invitation,
    expire_invitations,
    invite,
    queue_due_reminders,
    register,
)
from registrations.services.colleagues import Colleague, ColleagueError
from sessions_app.models import Series
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
ANNA, BO = Colleague("Anna Roy", "anna@example.ca"), Colleague("Bo Li", "bo@example.ca")


@pytest.fixture
def series(now):
    return SessionFactory(now=now, days=10, capacity=6).series


@pytest.fixture
def provider(provider, series, now):
    """A person with a seat, who can therefore reserve seats for colleagues."""
    register(series, provider, now=now)
    Message.objects.all().delete()
    return provider


def message_types():
    return sorted(Message.objects.values_list("message_type", flat=True))


def seats(series):
    return Series.objects.values_list("seats_taken", flat=True).get(pk=series.pk)


def test_each_colleague_gets_a_seat_and_an_email_that_names_the_inviter(series, provider, now, drain):
    invite(series, [ANNA, BO], by=provider, language="en", now=now)
    assert seats(series) == 3
    emails = drain(now)
    assert sorted(email.to[0] for email in emails) == ["anna@example.ca", "bo@example.ca"]
    for email in emails:
        assert f"{provider.name} ({provider.email}) reserved a seat for you" in email.body.replace("\n", " ")
        assert "/place/" in email.body
    assert not User.objects.get(email="anna@example.ca").name  # not saved before they confirm


def test_confirming_keeps_the_seat_and_sends_the_calendar_entries(series, provider, now, drain):
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    drain(now)
    confirm_invitation(invitation.registration, now=now)
    confirm_invitation(invitation.registration, now=now)
    (email,) = drain(now)
    assert email.subject.startswith("You are registered")
    assert len(email.attachments) == 1
    assert User.objects.get(email="anna@example.ca").name == "Anna Roy"
    expire_invitations(now + timedelta(days=3))
    assert seats(series) == 2


def test_after_48_hours_the_seat_goes_to_the_waitlist_and_both_people_are_notified(series, provider, now):
    invite(series, [ANNA, BO], by=provider, language="en", now=now)
    for _ in range(3):
        register(series, UserFactory(), now=now)
    waitlisted = register(series, UserFactory(), now=now)
    assert expire_invitations(now + timedelta(hours=47, minutes=59)) == 0
    assert expire_invitations(now + timedelta(hours=48)) == 2
    assert expire_invitations(now + timedelta(hours=49)) == 0
    waitlisted.refresh_from_db()
    assert (waitlisted.state, seats(series)) == ("confirmed", 5)
    assert message_types().count("invitation-lapsed") == message_types().count("colleague-not-coming") == 2


def test_an_invitation_expires_when_registration_closes(provider, now):
    series = SessionFactory(now=now, days=1, capacity=3).series
    register(series, provider, now=now)
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    assert invitation.registration.held_until == series.first_starts_at


def test_declining_releases_the_seat_and_notifies_the_inviter(series, provider, now):
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    cancel(invitation.registration, now=now)
    assert seats(series) == 1
    assert message_types() == ["colleague-not-coming", "declined", "invited"]


def test_the_email_after_declining_has_no_calendar_attachment(series, provider, now, drain):
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    cancel(invitation.registration, now=now)
    assert [email.attachments for email in drain(now) if email.to == ["anna@example.ca"]] == [[]]


def test_with_too_few_seats_nobody_is_invited(series, provider, now):
    for _ in range(3):
        register(series, UserFactory(), now=now)
    Message.objects.all().delete()
    people = [ANNA, BO, Colleague("Chi", "chi@example.ca")]
    with pytest.raises(ColleagueError) as error:
        invite(series, people, by=provider, language="en", now=now)
    assert error.value.left == 2
    assert (seats(series), Invitation.objects.count(), message_types()) == (4, 0, [])
    assert not User.objects.filter(email="anna@example.ca").exists()


def test_a_colleague_who_is_already_registered_keeps_their_seat(series, provider, now):
    anna = UserFactory(email="anna@example.ca")
    registration = register(series, anna, now=now)
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    assert invitation.registration is None
    registration.refresh_from_db()
    assert (registration.state, registration.held_until, seats(series)) == ("confirmed", None, 2)
    assert message_types() == ["registered"]


def test_an_unconfirmed_colleague_gets_no_reminder(provider, now):
    session = SessionFactory(now=now, days=2)
    register(session.series, provider, now=now + timedelta(days=1, hours=12))  # too late for the first reminder
    invite(session.series, [ANNA], by=provider, language="en", now=now)
    assert queue_due_reminders(session.starts_at - timedelta(hours=23)) == 0


def test_an_invited_colleague_who_registers_has_confirmed(series, now, provider):
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    register(series, invitation.registration.user, now=now)
    invitation.registration.refresh_from_db()
    assert invitation.registration.held_until is None
    assert seats(series) == 2


class TestPages:
    @pytest.fixture(autouse=True)
    def clock(self, now):
        with time_machine.travel(now, tick=False) as traveller:
            yield traveller

    @pytest.fixture
    def address(self, series):
        return f"/en/registration/{series.slug}/colleagues/"

    def fields(self, *rows):
        data = {"colleague-TOTAL_FORMS": "10", "colleague-INITIAL_FORMS": "0"}
        for number in range(10):
            name, email = rows[number] if number < len(rows) else ("", "")
            data |= {f"colleague-{number}-name": name, f"colleague-{number}-email": email}
        return data

    def test_the_form_has_ten_rows_and_my_sessions_shows_the_invitations(self, client, address, provider):
        client.force_login(provider)
        assert client.get(address).content.decode().count("Colleague") >= 10
        page = client.post(
            address, self.fields(("Anna Roy", "Anna@Example.ca"), ("Bo Li", "bo@example.ca")), follow=True
        )
        text = page.content.decode()
        assert "Invitations sent to 2 colleagues." in text
        assert text.count("Invited, awaiting reply") == 2
        assert Registration.objects.filter(held_until__isnull=False).count() == 2

    @pytest.mark.parametrize(
        ("rows", "error"),
        [
            ([], "Enter at least one name and email address."),
            ([("Anna", "")], "Enter the colleague’s email address too."),
            ([("", "anna@example.ca")], "Enter the colleague’s name too."),
            ([("Anna", "anna@example.ca"), ("Anna", "ANNA@example.ca")], "You entered anna@example.ca twice."),
            ([("see www.example.ca", "anna@example.ca")], "Enter the name without @"),
            ([("see bit.ly", "anna@example.ca")], "a space after each period"),
            ([(f"P{n}", f"p{n}@example.ca") for n in range(6)], "Only 5 seats are left."),
            ([(f"P{n}", f"p{n}@example.ca") for n in range(3)], "Up to a third of the seats can be reserved"),
        ],
    )
    def test_an_invalid_form_shows_an_error_and_keeps_the_input(self, client, address, provider, series, rows, error):
        client.force_login(provider)
        response = client.post(address, self.fields(*rows))
        assert response.status_code == 400
        assert error in response.content.decode()
        for name, _email in rows:
            assert f'value="{name}"' in response.content.decode() or not name
        assert seats(series) == 1
        assert not Message.objects.exists()

    @pytest.mark.parametrize(
        ("rows", "error"),
        [
            ([], "Entrez au moins un nom et une adresse courriel."),
            ([("Anna", "anna@example.ca")] * 2, "Vous avez entré anna@example.ca deux fois."),
        ],
    )
    def test_the_french_form_has_french_rows_and_errors(self, client, provider, series, rows, error):
        client.force_login(provider)
        page = client.post(f"/fr/inscription/{series.slug}/collegues/", self.fields(*rows)).content.decode()
        assert "Collègue 10" in page
        assert error in page

    def test_the_page_needs_a_sign_in_and_free_seats(self, client, address, provider, series):
        assert client.get(address).url.startswith("/en/account/sign-in/")
        Series.objects.update(capacity=1)
        client.force_login(provider)
        assert "No seats are left for colleagues" in client.get(address).content.decode()

    def test_invitations_are_rate_limited(self, client, address, provider, settings):
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"invite": {"key": (1, 3600)}}
        client.force_login(provider)
        client.post(address, self.fields(("Anna", "anna@example.ca")))
        response = client.post(address, self.fields(("Bo", "bo@example.ca")))
        assert "Wait an hour" in response.content.decode()
        assert Registration.objects.filter(held_until__isnull=False).count() == 1

    def test_the_button_in_the_email_confirms_without_signing_in(self, client, series, provider, now, drain):
        invite(series, [ANNA], by=provider, language="fr", now=now)
        (email,) = drain(now)
        link = re.search(r"http://[^\s]+(/fr/inscription/place/\S+)", email.body)[1]
        page = client.get(link).content.decode()
        assert "Une place est réservée pour vous" in page
        assert Registration.objects.get(user__email="anna@example.ca").held_until  # a GET changes nothing
        page = client.post(link, {"action": "confirm"}, follow=True).content.decode()
        assert "Votre inscription est confirmée" in page
        assert "Nous vous envoyons une confirmation" in page
        assert "Annuler mon inscription" not in page  # no button here, only a link to the page that has it
        assert "Annuler mon inscription" in client.get(link).content.decode()
        assert Registration.objects.get(user__email="anna@example.ca").held_until is None
        client.post(link, {"action": "confirm"})
        assert message_types() == ["invited", "registered"]

    def test_the_link_of_an_expired_invitation_says_so(self, client, series, provider, now, clock, drain):
        (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
        (email,) = drain(now)
        link = re.search(r"http://[^\s]+(/en/registration/place/\S+)", email.body)[1]
        expire_invitations(now + timedelta(days=2))
        page = client.post(link, {"action": "confirm"}, follow=True).content.decode()
        assert "The seat was released" in page
        invitation.refresh_from_db()
        assert invitation.registration.end_reason == EndReason.LAPSED
        assert reverse("registrations:register", args=[series.slug]) in page
