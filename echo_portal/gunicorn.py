"""How gunicorn serves the portal, here and in production: `gunicorn --config python:echo_portal.gunicorn`."""

import gc
import os

wsgi_app = "echo_portal.wsgi:application"
workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "2"))  # more only wait for each other: pages are work, not waiting
preload_app = True
timeout = 30
graceful_timeout = 10
max_requests = 20_000
max_requests_jitter = 2_000
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - a heartbeat on disk can stall
errorlog = "-"
accesslog = None  # addresses hold tokens, so they are not logged here


def when_ready(server: object) -> None:
    """What is loaded by now lives as long as the process: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def post_fork(server: object, worker: object) -> None:
    gc.set_threshold(50_000, 20, 20)
