from celery import shared_task
from django.utils import timezone

from sessions_app import feeds


@shared_task
def build_missing_feeds() -> None:
    feeds.build_missing(timezone.now())
