"""The Celery app. Beat starts sweeps that find all work in Postgres; Redis only makes it start sooner."""

import logging
import logging.config
import os
from typing import Any

import pghistory
from celery import Celery, Task
from celery.signals import setup_logging
from django.conf import settings
from kombu.transport.redis import Channel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "echo_portal.settings")


class PortalTask(Task):
    """A task whose name is kept with each change that it makes (echo_portal/history.py)."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with pghistory.context(task=self.name):
            return super().__call__(*args, **kwargs)


app = Celery("echo_portal", task_cls=PortalTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# When kombu closes a lost connection, it tries to return unacknowledged tasks over that same connection. The AttributeError this
# raises stops the worker (celery/kombu issues 582 and 970). Losing these tasks does no harm, because the next sweep does the work.
Channel.do_restore = False


@setup_logging.connect
def configure_logging(loglevel: int, **kwargs: Any) -> None:
    """Use the LOGGING setting in worker and beat too. `--loglevel` still applies to Celery's own messages."""
    logging.config.dictConfig(settings.LOGGING)
    logging.getLogger("celery").setLevel(loglevel)
