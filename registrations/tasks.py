from celery import shared_task
from django.utils import timezone

from registrations import services


@shared_task
def queue_due_reminders() -> None:
    services.queue_due_reminders(timezone.now())


@shared_task
def forget_unproven() -> None:
    """Invitations first: the accounts that they began can go once nothing says who was invited."""
    now = timezone.now()
    services.forget_unanswered(now)
    services.forget_unproven(now)


@shared_task
def let_invitations_lapse() -> None:
    services.let_invitations_lapse(timezone.now())


@shared_task
def answer_closed_lines() -> None:
    services.answer_closed_lines(timezone.now())


@shared_task
def tell_changes() -> None:
    services.tell_changes(timezone.now())
