"""How gunicorn serves the portal, here and in production: `gunicorn --config python:echo_portal.gunicorn`."""

import gc
import os
from typing import Any

from gunicorn.glogging import Logger

from echo_portal.logs import DiscreetFormatter


class PortalLogger(Logger):
    """Gunicorn's own messages in the portal's format."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(DiscreetFormatter())


def number(name: str, otherwise: int) -> int:
    """Return the variable's number. Unset and empty are the same, because an env file may have it empty."""
    return int(os.environ.get(name) or otherwise)


wsgi_app = "echo_portal.wsgi:application"
# In a container every interface, since the engine decides who reaches it; on one's own machine only that machine.
bind = f"{'0.0.0.0' if os.environ.get('PORTAL_ENV') == 'production' else '127.0.0.1'}:{number('PORT', 8000)}"  # noqa: S104
workers = number("WEB_WORKERS", 2)
worker_class = "gthread"
# Pages are work rather than waiting, so more threads serve no more pages. They keep the site answering while some of them wait
# for a lock, for Valkey or for a client. Each holds one Postgres connection (docs/operations.md, "Sizing").
threads = number("WEB_THREADS", 8)
preload_app = True
timeout = 30
graceful_timeout = 10
max_requests = 20_000
max_requests_jitter = 2_000
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a heartbeat on disk can stall
control_socket_disable = True  # nobody uses it, and its file has no place on a read-only file system
logger_class = PortalLogger
errorlog = "-"
accesslog = None  # addresses hold tokens, so they are not logged here


def when_ready(server: object) -> None:
    """Exclude what is loaded from garbage collection, because it lives as long as the process."""
    gc.collect()
    gc.freeze()


def post_fork(server: object, worker: object) -> None:
    gc.set_threshold(50_000, 20, 20)
