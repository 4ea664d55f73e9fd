"""A person with a seat reserves seats for colleagues: named, emailed, confirmed by a button, or released after 48 hours."""

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
    """Someone who may reserve seats for colleagues: they have one themselves."""
    register(series, provider, now=now)
    Message.objects.all().delete()
    return provider


def kinds():
    return sorted(Message.objects.values_list("message_type", flat=True))


def seats(series):
    return Series.objects.values_list("seats_taken", flat=True).get(pk=series.pk)


def test_each_has_a_seat_at_once_and_a_mail_with_who_took_it(series, provider, now, drain):
    invite(series, [ANNA, BO], by=provider, language="en", now=now)
    assert seats(series) == 3
    mails = drain(now)
    assert sorted(mail.to[0] for mail in mails) == ["anna@example.ca", "bo@example.ca"]
    for mail in mails:
        assert f"{provider.name} ({provider.email}) reserved a seat for you" in mail.body.replace("\n", " ")
        assert "/place/" in mail.body
    assert not User.objects.get(email="anna@example.ca").name  # what somebody else typed is not theirs yet


def test_confirming_makes_it_theirs_and_brings_the_calendar(series, provider, now, drain):
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    drain(now)
    confirm_invitation(invitation.registration, now=now)
    confirm_invitation(invitation.registration, now=now)
    (mail,) = drain(now)
    assert mail.subject.startswith("You are registered")
    assert len(mail.attachments) == 1
    assert User.objects.get(email="anna@example.ca").name == "Anna Roy"
    expire_invitations(now + timedelta(days=3))
    assert seats(series) == 2


def test_after_48_hours_the_seat_goes_to_the_next_in_line_and_both_are_told(series, provider, now):
    invite(series, [ANNA, BO], by=provider, language="en", now=now)
    for _ in range(3):
        register(series, UserFactory(), now=now)
    waiting = register(series, UserFactory(), now=now)
    assert expire_invitations(now + timedelta(hours=47, minutes=59)) == 0
    assert expire_invitations(now + timedelta(hours=48)) == 2
    assert expire_invitations(now + timedelta(hours=49)) == 0
    waiting.refresh_from_db()
    assert (waiting.state, seats(series)) == ("confirmed", 5)
    assert kinds().count("invitation-lapsed") == kinds().count("colleague-not-coming") == 2


def test_an_invitation_never_outlives_the_time_to_register(provider, now):
    series = SessionFactory(now=now, days=1, capacity=3).series
    register(series, provider, now=now)
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    assert invitation.registration.held_until == series.first_starts_at


def test_declining_frees_the_seat_and_tells_who_took_it(series, provider, now):
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    cancel(invitation.registration, now=now)
    assert seats(series) == 1
    assert kinds() == ["colleague-not-coming", "declined", "invited"]


def test_whoever_declines_has_nothing_in_their_calendar_to_take_out(series, provider, now, drain):
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    cancel(invitation.registration, now=now)
    assert [mail.attachments for mail in drain(now) if mail.to == ["anna@example.ca"]] == [[]]


def test_all_get_a_seat_or_none_does(series, provider, now):
    for _ in range(3):
        register(series, UserFactory(), now=now)
    Message.objects.all().delete()
    people = [ANNA, BO, Colleague("Chi", "chi@example.ca")]
    with pytest.raises(ColleagueError) as refused:
        invite(series, people, by=provider, language="en", now=now)
    assert refused.value.left == 2
    assert (seats(series), Invitation.objects.count(), kinds()) == (4, 0, [])
    assert not User.objects.filter(email="anna@example.ca").exists()


def test_who_has_a_place_already_keeps_it_and_the_inviter_is_not_told(series, provider, now):
    anna = UserFactory(email="anna@example.ca")
    place = register(series, anna, now=now)
    (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
    assert invitation.registration is None
    place.refresh_from_db()
    assert (place.state, place.held_until, seats(series)) == ("confirmed", None, 2)
    assert kinds() == ["registered"]


def test_nobody_is_reminded_of_a_seat_that_they_have_not_confirmed(provider, now):
    session = SessionFactory(now=now, days=2)
    register(session.series, provider, now=now + timedelta(days=1, hours=12))  # too late for the first reminder
    invite(session.series, [ANNA], by=provider, language="en", now=now)
    assert queue_due_reminders(session.starts_at - timedelta(hours=23)) == 0


def test_registering_by_oneself_is_a_confirmation_too(series, now, provider):
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

    def test_up_to_ten_on_one_screen_then_my_sessions_shows_them(self, client, address, provider):
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
        ("rows", "sentence"),
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
    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(self, client, address, provider, series, rows, sentence):
        client.force_login(provider)
        response = client.post(address, self.fields(*rows))
        assert response.status_code == 400
        assert sentence in response.content.decode()
        for name, _email in rows:
            assert f'value="{name}"' in response.content.decode() or not name
        assert seats(series) == 1
        assert not Message.objects.exists()

    @pytest.mark.parametrize(
        ("rows", "sentence"),
        [
            ([], "Entrez au moins un nom et une adresse courriel."),
            ([("Anna", "anna@example.ca")] * 2, "Vous avez entré anna@example.ca deux fois."),
        ],
    )
    def test_in_french_the_rows_and_what_is_wrong_are_french(self, client, provider, series, rows, sentence):
        client.force_login(provider)
        page = client.post(f"/fr/inscription/{series.slug}/collegues/", self.fields(*rows)).content.decode()
        assert "Collègue 10" in page
        assert sentence in page

    def test_it_asks_to_sign_in_and_needs_free_seats(self, client, address, provider, series):
        assert client.get(address).url.startswith("/en/account/sign-in/")
        Series.objects.update(capacity=1)
        client.force_login(provider)
        assert "No seats are left for colleagues" in client.get(address).content.decode()

    def test_nobody_mails_strangers_without_end(self, client, address, provider, settings):
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"invite": {"key": (1, 3600)}}
        client.force_login(provider)
        client.post(address, self.fields(("Anna", "anna@example.ca")))
        response = client.post(address, self.fields(("Bo", "bo@example.ca")))
        assert "Wait an hour" in response.content.decode()
        assert Registration.objects.filter(held_until__isnull=False).count() == 1

    def test_the_button_in_the_mail_confirms_without_signing_in(self, client, series, provider, now, drain):
        invite(series, [ANNA], by=provider, language="fr", now=now)
        (mail,) = drain(now)
        link = re.search(r"http://[^\s]+(/fr/inscription/place/\S+)", mail.body)[1]
        page = client.get(link).content.decode()
        assert "Une place est réservée pour vous" in page
        assert Registration.objects.get(user__email="anna@example.ca").held_until  # reading changes nothing
        page = client.post(link, {"action": "confirm"}, follow=True).content.decode()
        assert "Votre inscription est confirmée" in page
        assert "Nous vous envoyons une confirmation" in page
        assert "Annuler mon inscription" not in page  # nothing to press by mistake; one link leads to it
        assert "Annuler mon inscription" in client.get(link).content.decode()
        assert Registration.objects.get(user__email="anna@example.ca").held_until is None
        client.post(link, {"action": "confirm"})
        assert kinds() == ["invited", "registered"]

    def test_a_lapsed_link_says_so(self, client, series, provider, now, clock, drain):
        (invitation,) = invite(series, [ANNA], by=provider, language="en", now=now)
        (mail,) = drain(now)
        link = re.search(r"http://[^\s]+(/en/registration/place/\S+)", mail.body)[1]
        expire_invitations(now + timedelta(days=2))
        page = client.post(link, {"action": "confirm"}, follow=True).content.decode()
        assert "The seat was released" in page
        invitation.refresh_from_db()
        assert invitation.registration.end_reason == EndReason.LAPSED
        assert reverse("registrations:register", args=[series.slug]) in page
