"""The Celery app. Beat's sweeps find all work in Postgres. Redis only speeds things up."""

import logging
import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from kombu.transport.redis import Channel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "echo_portal.settings")

app = Celery("echo_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# While it closes a connection that was lost, kombu wants to give back what it had not acknowledged, over that very connection. It
# fails with an AttributeError, which ends the worker (celery/kombu issues 582 and 970). Ours are only nudges, and the sweep is enough.
Channel.do_restore = False


@setup_logging.connect
def log_as_the_web_process_does(loglevel: int, **kwargs: Any) -> None:
    """Let worker and beat log as Django's settings say. `--loglevel` still sets how much Celery logs."""
    logging.config.dictConfig(settings.LOGGING)
    logging.getLogger("celery").setLevel(loglevel)
