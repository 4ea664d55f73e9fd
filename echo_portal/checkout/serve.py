"""`make run`: the whole portal on one machine. Engines, migrations, translations, sample data; then web, worker and beat."""

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


class Stop(Exception):  # noqa: N818 - not an error: Ctrl-C, or a process that ended
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
        _wait_until_it_answers(port, processes)
        _welcome(port)
        _watch(processes)
    except Stop as reason:
        _say(f"\n{str(reason) or 'Stopping …'}")
        return 1 if str(reason) else 0
    finally:
        _end(processes)
    return 0


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _stop(_number: int, _frame: object) -> None:
    raise Stop


def _check_port(port: str) -> None:
    if not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004 - TCP's ports
        sys.exit(f"PORT is “{port}”; it has to be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError as error:
            sys.exit(f"Port {port} cannot be used ({error.strerror}). Take another one: PORT={int(port) + 1} make run")


def _prepare(dev: bool) -> None:
    import django  # noqa: PLC0415 - the environment is complete only now

    translations.compile_all()
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    _say("Bringing the database up to date …")
    call_command("migrate", verbosity=0)
    if not dev:
        _gather_static_files()
    call_command("sample_data", once=True)


def _gather_static_files() -> None:
    """Hashing and zipping takes seconds, so it is done only when a file or the lock has changed."""
    from django.core.management import call_command  # noqa: PLC0415

    stamp = VAR / "static" / ".gathered"
    newest = max(path.stat().st_mtime for path in [*(ROOT / "static").rglob("*"), ROOT / "requirements" / "run.txt"])
    if stamp.exists() and stamp.stat().st_mtime > newest:
        return
    _say("Gathering the static files …")
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
        # its own session, so that Ctrl-C reaches this process alone, which then ends the others in order
        processes[name] = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True, preexec_fn=_end_with_parent
        )


def _end_with_parent() -> None:
    """On Linux, be told to end even where the launcher is killed and cannot tell (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _wait_until_it_answers(port: str, processes: dict[str, subprocess.Popen[bytes]], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        _check(processes)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise Stop(
        f"The web server did not answer within {seconds:.0f} seconds; its log says why: {VAR / 'log' / 'web.log'}"
    )


def _check(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            log = VAR / "log" / f"{name}.log"
            raise Stop(f"The {name} process ended by itself; its log says why: {log}\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log.exists() else ""


def _watch(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        _check(processes)
        time.sleep(0.5)


def _end(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask all to end, wait ten seconds, then insist. The engines follow when this process leaves (engines.py)."""
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


def _welcome(port: str) -> None:
    from django.conf import settings  # noqa: PLC0415

    from echo_portal.checkout import sample  # noqa: PLC0415

    site = f"http://127.0.0.1:{port}"
    mail = f"{site}/_mail/" if settings.MAILBOX_OPEN else "sent by EMAIL_URL"
    _say(f"""
The portal runs.

  English    {site}/en/
  Français   {site}/fr/
  Mail       {mail}
  Admin      {site}/en/admin/    {sample.STAFF_EMAIL}, password {sample.STAFF_PASSWORD}
  Provider   {site}/en/account/sign-in/    {sample.PROVIDER_EMAIL}, by a code that comes by mail

Logs are in var/log. Ctrl-C stops everything; the data stays in var/.""")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
