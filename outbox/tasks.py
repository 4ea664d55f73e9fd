import time

from celery import shared_task
from django.utils import timezone

from outbox import alarms, sending, services, webhooks

# A worker that is told to stop finishes its task first, so a task never takes long: another one goes on with the rest. The time is
# checked before each message, so a slow mail server adds no more than one message to it.
DRAIN_FOR_SECONDS = 8


@shared_task
def drain() -> None:
    services.clear_nudge()
    services.pause_after_silence(timezone.now())
    until = time.monotonic() + DRAIN_FOR_SECONDS

    def is_over() -> bool:
        return time.monotonic() > until

    with sending.Connection() as connection:
        while services.drain_batch(connection, timezone.now(), is_over=is_over):
            if is_over():
                services.nudge()
                return


@shared_task
def sweep() -> None:
    alarms.tick(timezone.now())
    drain()


@shared_task
def prune() -> None:
    services.prune(timezone.now())
    webhooks.prune(timezone.now())
