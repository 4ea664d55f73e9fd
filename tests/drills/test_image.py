"""Run the image without a container engine: its files, production settings, the commands of docker-compose.yml, and a file
system that is read-only except for /tmp and /dev/shm."""

import os
import re
import shlex
import subprocess
import sys
import urllib.request

import pytest
import yaml

from echo_portal.checkout.checks import PRODUCTION
from outbox.models import Heartbeat
from tests import build_context
from tests.conftest import free_port
from tests.processes import ROOT, Portal, wait_until

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING) ")
BEHIND_TLS = {"Host": "echo.example.ca", "X-Forwarded-Proto": "https"}
READ_ONLY = """
mount --bind /tmp /tmp
mount --bind {folder} {folder}
mount -o remount,bind,ro {folder}
mount -o remount,bind,ro /
cd {folder}
exec {command}
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The folder /portal of the image, built like in the Dockerfile."""
    folder = tmp_path_factory.mktemp("image") / "portal"
    build_context.copy(folder)
    base_environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
        "PYTHONTZPATH": ""
    }
    base_environment["DJANGO_SETTINGS_MODULE"] = "echo_portal.settings"
    for arguments in (
        ["-m", "echo_portal.checkout.translations", "compile"],
        ["-m", "django", "collectstatic", "--no-input", "--verbosity", "0"],
        ["-m", "compileall", "-q", "."],
    ):
        environment = base_environment | {"STATIC_ROOT": str(folder / "var" / "static")}
        result = subprocess.run(
            [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)


def commands(beat_schedule):
    """Return the commands of web (Dockerfile), worker and beat (docker-compose.yml)."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    (web,) = re.findall(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    found = {"web": yaml.safe_load(web)} | {name: shlex.split(services[name]["command"]) for name in ("worker", "beat")}
    found["beat"][found["beat"].index("/tmp/beat")] = str(beat_schedule)
    return {name: [sys.executable, "-m", *words] for name, words in found.items()}


def read_only(command, folder):
    """Wrap the command in a mount namespace with a read-only root. Needs root; without it, file permissions have to do."""
    if os.geteuid() != 0:
        return command
    script = READ_ONLY.format(folder=shlex.quote(str(folder)), command=shlex.join(command))
    return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script]


def test_web_worker_and_beat_run_with_a_read_only_file_system(transactional_db, image, tmp_path, server, valkey):
    port = free_port()
    settings = PRODUCTION | {"EMAIL_URL": f"smtp://127.0.0.1:{server.port}", "REDIS_URL": valkey.url, "PORT": str(port)}
    settings |= {"DJANGO_SETTINGS_MODULE": "echo_portal.settings", "STATIC_ROOT": str(image / "var" / "static")}
    del settings["DATABASE_URL"]  # set by Portal
    portal = Portal(tmp_path, port, **settings, TZ="America/Vancouver")
    portal.cwd = image
    portal.commands = {
        name: read_only(command, image) for name, command in commands(tmp_path / "beat-schedule").items()
    }
    before = set(image.rglob("*"))
    portal.start()
    try:
        wait_until(portal.is_up, "The start of the web server")
        wait_until(Heartbeat.objects.exists, "The first sweep", 60)
        page = urllib.request.Request(f"{portal.address}/en/about/", headers=BEHIND_TLS)
        with urllib.request.urlopen(page, timeout=10) as response:
            style = re.search(r'href="(/static/css/[^"]+)"', response.read().decode())[1]
        sheet = urllib.request.Request(portal.address + style, headers=BEHIND_TLS)
        with urllib.request.urlopen(sheet, timeout=10) as response:
            assert response.status == 200
    finally:
        portal.stop()
    for name in portal.commands:
        lines = (tmp_path / f"{name}.log").read_text().splitlines()
        assert any(STAMP.match(line) for line in lines), (name, lines)
        problem = re.compile(
            r"(?<!gunicorn\.)(?<!security_)error|traceback|read-only|denied|control socket", re.IGNORECASE
        )
        assert [line for line in lines if problem.search(line)] == []
        assert [line for line in lines if re.search(r"\d{4}-\d\d-\d\d \d\d:", line)] == []
    assert set(image.rglob("*")) == before
