import time
from collections.abc import Callable

from celery import shared_task
from django.utils import timezone

from newsletters.services import news, opening, reminders, sending, subscriptions

# A worker that is told to stop finishes its task first, so a task never takes long: the next run goes on.
RUN_FOR_SECONDS = 20


@shared_task
def send_due_issues() -> None:
    """Start what is due, then see which sendings are complete."""
    now = timezone.now()
    sending.send_due_issues(now)
    sending.finish_issues(now)


@shared_task
def prune() -> None:
    subscriptions.prune(timezone.now())


@shared_task
def queue_session_news() -> None:
    news.queue_session_news(timezone.now(), is_over=_time_is_up())


@shared_task
def queue_session_reminders() -> None:
    reminders.queue_session_reminders(timezone.now(), is_over=_time_is_up())


@shared_task
def send_opening_notices() -> None:
    opening.send_opening_notices(timezone.now())


def _time_is_up() -> Callable[[], bool]:
    """Return a function that says whether the task has run for long enough."""
    until = time.monotonic() + RUN_FOR_SECONDS
    return lambda: time.monotonic() > until
