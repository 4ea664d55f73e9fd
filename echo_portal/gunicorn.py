"""Gunicorn's configuration, for `make run` and production: `gunicorn --config python:echo_portal.gunicorn`."""

import gc
import os
from typing import Any

from gunicorn.glogging import Logger

from echo_portal.logs import RedactingFormatter


class PortalLogger(Logger):
    """Writes gunicorn's own messages in the portal's log format."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(RedactingFormatter())


def env_int(name: str, default: int) -> int:
    """Return the number in a variable. An empty value counts as unset, because an env file may leave it empty."""
    return int(os.environ.get(name) or default)


wsgi_app = "echo_portal.wsgi:application"
# All interfaces in a container, where the container engine controls access. In a checkout, only this machine.
bind = f"{'0.0.0.0' if os.environ.get('PORTAL_ENV') == 'production' else '127.0.0.1'}:{env_int('PORT', 8000)}"  # noqa: S104
workers = env_int("WEB_WORKERS", 2)
worker_class = "gthread"
# Rendering pages is CPU-bound, so more threads do not serve more pages. They keep the site responsive while some threads wait
# for a lock, for Valkey or for a client. With eight, a burst of newcomers took a fifth longer
# (bench/registration_burst.py). Each thread has one Postgres connection (docs/operations.md, "Sizing").
threads = env_int("WEB_THREADS", 4)
preload_app = True
timeout = 30
graceful_timeout = 10
max_requests = 20_000
max_requests_jitter = 2_000
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a heartbeat on disk can stall
control_socket_disable = True  # not used, and its socket cannot be created on a read-only file system
logger_class = PortalLogger
errorlog = "-"
accesslog = None  # URLs can contain tokens


def when_ready(server: object) -> None:
    """Exclude everything loaded so far from garbage collection, because it lives as long as the process."""
    gc.collect()
    gc.freeze()


def post_fork(server: object, worker: object) -> None:
    gc.set_threshold(50_000, 20, 20)
