from celery import shared_task
from django.utils import timezone

from newsletters.services import sending, subscriptions


@shared_task
def send_due_issues() -> None:
    """Start what is due, then see which sendings are complete."""
    now = timezone.now()
    sending.send_due_issues(now)
    sending.finish_issues(now)


@shared_task
def prune() -> None:
    subscriptions.prune(timezone.now())
