from celery import shared_task
from django.utils import timezone

from accounts import services as accounts
from registrations import services


@shared_task
def queue_due_reminders() -> None:
    services.queue_due_reminders(timezone.now())


@shared_task
def forget_unproven() -> None:
    accounts.forget_unproven(timezone.now())
