from celery import shared_task
from django.utils import timezone

from accounts.services import clear_sessions


@shared_task
def clear_old_sessions() -> None:
    clear_sessions(timezone.now())
