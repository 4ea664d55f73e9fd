from celery import shared_task
from django.utils import timezone

from sessions_app import feeds


@shared_task
def export_feeds() -> None:
    feeds.export(timezone.now())


@shared_task
def export_feeds_anew() -> None:
    feeds.export(timezone.now(), anew=True)
