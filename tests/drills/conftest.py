"""Fixtures for the drills: external programs, and nginx started as docker-compose.yml starts it."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml

from tests.conftest import free_port
from tests.faults.conftest import server, valkey  # noqa: F401 - fixtures
from tests.processes import ROOT, Portal

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


def require_program(name, package):
    """Return the path of a program. As root, install it if it is missing; otherwise fail with instructions."""
    if not shutil.which(name, path=PATH) and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
            subprocess.run(["apt-get", "-qq", *command], check=False, capture_output=True)
    found = shutil.which(name, path=PATH)
    if not found:
        pytest.fail(
            f"This drill needs {name}. Install it with your system's packages ({package} in Debian), then try again."
        )
    return found


class Proxy:
    """nginx with the nginx.conf and the command of docker-compose.yml, but other ports and folders."""

    def __init__(self, upstream_port):
        self.nginx = require_program("nginx", "nginx-light")
        require_program("openssl", "openssl")
        self.http, self.https = free_port(), free_port()
        # Not in pytest's folder: the unprivileged processes of nginx cannot read it.
        self.folder = Path(tempfile.mkdtemp(prefix="echo-proxy-"))
        self.folder.chmod(0o755)
        for name in ("tmp", "tls", "acme"):
            (self.folder / name).mkdir()
        self.process = None
        self.replacements = {
            "web:8000": f"127.0.0.1:{upstream_port}",
            "listen 8080": f"listen 127.0.0.1:{self.http}",
            "listen 8443": f"listen 127.0.0.1:{self.https}",
            "/dev/stdout": str(self.folder / "access.log"),
            "/tmp/": f"{self.folder}/tmp/",
            "/tls/": f"{self.folder}/tls/",
            "root /acme": f"root {self.folder}/acme",
        }

    def start(self):
        config = self.folder / "nginx.conf"
        config.write_text(self._adapt((ROOT / "nginx.conf").read_text()))
        *shell, script = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["proxy"]["command"]
        script = self._adapt(script).replace("exec nginx", f"exec {self.nginx} -c {config}")
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen([*shell, script], stdout=log, stderr=log, start_new_session=True)

    def _adapt(self, text):
        return re.sub("|".join(map(re.escape, self.replacements)), lambda match: self.replacements[match[0]], text)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def web(transactional_db, tmp_path):
    """Return a function that starts gunicorn on the test database with extra environment variables."""
    started = []

    def run(**environment):
        portal = Portal(tmp_path, free_port(), **environment)
        started.append(portal)
        portal.start("web")
        return portal

    yield run
    for portal in started:
        portal.stop()


@pytest.fixture
def proxy():
    """Return a function that starts the proxy in front of a port."""
    started = []

    def run(upstream_port):
        proxy = Proxy(upstream_port)
        started.append(proxy)
        proxy.start()
        return proxy

    yield run
    for each in started:
        each.stop()
