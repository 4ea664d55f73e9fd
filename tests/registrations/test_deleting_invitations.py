"""The data of invited colleagues who did not accept is deleted: name, address, unproven account and sent email."""

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
from registrations.tasks import delete_unproven_accounts as hourly_task
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
HOURS_HELD, DAY = timedelta(hours=48), timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(now):
    """The age of an account depends on the clock."""
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


def run_deletion(now):
    delete_unanswered_invitations(now)
    delete_unproven_accounts(now)


def remaining_traces():
    """Return the models that still contain the colleague's name or address."""
    found = []
    for model in (User, Invitation, Registration, Message, ProviderProfile):
        for row in model.objects.values():
            values = [bytes(value) if isinstance(value, memoryview) else value for value in row.values()]
            if b"secret" in str(values).lower().encode() or b"anna@example.ca" in str(values).lower().encode():
                found.append(model.__name__)
    return sorted(set(found))


def test_the_data_of_a_colleague_who_did_not_answer_is_deleted_after_two_days(invited, host, now, drain):
    drain(now)
    lapsed = now + HOURS_HELD
    expire_invitations(lapsed)
    emails = {email.to[0]: email for email in drain(lapsed)}
    assert "Anna Secret did not answer in time." in emails[host.email].body
    assert "Within three days, we’ll delete your name and email address" in " ".join(
        emails["anna@example.ca"].body.split()
    )
    run_deletion(lapsed + 2 * DAY - timedelta(seconds=1))
    assert remaining_traces() == ["Invitation", "Message", "User"]
    run_deletion(lapsed + 2 * DAY)
    assert remaining_traces() == []
    assert Message.objects.filter(message_type="colleague-not-coming", to=host.email, state="sent").exists()


def test_the_data_of_a_colleague_who_declined_is_deleted_after_two_days(invited, host, now, drain):
    drain(now)
    cancel(invited.registration, now=now)
    drain(now)
    run_deletion(now + 2 * DAY + timedelta(hours=1))
    assert remaining_traces() == []


def test_the_inviter_gets_the_name_even_if_email_was_down_for_a_day(invited, host, now, drain):
    lapsed = now + HOURS_HELD
    expire_invitations(lapsed)
    run_deletion(lapsed + DAY)
    (email,) = [email for email in drain(lapsed + DAY) if email.to == [host.email] and "colleague" in email.subject]
    assert "Anna Secret did not answer in time." in email.body


def test_after_the_deletion_an_email_with_the_name_is_not_sent(invited, host, now, drain):
    drain(now)
    cancel(invited.registration, now=now)
    delete_unanswered_invitations(now + 2 * DAY)
    Message.objects.filter(message_type="colleague-not-coming").update(expires_at=now + 9 * DAY)
    drain(now + 2 * DAY)
    assert Message.objects.get(message_type="colleague-not-coming").state == "expired"


def test_the_invitation_of_an_already_registered_colleague_is_deleted_too(series, host, now):
    anna = UserFactory(email="anna@example.ca")
    register(series, anna, now=now)
    invite(series, [Colleague("Anna Secret", anna.email)], by=host, language="en", now=now)
    run_deletion(now + HOURS_HELD + 2 * DAY - timedelta(seconds=1))
    assert Invitation.objects.exists()
    run_deletion(now + HOURS_HELD + 2 * DAY)
    assert not Invitation.objects.exists()
    assert User.objects.filter(email=anna.email).exists()


def test_the_colleagues_own_account_is_not_deleted(series, host, now):
    anna = UserFactory(email="anna@example.ca", with_profile=True)
    invite(series, [Colleague("Anna Secret", anna.email)], by=host, language="en", now=now)
    expire_invitations(now + HOURS_HELD)
    run_deletion(now + 9 * DAY)
    assert not Invitation.objects.exists()
    assert User.objects.filter(pk=anna.pk).exists()
    assert Message.objects.filter(to=anna.email).exists()


@pytest.mark.parametrize("accept", [confirm_invitation, switch_to_recording])
def test_the_data_of_a_colleague_who_accepted_is_kept(invited, now, accept):
    accept(invited.registration, now=now)
    run_deletion(now + 99 * DAY)
    assert remaining_traces() == ["Invitation", "Message", "User"]


def test_an_account_with_another_open_invitation_is_deleted_after_that_one(invited, host, now):
    expire_invitations(now + HOURS_HELD)
    later = now + HOURS_HELD + DAY
    other = SessionFactory(now=now, days=40).series
    register(other, host, now=later)
    invite(other, [Colleague("Anna Secret", "anna@example.ca")], by=host, language="en", now=later)
    run_deletion(now + HOURS_HELD + 2 * DAY)
    assert Invitation.objects.get().series == other
    assert User.objects.filter(email="anna@example.ca").exists()
    expire_invitations(later + HOURS_HELD)
    run_deletion(later + HOURS_HELD + 2 * DAY)
    assert remaining_traces() == []


def test_the_hourly_task_deletes_invitations_and_accounts(invited, now, clock):
    expire_invitations(now + HOURS_HELD)
    clock.move_to(now + HOURS_HELD + 3 * DAY)
    hourly_task()
    assert remaining_traces() == []
