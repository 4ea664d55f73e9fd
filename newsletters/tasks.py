from celery import shared_task
from django.utils import timezone

from newsletters.services import subscriptions


@shared_task
def prune() -> None:
    subscriptions.prune(timezone.now())
