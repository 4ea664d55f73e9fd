"""Find a Chromium for the browser tests: `CHROMIUM`, then the search path, then Playwright's own download.

`python -m tests.find_browser` installs one if there is none, and explains what to do if that fails.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The headless shell is the same browser without the parts that draw windows. The tests take two thirds of the time with it.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HELP = """No browser was found for the browser tests, and none could be installed. Do one of these:
  - install Chromium with your system's packages, so that `chromium` is on the path;
  - give the path of the one you have: CHROMIUM=/path/to/chromium make test"""


def find() -> str | None:
    """Return the path of a Chromium, or None."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given if shutil.which(given) else None
    on_path = next((path for name in NAMES if (path := shutil.which(name))), None)
    return on_path or _playwright_chromium()


def _playwright_chromium() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Try Playwright's download, then, as root, Debian's packages."""
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
        for package in ("chromium-headless-shell", "chromium"):
            if not find():
                subprocess.run(["apt-get", "install", "-y", "-qq", package], check=False, capture_output=True)


if __name__ == "__main__":
    if os.environ.get("CHROMIUM") and not find():
        sys.exit(f"CHROMIUM is {os.environ['CHROMIUM']}, which cannot be run. {HELP}")
    if not find():
        install()
    if not find():
        sys.exit(HELP)
