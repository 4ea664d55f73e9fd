"""Parts of the drills: programs that a checkout may lack, and nginx as docker-compose.yml starts it."""

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


def program(name, package):
    """Its path; as root it is installed first where it is missing. Fails with a sentence where it cannot be had."""
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
    """nginx with the repository's nginx.conf and the command of docker-compose.yml; only addresses and folders are others."""

    def __init__(self, upstream_port):
        self.nginx = program("nginx", "nginx-light")
        program("openssl", "openssl")
        self.http, self.https = free_port(), free_port()
        # Not pytest's own folder, which nginx' unprivileged processes may not enter.
        self.folder = Path(tempfile.mkdtemp(prefix="echo-proxy-"))
        self.folder.chmod(0o755)
        for name in ("tmp", "tls", "acme"):
            (self.folder / name).mkdir()
        self.process = None
        self.others = {
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
        config.write_text(self._elsewhere((ROOT / "nginx.conf").read_text()))
        *shell, script = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["proxy"]["command"]
        script = self._elsewhere(script).replace("exec nginx", f"exec {self.nginx} -c {config}")
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen([*shell, script], stdout=log, stderr=log, start_new_session=True)

    def _elsewhere(self, text):
        return re.sub("|".join(map(re.escape, self.others)), lambda match: self.others[match[0]], text)

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
    """Start gunicorn on the test database; settings can be given. Gives the portal."""
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
    """Start the proxy in front of a port. Gives it."""
    started = []

    def run(upstream_port):
        proxy = Proxy(upstream_port)
        started.append(proxy)
        proxy.start()
        return proxy

    yield run
    for each in started:
        each.stop()
