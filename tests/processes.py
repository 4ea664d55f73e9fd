"""Run the portal's real processes on the test database: gunicorn, a Celery worker and beat."""

import contextlib
import http.cookiejar
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from django.db import connection

from tests.engines import LIVE_REDIS_URL

ROOT = Path(__file__).resolve().parent.parent


def wait_until(condition, what, seconds=30.0):
    """Poll until `condition()` is true and return its value. Raise AssertionError, naming `what`, after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds:.0f} seconds.")


class Portal:
    """Web server, worker and beat as in production, with `environment` on top of this process's own."""

    def __init__(self, folder: Path, port: int, **environment: str):
        database = connection.settings_dict
        url = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
        self.address = f"http://127.0.0.1:{port}"
        self.folder, self.cwd = folder, ROOT
        self.environment = os.environ | {
            "DATABASE_URL": urllib.parse.urlunsplit(url._replace(path=f"/{database['NAME']}")),
            "REDIS_URL": LIVE_REDIS_URL,
            "DJANGO_SETTINGS_MODULE": "tests.live_settings",
            "SITE_URL": self.address,
            "PORT": str(port),
            **environment,
        }
        celery = [sys.executable, "-m", "celery", "--app", "echo_portal.celery", "--quiet"]
        self.commands = {
            "web": [
                sys.executable,
                "-m",
                "gunicorn",
                "--config",
                "python:echo_portal.gunicorn",
                "--bind",
                f"127.0.0.1:{port}",
            ],
            "worker": [*celery, "worker", "--concurrency", "2", "--without-mingle", "--without-gossip"],
            "beat": [*celery, "beat", "--loglevel", "INFO", "--schedule", str(folder / "beat"), "--pidfile", ""],
        }
        self.running: dict[str, subprocess.Popen] = {}

    def start(self, *names: str) -> None:
        for name in names or self.commands:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    self.commands[name],
                    cwd=self.cwd,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def stop(self) -> None:
        """Stop the processes and print the end of their logs. pytest shows it if the test failed."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        print(self.log())

    def log(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.folder.glob("*.log")))

    def ticks(self, task: str, beat: str = "beat") -> int:
        """Return how often beat has queued the task."""
        return (self.folder / f"{beat}.log").read_text().count(f"Sending due task {task} ")

    def is_up(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.address}/healthz", timeout=2):
            return True
        return False


class Browser:
    """A minimal browser without JavaScript: cookies, redirects and forms."""

    def __init__(self, address: str):
        self.address = address
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.page, self.url = "", address

    def get(self, path: str) -> str:
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.url, path)))

    def post(self, **fields: str) -> str:
        """Submit the form of the current page."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)[1]
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        return self._open(urllib.request.Request(self.url, data, {"Referer": self.url}))

    def _open(self, request) -> str:
        with self.opener.open(request, timeout=20) as response:
            self.url, self.page = response.url, response.read().decode()
        return self.page
