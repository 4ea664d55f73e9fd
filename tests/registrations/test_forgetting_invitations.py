"""Whoever is invited and never says yes is forgotten: the name, the address, the account that was begun, the email that went."""

from datetime import timedelta

import pytest
import time_machine

from accounts.models import ProviderProfile, User
from outbox.models import Message
from registrations.models import Invitation, Registration
from registrations.services import (
    cancel,
    confirm_invitation,
    delete_unanswered_invitations,
    delete_unproven_accounts,
    expire_invitations,
    invite,
    register,
    switch_to_recording,
)
from registrations.services.colleagues import Colleague
from registrations.tasks import delete_unproven_accounts as hourly
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
HOURS_HELD, DAY = timedelta(hours=48), timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(now):
    """An account is as old as the clock says."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def series(now):
    return SessionFactory(now=now, days=30).series


@pytest.fixture
def host(series, now):
    host = UserFactory(with_profile=True)
    register(series, host, now=now)
    return host


@pytest.fixture
def invited(series, host, now):
    return invite(series, [Colleague("Anna Secret", "anna@example.ca")], by=host, language="en", now=now)[0]


def forget(now):
    delete_unanswered_invitations(now)
    delete_unproven_accounts(now)


def traces():
    """Where in the database the colleague's name or address can still be read."""
    found = []
    for model in (User, Invitation, Registration, Message, ProviderProfile):
        for row in model.objects.values():
            values = [bytes(value) if isinstance(value, memoryview) else value for value in row.values()]
            if b"secret" in str(values).lower().encode() or b"anna@example.ca" in str(values).lower().encode():
                found.append(model.__name__)
    return sorted(set(found))


def test_nothing_is_left_of_whoever_did_not_answer_once_everyone_was_told(invited, host, now, drain):
    drain(now)
    lapsed = now + HOURS_HELD
    expire_invitations(lapsed)
    mails = {mail.to[0]: mail for mail in drain(lapsed)}
    assert "Anna Secret did not answer in time." in mails[host.email].body
    assert "Within three days, we’ll delete your name and email address" in " ".join(
        mails["anna@example.ca"].body.split()
    )
    forget(lapsed + 2 * DAY - timedelta(seconds=1))
    assert traces() == ["Invitation", "Message", "User"]
    forget(lapsed + 2 * DAY)
    assert traces() == []
    assert Message.objects.filter(message_type="colleague-not-coming", to=host.email, state="sent").exists()


def test_nor_of_whoever_declined(invited, host, now, drain):
    drain(now)
    cancel(invited.registration, now=now)
    drain(now)
    forget(now + 2 * DAY + timedelta(hours=1))
    assert traces() == []


def test_the_inviter_is_told_by_name_also_when_email_was_down_for_a_day(invited, host, now, drain):
    lapsed = now + HOURS_HELD
    expire_invitations(lapsed)
    forget(lapsed + DAY)
    (mail,) = [mail for mail in drain(lapsed + DAY) if mail.to == [host.email] and "colleague" in mail.subject]
    assert "Anna Secret did not answer in time." in mail.body


def test_an_email_that_is_sent_again_after_that_names_nobody(invited, host, now, drain):
    drain(now)
    cancel(invited.registration, now=now)
    delete_unanswered_invitations(now + 2 * DAY)
    Message.objects.filter(message_type="colleague-not-coming").update(expires_at=now + 9 * DAY)
    drain(now + 2 * DAY)
    assert Message.objects.get(message_type="colleague-not-coming").state == "expired"


def test_someone_who_was_registered_already_is_forgotten_as_if_they_had_not_answered(series, host, now):
    anna = UserFactory(email="anna@example.ca")
    register(series, anna, now=now)
    invite(series, [Colleague("Anna Secret", anna.email)], by=host, language="en", now=now)
    forget(now + HOURS_HELD + 2 * DAY - timedelta(seconds=1))
    assert Invitation.objects.exists()
    forget(now + HOURS_HELD + 2 * DAY)
    assert not Invitation.objects.exists()
    assert User.objects.filter(email=anna.email).exists()


def test_an_account_of_ones_own_stays(series, host, now):
    anna = UserFactory(email="anna@example.ca", with_profile=True)
    invite(series, [Colleague("Anna Secret", anna.email)], by=host, language="en", now=now)
    expire_invitations(now + HOURS_HELD)
    forget(now + 9 * DAY)
    assert not Invitation.objects.exists()
    assert User.objects.filter(pk=anna.pk).exists()
    assert Message.objects.filter(to=anna.email).exists()


@pytest.mark.parametrize("answer", [confirm_invitation, switch_to_recording])
def test_whoever_answered_stays(invited, now, answer):
    answer(invited.registration, now=now)
    forget(now + 99 * DAY)
    assert traces() == ["Invitation", "Message", "User"]


def test_an_account_that_waits_for_another_answer_stays_until_then(invited, host, now):
    expire_invitations(now + HOURS_HELD)
    later = now + HOURS_HELD + DAY
    other = SessionFactory(now=now, days=40).series
    register(other, host, now=later)
    invite(other, [Colleague("Anna Secret", "anna@example.ca")], by=host, language="en", now=later)
    forget(now + HOURS_HELD + 2 * DAY)
    assert Invitation.objects.get().series == other
    assert User.objects.filter(email="anna@example.ca").exists()
    expire_invitations(later + HOURS_HELD)
    forget(later + HOURS_HELD + 2 * DAY)
    assert traces() == []


def test_the_hourly_task_does_both(invited, now, clock):
    expire_invitations(now + HOURS_HELD)
    clock.move_to(now + HOURS_HELD + 3 * DAY)
    hourly()
    assert traces() == []
