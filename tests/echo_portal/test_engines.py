"""The engines and `make run` of a checkout: they recover from stale files and explain what they cannot fix."""

import os
import shutil
import socket
import subprocess

import pytest

from echo_portal.checkout import engines, serve


def test_a_pid_file_that_names_another_program_is_deleted(tmp_path):
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (tmp_path / name).write_text(f"{os.getpid()}\n/somewhere\n")
    engines._remove_stale_pid_files(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_pid_file_of_a_running_postgres_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_is_program", lambda pid, name: (pid, name) == (4711, "postgres"))
    (tmp_path / "postmaster.pid").write_text("4711\n")
    engines._remove_stale_pid_files(tmp_path)
    assert (tmp_path / "postmaster.pid").exists()


def test_an_unfinished_database_folder_is_deleted(tmp_path):
    data = tmp_path / "postgres"
    (data / "base").mkdir(parents=True)
    engines._remove_incomplete_data(data)
    assert not data.exists()


def test_a_database_folder_that_was_in_use_is_never_deleted(tmp_path):
    data = tmp_path / "postgres"
    (data / "base").mkdir(parents=True)
    (data / "log").write_text("database system is ready to accept connections")
    engines._remove_incomplete_data(data)
    assert (data / "base").exists()


def test_a_data_folder_of_another_postgres_version_is_an_error(tmp_path):
    (tmp_path / "PG_VERSION").write_text("12\n")
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
    (binaries / "postgres").chmod(0o755)
    with pytest.raises(engines.EngineError, match=r"is from Postgres 12, but 18\.6 is installed"):
        engines._check_major_version(tmp_path, binaries)


def test_a_full_disk_and_a_read_only_folder_are_errors(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "VAR", tmp_path / "var")
    monkeypatch.setattr(engines, "NEEDED_BYTES", 2**62)
    with pytest.raises(engines.EngineError, match=r"The disk has .* MB free"):
        engines._make_var()
    monkeypatch.setattr(engines, "VAR", tmp_path / "file" / "var")
    (tmp_path / "file").write_text("")
    with pytest.raises(engines.EngineError, match="Cannot write to"):
        engines._make_var()


@pytest.mark.parametrize("port", ["abc", "0", "70000"])
def test_an_invalid_port_is_an_error(port):
    with pytest.raises(SystemExit, match="it has to be a number from 1 to 65535"):
        serve._check_port(port)


def test_a_port_in_use_is_an_error_that_suggests_another():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} cannot be used .*PORT={port + 1} make run"):
            serve._check_port(str(port))


def test_make_run_explains_that_python_is_too_old(tmp_path):
    (tmp_path / "sh").symlink_to("/bin/sh")
    (tmp_path / "Makefile").write_text((engines.ROOT / "Makefile").read_text())
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.txt").write_text("")
    result = subprocess.run(
        [shutil.which("make"), "run"], cwd=tmp_path, env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert "The portal needs Python 3.11 or newer, and none was found." in result.stdout
    assert result.returncode != 0
