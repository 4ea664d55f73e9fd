from celery import shared_task
from django.utils import timezone

from hubs.services.interest import delete_old_interests
from hubs.services.team import delete_old_invitations


@shared_task
def prune() -> None:
    now = timezone.now()
    delete_old_invitations(now)
    delete_old_interests(now)
