from celery import shared_task
from django.utils import timezone

from newsletters.services import news, opening, reminders


@shared_task
def queue_session_news() -> None:
    news.queue_session_news(timezone.now())


@shared_task
def queue_session_reminders() -> None:
    reminders.queue_session_reminders(timezone.now())


@shared_task
def send_opening_notices() -> None:
    opening.send_opening_notices(timezone.now())
