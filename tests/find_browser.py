"""The browser of the browser tests: `CHROMIUM`, or one on the path, else playwright's own, else Debian's.

`python -m tests.find_browser` makes sure that there is one, and says what to do where nothing works.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HELP = """No browser was found for the browser tests, and none could be installed. Any of these helps:
  - install Chromium with your system's packages, so that `chromium` is on the path;
  - name the one you have: CHROMIUM=/path/to/chromium make test"""


def find() -> str | None:
    """The path of a Chromium, or None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if shutil.which(named) else None
    on_path = next((path for name in NAMES if (path := shutil.which(name))), None)
    return on_path or _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Try playwright's download, then Debian's package where we are root."""
    print("Looking for a browser to install (once) …", flush=True)
    if (
        subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"], check=False, capture_output=True
        ).returncode
        == 0
    ):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, capture_output=True)


if __name__ == "__main__":
    if os.environ.get("CHROMIUM") and not find():
        sys.exit(f"CHROMIUM names {os.environ['CHROMIUM']}, which cannot be run. {HELP}")
    if not find():
        install()
    if not find():
        sys.exit(HELP)
