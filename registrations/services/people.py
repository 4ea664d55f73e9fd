"""What happens to a person's registrations when they close their account."""

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
from sessions_app.status import past_q


def upcoming_registrations(user: User, *, now: datetime) -> RegistrationQuerySet:
    """Return the registrations that would end if the person left: all active ones in series that are not past."""
    over = Series.objects.filter(past_q(now)).values("pk")
    return Registration.objects.active().filter(user=user).exclude(series__in=over).order_by("series", "pk")


@transaction.atomic
def cancel_everything(user: User, *, now: datetime) -> int:
    """Cancel all upcoming registrations and delete what would identify the person. Returns how many ended.

    Past registrations and attendance are kept without a name. Seats go to the waitlist. No email is sent here: closing
    an account sends one for everything.
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
    """Delete accounts that were created but never proven and have no registration, and remove their addresses from the
    ledger. Returns how many.

    A registration protects its user, so a registration made meanwhile keeps the account. One that ended keeps it for
    FORGOTTEN_AFTER, so that the person can still be notified.
    """
    ended_lately = Registration.objects.filter(
        state=RegistrationState.CANCELLED, cancelled_at__gt=now - FORGOTTEN_AFTER
    )
    forgotten = 0
    for user in unproven(now).exclude(registrations__in=Registration.objects.active() | ended_lately):
        with transaction.atomic():
            User.objects.select_for_update().filter(pk=user.pk).first()
            if not unproven(now).filter(pk=user.pk).exists():
                continue  # proven or restarted since the list was read
            Registration.objects.filter(user=user, state=RegistrationState.CANCELLED).delete()
            if not Registration.objects.filter(user=user).exists():
                forget_address(user.email)
                forgotten += user.delete()[1].get("accounts.User", 0)
    return forgotten
