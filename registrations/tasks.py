from celery import shared_task
from django.utils import timezone

from registrations import services


@shared_task
def queue_due_reminders() -> None:
    services.queue_due_reminders(timezone.now())


@shared_task
def delete_unproven_accounts() -> None:
    """Delete invitations first, so that the accounts they created can be deleted too."""
    now = timezone.now()
    services.delete_unanswered_invitations(now)
    services.delete_unproven_accounts(now)


@shared_task
def expire_invitations() -> None:
    services.expire_invitations(timezone.now())


@shared_task
def close_due_waitlists() -> None:
    services.close_due_waitlists(timezone.now())


@shared_task
def notify_session_changes() -> None:
    services.notify_session_changes(timezone.now())
