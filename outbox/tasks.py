from celery import shared_task
from django.utils import timezone

from outbox import alarms, sending, services


@shared_task
def drain() -> None:
    services.nudge_heard()
    with sending.Line() as line:
        while services.drain_batch(line, timezone.now()):
            pass


@shared_task
def sweep() -> None:
    alarms.tick(timezone.now())
    drain()


@shared_task
def prune() -> None:
    services.prune(timezone.now())
