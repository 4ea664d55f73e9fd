"""Create `.venv` from the hash-locked requirements. Runs on the system's Python, so it uses only the standard library."""

import pathlib
import shutil
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
NEEDED_BYTES = 700 * 1024 * 1024


def main(kind: str) -> int:
    target = ROOT / ".venv"
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        print(
            f"The disk has {free // 2**20} MB free, but the portal's tools need about 700. Free some space in {ROOT}, then try again."
        )
        return 1
    if not (target / "bin" / "python").exists():
        print("Creating .venv (once) …", flush=True)
        try:
            venv.create(target, with_pip=True, clear=target.exists())
        except (subprocess.CalledProcessError, OSError):
            print("Python could not create a virtual environment. On Debian or Ubuntu: apt-get install python3-venv")
            return 1
    lock = ROOT / "requirements" / f"{kind}.txt"
    print(f"Installing {lock.relative_to(ROOT)} (once, then only when it changes) …", flush=True)
    pip = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    result = subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=False)  # noqa: S603 - our own arguments
    if result.returncode:
        print(f"The packages in {lock.relative_to(ROOT)} could not be installed. See pip's output above.")
        return result.returncode
    for stamp in ["run", "dev"] if kind == "dev" else ["run"]:
        (target / f"{stamp}.stamp").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
