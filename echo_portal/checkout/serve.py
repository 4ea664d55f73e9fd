"""`make run` and `make dev`: start the engines, migrate, load sample data, then run web, worker and beat."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from echo_portal.checkout import engines, translations

ROOT = engines.ROOT
VAR = engines.VAR
PYTHON = sys.executable


class Stop(Exception):  # noqa: N818 - not always an error: Ctrl-C, or a process that stopped
    pass


def main(arguments: list[str]) -> int:
    dev = "--dev" in arguments
    port = os.environ.setdefault("PORT", "8000")
    _check_port(port)
    if dev:
        os.environ["DEBUG"] = "1"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        _say("Starting Postgres and Valkey …")
        engines.ensure()
        _prepare(dev)
        _say("Starting web, worker and beat …")
        _start(processes, port, dev)
        _wait_for_web(port, processes)
        _print_addresses(port)
        _watch(processes)
    except Stop as reason:
        _say(f"\n{str(reason) or 'Stopping …'}")
        return 1 if str(reason) else 0
    finally:
        _terminate(processes)
    return 0


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _stop(_number: int, _frame: object) -> None:
    raise Stop


def _check_port(port: str) -> None:
    if not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004 - TCP's ports
        sys.exit(f"PORT is “{port}”, but it has to be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError as error:
            sys.exit(f"Port {port} cannot be used ({error.strerror}). Try another one: PORT={int(port) + 1} make run")


def _prepare(dev: bool) -> None:
    import django  # noqa: PLC0415 - needs the variables set above

    translations.compile_all()
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    _say("Migrating the database …")
    call_command("migrate", verbosity=0)
    if not dev:
        _collect_static_files()
    call_command("sample_data", once=True)


def _collect_static_files() -> None:
    """Collect the static files, if a file or the lock file has changed. Hashing and compressing takes seconds."""
    from django.core.management import call_command  # noqa: PLC0415

    stamp = VAR / "static" / ".collected"
    newest = max(path.stat().st_mtime for path in [*(ROOT / "static").rglob("*"), ROOT / "requirements" / "run.txt"])
    if stamp.exists() and stamp.stat().st_mtime > newest:
        return
    _say("Collecting the static files …")
    shutil.rmtree(VAR / "static", ignore_errors=True)
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.touch()


def _start(processes: dict[str, subprocess.Popen[bytes]], port: str, dev: bool) -> None:
    celery = [PYTHON, "-m", "celery", "--app", "echo_portal.celery", "--quiet"]
    web = [PYTHON, "-m", "gunicorn", "--config", "python:echo_portal.gunicorn", "--bind", f"127.0.0.1:{port}"]
    if dev:
        web = [PYTHON, "manage.py", "runserver", f"127.0.0.1:{port}"]
    commands = {
        "web": web,
        "worker": [*celery, "worker", "--concurrency=2", "--loglevel=WARNING", "--without-mingle", "--without-gossip"],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(VAR / "beat-schedule"), "--pidfile", ""],
    }
    (VAR / "log").mkdir(exist_ok=True)
    for name, command in commands.items():
        log = None if dev and name == "web" else (VAR / "log" / f"{name}.log").open("ab")
        # each in its own session, so that Ctrl-C reaches only this process, which then stops the others in order
        processes[name] = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True, preexec_fn=_terminate_with_parent
        )


def _terminate_with_parent() -> None:
    """On Linux, make the kernel send SIGTERM if the launcher is killed (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _wait_for_web(port: str, processes: dict[str, subprocess.Popen[bytes]], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        _check(processes)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise Stop(f"The web server did not answer within {seconds:.0f} seconds. See its log: {VAR / 'log' / 'web.log'}")


def _check(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            log = VAR / "log" / f"{name}.log"
            raise Stop(f"The {name} process stopped unexpectedly. See its log: {log}\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log.exists() else ""


def _watch(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        _check(processes)
        time.sleep(0.5)


def _terminate(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Terminate all processes, and kill those still running after ten seconds. The engines stop when this one exits."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    for process in processes.values():
        if process.poll() is None:
            process.terminate()
    until = time.monotonic() + 10
    for process in processes.values():
        try:
            process.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _print_addresses(port: str) -> None:
    from django.conf import settings  # noqa: PLC0415

    from echo_portal.checkout import sample  # noqa: PLC0415

    site = f"http://127.0.0.1:{port}"
    emails = f"{site}/_mail/" if settings.MAILBOX_OPEN else "sent through EMAIL_URL"
    _say(f"""
The portal is running.

  English    {site}/en/
  Français   {site}/fr/
  Email      {emails}
  Admin      {site}/en/admin/    {sample.STAFF_EMAIL}, password {sample.STAFF_PASSWORD}
  Provider   {site}/en/account/sign-in/    {sample.PROVIDER_EMAIL}, with an emailed code
  Newsletter {site}/en/newsletter/    {site}/fr/bulletin/    written at {site}/en/admin/newsletters/issue/
  Hub        {site}/en/workspace/    {sample.COORDINATOR_EMAIL} (coordinator), with an emailed code

Logs are in var/log. Ctrl-C stops everything and keeps the data in var/.""")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
