"""What becomes of someone's places when the person goes."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import unproven
from outbox.services import forget_address
from registrations.models import (
    Answer,
    EndReason,
    Invitation,
    PersonalCalendar,
    Registration,
    RegistrationQuerySet,
    RegistrationState,
)
from registrations.services.colleagues import FORGOTTEN_AFTER
from registrations.services.seats import end_and_free_seat, lock
from sessions_app.models import Series
from sessions_app.status import is_past


def upcoming_registrations(user: User, *, now: datetime) -> RegistrationQuerySet:
    """The places that someone would give up by going: all but those in series that are over."""
    over = Series.objects.filter(is_past(now)).values("pk")
    return Registration.objects.active().filter(user=user).exclude(series__in=over).order_by("series", "pk")


@transaction.atomic
def cancel_everything(user: User, *, now: datetime) -> int:
    """Give up every place that lies ahead and remove what would tell who somebody was; returns how many places ended.

    What took place stays as a fact without a name: a registration, an attendance. The seats go to those in line. The person
    is not mailed here: closing an account tells them once, for all of it.
    """
    ended = 0
    for registration in upcoming_registrations(user, now=now):
        series, locked = lock(registration)
        if locked.state != RegistrationState.CANCELLED:
            end_and_free_seat(series, locked, EndReason.SELF, now)
            ended += 1
    Answer.objects.filter(registration__user=user).delete()
    Invitation.objects.filter(inviter=user, registration=None).delete()
    Invitation.objects.filter(registration__user=user).update(name="–", email="")
    PersonalCalendar.objects.filter(user=user).delete()
    return ended


def delete_unproven_accounts(now: datetime) -> int:
    """Delete the accounts that were begun and never proven, and that hold no place, and take their addresses out of the ledger;
    returns how many.

    A registration protects its person, so one that is made meanwhile keeps the account, and the count of seats right. One that
    ended keeps it for FORGOTTEN_AFTER, so that the person can still be told.
    """
    ended_lately = Registration.objects.filter(
        state=RegistrationState.CANCELLED, cancelled_at__gt=now - FORGOTTEN_AFTER
    )
    forgotten = 0
    for user in unproven(now).exclude(registrations__in=Registration.objects.active() | ended_lately):
        with transaction.atomic():
            User.objects.select_for_update().filter(pk=user.pk).first()
            if not unproven(now).filter(pk=user.pk).exists():
                continue  # proven, or begun again, since the list was read
            Registration.objects.filter(user=user, state=RegistrationState.CANCELLED).delete()
            if not Registration.objects.filter(user=user).exists():
                forget_address(user.email)
                forgotten += user.delete()[1].get("accounts.User", 0)
    return forgotten
